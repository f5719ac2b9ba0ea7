"""Limiters that refill: the token bucket (GCRA is the same from outside), the leaky bucket, the bucket filled in lumps.

Remaining is the whole part of a fractional level, rounded down or up.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from typing import NamedTuple

from contracts.rules.limiters.rows import GAP, HAIR, NEVER, Act, Decision, Terms

NOISE = 1e-4  # of a token, where a server reckons with seconds since 1970 in floating point


def draw(lo: float, hi: float, decision: Decision, *, rounds_up: bool, noise: float) -> tuple[float, float] | None:
    """The level after a decision, from [lo, hi] before it; None where it cannot have been so decided.

    noise: by how much the server may err where the level is whole; with none, a whole level is known for one.
    """
    below, above = noise or HAIR, noise or -GAP
    if decision.act is Act.REFUSED:
        hi = min(hi, 1 + above)
    else:
        if decision.act is Act.COUNTED:
            lo, hi = max(lo, 1 - below) - 1, hi - 1
        if (told := decision.remaining) is not None:
            lo = max(lo, told - 1 + HAIR if rounds_up else told - below)
            hi = min(hi, told + (below if rounds_up else 1 + above))
    return (lo, hi) if lo <= hi else None


class Level(NamedTuple):
    """Tokens after the last decision, and when that was."""

    lo: float
    hi: float
    at_lo: float
    at_hi: float


@dataclass(frozen=True, slots=True)
class TokenBucket:
    """Holds `burst` tokens, gains `limit` in a window, evenly."""

    terms: Terms
    burst: int
    rounds_up: bool
    name: str = "token-bucket"
    refusals_matter: bool = False

    def start(self, first: Decision) -> list[Level]:
        return [Level(0.0, self.burst, first.lo_s, first.hi_s)]

    def step(self, state: Level, decision: Decision) -> list[Level]:
        idle_lo, idle_hi = max(0.0, decision.lo_s - state.at_hi), max(0.0, decision.hi_s - state.at_lo)
        lo = state.lo + idle_lo * self.terms.limit / self.terms.longest_s
        if decision.act is Act.REFUSED and lo > 1 + NOISE:  # a bucket of one, which is full without any doubt
            return []
        lo = min(self.burst, lo)
        hi = min(self.burst, state.hi + idle_hi * self.terms.limit / self.terms.shortest_s)
        level = draw(lo, hi, decision, rounds_up=self.rounds_up, noise=NOISE)
        return [Level(*level, decision.lo_s, decision.hi_s)] if level else []

    def key(self, _state: Level) -> Hashable:
        return None

    def join(self, one: Level, other: Level) -> Level:
        lo, hi = min(one.lo, other.lo), max(one.hi, other.hi)
        return Level(lo, hi, min(one.at_lo, other.at_lo), max(one.at_hi, other.at_hi))

    def ready_s(self, state: Level) -> float:
        missing = 1 - state.lo
        return state.at_hi + missing * self.terms.longest_s / self.terms.limit if missing > 0 else NEVER


@dataclass(frozen=True, slots=True)
class FineLumps:
    """Holds `limit` tokens, gains lumps so small that their ticks need not be told apart.

    Kept is the level with the share of the lump that is under way: it flows evenly, and the tokens are less by one
    lump at most.
    """

    terms: Terms
    tick_s: float  # at most
    rounds_up: bool
    name: str = "token-bucket-lumps"
    refusals_matter: bool = False

    def start(self, first: Decision) -> list[Level]:
        return [Level(0.0, self.terms.limit + self._lump(), first.lo_s, first.hi_s)]

    def step(self, state: Level, decision: Decision) -> list[Level]:
        limit, lump = self.terms.limit, self._lump()
        idle_lo, idle_hi = max(0.0, decision.lo_s - state.at_hi), max(0.0, decision.hi_s - state.at_lo)
        lo = min(limit, state.lo + idle_lo * limit / self.terms.longest_s)
        hi = min(limit + lump, state.hi + idle_hi * limit / self.terms.shortest_s)
        tokens = draw(max(0.0, lo - lump), min(limit, hi), decision, rounds_up=self.rounds_up, noise=NOISE)
        if tokens is None:
            return []
        spent = decision.act is Act.COUNTED
        lo, hi = max(lo - spent, tokens[0]), min(hi - spent, tokens[1] + lump)
        return [Level(lo, hi, decision.lo_s, decision.hi_s)] if lo <= hi else []

    def _lump(self) -> float:
        return self.terms.limit * self.tick_s / self.terms.shortest_s

    def key(self, _state: Level) -> Hashable:
        return None

    def join(self, one: Level, other: Level) -> Level:
        lo, hi = min(one.lo, other.lo), max(one.hi, other.hi)
        return Level(lo, hi, min(one.at_lo, other.at_lo), max(one.at_hi, other.at_hi))

    def ready_s(self, state: Level) -> float:
        missing = 1 + self._lump() - state.lo
        return state.at_hi + missing * self.terms.longest_s / self.terms.limit if missing > 0 else NEVER


class Ticking(NamedTuple):
    """Tokens after the last decision, and when the last lump fell before it."""

    lo: float
    hi: float
    tick_lo: float
    tick_hi: float


@dataclass(frozen=True, slots=True)
class Lumps:
    """Holds `limit` tokens, gains its due every tick; the tick's length is known within bounds, its phase is not."""

    terms: Terms
    tick_lo_s: float
    tick_hi_s: float
    rounds_up: bool
    name: str = "token-bucket-lumps"
    refusals_matter: bool = False

    def start(self, first: Decision) -> list[Ticking]:
        return [Ticking(0.0, self.terms.limit, first.lo_s - self.tick_hi_s, first.hi_s)]

    def step(self, state: Ticking, decision: Decision) -> list[Ticking]:
        ticks_lo = max(0, math.floor((decision.lo_s - state.tick_hi) / self.tick_hi_s))
        ticks_hi = max(0, math.floor((decision.hi_s - state.tick_lo) / self.tick_lo_s))
        if ticks_hi - ticks_lo > 2:
            refilled = [self._blurred(state, decision)]
        else:
            refilled = [self._ticked(state, decision, k) for k in range(ticks_lo, ticks_hi + 1)]
        after = []
        for lo, hi, tick_lo, tick_hi in refilled:
            level = draw(lo, min(hi, self.terms.limit), decision, rounds_up=self.rounds_up, noise=0.0)
            if level and tick_lo <= tick_hi:
                after.append(Ticking(*level, tick_lo, tick_hi))
        return after

    def _lump(self) -> tuple[float, float]:
        limit = self.terms.limit
        return limit * self.tick_lo_s / self.terms.longest_s, limit * self.tick_hi_s / self.terms.shortest_s

    def _ticked(self, state: Ticking, decision: Decision, ticks: int) -> Ticking:
        least, most = self._lump()
        earliest = max(decision.lo_s - self.tick_hi_s, decision.since_s if ticks else -math.inf)
        return Ticking(
            min(self.terms.limit, state.lo + ticks * least),
            state.hi + ticks * most,
            max(state.tick_lo + ticks * self.tick_lo_s, earliest),
            min(state.tick_hi + ticks * self.tick_hi_s, decision.hi_s),
        )

    def _blurred(self, state: Ticking, decision: Decision) -> Ticking:
        """After many ticks: their number is known within one, the phase no longer."""
        _, most = self._lump()
        idle_lo, idle_hi = decision.lo_s - state.tick_hi, decision.hi_s - state.tick_lo
        gained = max(0.0, idle_lo * self.terms.limit / self.terms.longest_s - most)
        return Ticking(
            min(self.terms.limit, state.lo + gained),
            state.hi + idle_hi * self.terms.limit / self.terms.shortest_s,
            decision.lo_s - self.tick_hi_s,
            decision.hi_s,
        )

    def key(self, state: Ticking) -> Hashable:
        return int(state.tick_lo * 2 / self.tick_hi_s), int(state.lo)

    def join(self, one: Ticking, other: Ticking) -> Ticking:
        lo, hi = min(one.lo, other.lo), max(one.hi, other.hi)
        return Ticking(lo, hi, min(one.tick_lo, other.tick_lo), max(one.tick_hi, other.tick_hi))

    def ready_s(self, state: Ticking) -> float:
        missing = 1 - state.lo
        if missing <= 0:
            return NEVER
        least, _ = self._lump()
        return state.tick_hi + math.ceil(missing / least - HAIR) * self.tick_hi_s
