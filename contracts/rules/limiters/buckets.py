"""Limiters that refill: the token bucket (GCRA is the same from outside), the leaky bucket, the bucket filled in lumps.

Remaining is the whole part of a fractional level, rounded down or up.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from contracts.rules.limiters.rows import GAP, HAIR, NEVER, Act, Decision, Terms

NOISE = 1e-4  # of a token, where a server reckons with seconds since 1970 in floating point


def drawn(decision: Decision, *, rounds_up: bool, noise: float) -> tuple[int, float, float]:
    """What a decision says of the level: (drawn from it, at least this is left, at most that).

    noise: by how much the server may err where the level is whole; with none, a whole level is known for one.
    """
    below, above = noise or HAIR, noise or -GAP
    if decision.act is Act.REFUSED:
        return 0, -math.inf, 1 + above
    spent = int(decision.act is Act.COUNTED)
    least, most = (-below if spent else -math.inf), math.inf
    if (told := decision.remaining) is not None:
        least = max(least, told - 1 + HAIR if rounds_up else told - below)
        most = told + (below if rounds_up else 1 + above)
    return spent, least, most


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

    def step(self, states: Iterable[Level], decision: Decision) -> list[Level]:
        spent, least, most = drawn(decision, rounds_up=self.rounds_up, noise=NOISE)
        after = []
        for left_lo, left_hi, at_lo, at_hi in states:
            held_lo = left_lo + max(0.0, decision.lo_s - at_hi) * self.terms.limit / self.terms.longest_s
            held_hi = left_hi + max(0.0, decision.hi_s - at_lo) * self.terms.limit / self.terms.shortest_s
            if decision.act is Act.REFUSED and held_lo > 1 + NOISE:  # a bucket of one, which is full without any doubt
                continue
            lo, hi = max(min(self.burst, held_lo) - spent, least), min(min(self.burst, held_hi) - spent, most)
            if lo <= hi:
                after.append(Level(lo, hi, decision.lo_s, decision.hi_s))
        return after

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

    def step(self, states: Iterable[Level], decision: Decision) -> list[Level]:
        limit, lump = self.terms.limit, self._lump()
        spent, least, most = drawn(decision, rounds_up=self.rounds_up, noise=NOISE)
        after = []
        for left_lo, left_hi, at_lo, at_hi in states:
            held_lo = min(limit, left_lo + max(0.0, decision.lo_s - at_hi) * limit / self.terms.longest_s)
            held_hi = min(limit + lump, left_hi + max(0.0, decision.hi_s - at_lo) * limit / self.terms.shortest_s)
            tokens_lo, tokens_hi = max(max(0.0, held_lo - lump) - spent, least), min(min(limit, held_hi) - spent, most)
            lo, hi = max(held_lo - spent, tokens_lo), min(held_hi - spent, tokens_hi + lump)
            if lo <= hi and tokens_lo <= tokens_hi:
                after.append(Level(lo, hi, decision.lo_s, decision.hi_s))
        return after

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
    lump: tuple[float, float] = field(init=False)

    def __post_init__(self) -> None:
        least = self.terms.limit * self.tick_lo_s / self.terms.longest_s
        object.__setattr__(self, "lump", (least, self.terms.limit * self.tick_hi_s / self.terms.shortest_s))

    def start(self, first: Decision) -> list[Ticking]:
        return [Ticking(0.0, self.terms.limit, first.lo_s - self.tick_hi_s, first.hi_s)]

    def step(self, states: Iterable[Ticking], decision: Decision) -> list[Ticking]:
        limit = self.terms.limit
        spent, least, most = drawn(decision, rounds_up=self.rounds_up, noise=0.0)
        after = []
        for state in states:
            for held_lo, held_hi, tick_lo, tick_hi in self._refilled(state, decision):
                lo, hi = max(min(limit, held_lo) - spent, least), min(min(limit, held_hi) - spent, most)
                if lo <= hi and tick_lo <= tick_hi:
                    after.append(Ticking(lo, hi, tick_lo, tick_hi))
        return after

    def _refilled(self, state: Ticking, decision: Decision) -> Iterable[tuple[float, float, float, float]]:
        """As it may have been just before the decision: for each number of ticks since the last one."""
        lo, hi, tick_lo, tick_hi = state
        tick_lo_s, tick_hi_s, (least, most) = self.tick_lo_s, self.tick_hi_s, self.lump
        fewest = max(0, math.floor((decision.lo_s - tick_hi) / tick_hi_s))
        ticks = max(0, math.floor((decision.hi_s - tick_lo) / tick_lo_s))
        if ticks - fewest > 2:
            return (self._blurred(state, decision),)
        earliest, latest = decision.lo_s - tick_hi_s, decision.hi_s
        unmoved = () if fewest else ((lo, hi, max(tick_lo, earliest), min(tick_hi, latest)),)
        earliest = max(earliest, decision.since_s)
        return (
            *unmoved,
            *(
                (
                    lo + k * least,
                    hi + k * most,
                    max(tick_lo + k * tick_lo_s, earliest),
                    min(tick_hi + k * tick_hi_s, latest),
                )
                for k in range(fewest or 1, ticks + 1)
            ),
        )

    def _blurred(self, state: Ticking, decision: Decision) -> Ticking:
        """After many ticks: their number is known within one, the phase no longer."""
        _, most = self.lump
        idle_lo, idle_hi = decision.lo_s - state.tick_hi, decision.hi_s - state.tick_lo
        gained = max(0.0, idle_lo * self.terms.limit / self.terms.longest_s - most)
        return Ticking(
            state.lo + gained,
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
        return state.tick_hi + math.ceil(missing / self.lump[0] - HAIR) * self.tick_hi_s
