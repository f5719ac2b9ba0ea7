"""Limiters that count in fixed windows: opened by the first request, ruled by the clock, or by the clock and weighted.

Counting refusals changes nothing in the two fixed ones: a full window stays full. Each window may be of any length
within the terms, which allows more than a limiter whose windows are all alike.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from typing import NamedTuple

from contracts.rules.limiters.rows import Act, Decision, Terms

NEVER = -math.inf
HAIR = 1e-6  # rounding errors of a server that counts in floating point


class Window(NamedTuple):
    """The latest window: how many were spent in it, and when it began."""

    used_lo: int
    used_hi: int
    began_lo: float
    began_hi: float


def spend(lo: int, hi: int, limit: int, decision: Decision) -> tuple[int, int] | None:
    """The number spent after a decision, from [lo, hi] before it; None where it cannot have been so decided."""
    if decision.act is Act.REFUSED:
        lo = max(lo, limit)
    else:
        if decision.act is Act.COUNTED:
            lo, hi = lo + 1, min(hi + 1, limit)
        if decision.remaining is not None:
            used = limit - decision.remaining
            lo, hi = max(lo, used), min(hi, used)
    return (lo, hi) if lo <= hi else None


class _Windows:
    def __init__(self, terms: Terms) -> None:
        self.limit = terms.limit
        self.shortest = terms.shortest_s
        self.longest = terms.longest_s

    def start(self, first: Decision) -> list[Window]:
        return [Window(0, self.limit, first.lo_s - self.longest, first.hi_s)]

    def key(self, state: Window) -> Hashable:
        # Phases far apart stay apart: joined, they would cover all that lies between.
        return state.used_lo, state.used_hi, int(state.began_lo * 4 / self.longest)

    def join(self, one: Window, other: Window) -> Window:
        began_lo, began_hi = min(one.began_lo, other.began_lo), max(one.began_hi, other.began_hi)
        return Window(one.used_lo, one.used_hi, began_lo, began_hi)

    def ready_s(self, state: Window) -> float:
        return NEVER if state.used_hi < self.limit else state.began_hi + self.longest


class FixedFirst(_Windows):
    """A window is opened by the first request after the last one ended; refusals may restart it."""

    def __init__(self, terms: Terms, *, restarting: bool) -> None:
        super().__init__(terms)
        self.name = "fixed-first-restarting" if restarting else "fixed-first"
        self.refusals_matter = restarting

    def step(self, state: Window, decision: Decision) -> list[Window]:
        after = []
        began_lo = max(state.began_lo, decision.lo_s - self.longest)
        if began_lo <= state.began_hi:
            used = spend(state.used_lo, state.used_hi, self.limit, decision)
            if used and self.refusals_matter and decision.act is Act.REFUSED:
                after.append(Window(*used, decision.lo_s, decision.hi_s))
            elif used:
                after.append(Window(*used, began_lo, min(state.began_hi, decision.hi_s)))
        if state.began_lo + self.shortest <= decision.hi_s and (used := spend(0, 0, self.limit, decision)):
            after.append(Window(*used, max(decision.lo_s, state.began_lo + self.shortest), decision.hi_s))
            if decision.act is Act.FREE:  # which need not open a window
                after.append(Window(0, 0, state.began_lo, min(state.began_hi, decision.hi_s - self.shortest)))
        return after


def next_windows(
    began: tuple[float, float], length: tuple[float, float], decision: Decision
) -> list[tuple[int, float, float]]:
    """When the window of this decision began, if it is the k-th after the last one: (k, earliest, latest)."""
    floor = max(decision.since_s, decision.lo_s - length[1])
    k = max(1, int((floor - began[1]) / length[1]))
    found = []
    while began[0] + k * length[0] <= decision.hi_s:
        lo, hi = max(floor, began[0] + k * length[0]), min(decision.hi_s, began[1] + k * length[1])
        if lo <= hi:
            found.append((k, lo, hi))
            if k > 1 and hi - lo >= length[0]:
                break  # the later ones add nothing
        k += 1
    return found


class FixedClock(_Windows):
    """Windows follow one another by the server's clock, at an unknown phase."""

    name = "fixed-clock"
    refusals_matter = False

    def step(self, state: Window, decision: Decision) -> list[Window]:
        after = []
        lo, hi = max(state.began_lo, decision.lo_s - self.longest), min(state.began_hi, decision.hi_s)
        if lo <= hi and (used := spend(state.used_lo, state.used_hi, self.limit, decision)):
            after.append(Window(*used, lo, hi))
        if used := spend(0, 0, self.limit, decision):
            began, length = (state.began_lo, state.began_hi), (self.shortest, self.longest)
            after += [Window(*used, lo, hi) for _, lo, hi in next_windows(began, length, decision)]
        return after


class Weighted(NamedTuple):
    """The latest window of the clock and the one before it."""

    before_lo: int
    before_hi: int
    used_lo: int
    used_hi: int
    began_lo: float
    began_hi: float


@dataclass(frozen=True, slots=True)
class SlidingCounter:
    """The window before, weighted by how much of it the last ten seconds still hold, plus this one.

    Covers servers that let a request in while the sum is below the limit and those that want room for a whole one,
    those that round Remaining up or down, and those that start afresh after two idle windows.
    """

    terms: Terms
    rounds_up: bool
    refusals_matter: bool
    name: str = "sliding-counter"

    def start(self, first: Decision) -> list[Weighted]:
        most = 1_000_000 if self.refusals_matter else self.terms.limit
        return [Weighted(0, most, 0, most, first.lo_s - self.terms.longest_s, first.hi_s)]

    def step(self, state: Weighted, decision: Decision) -> list[Weighted]:
        longest = self.terms.longest_s
        after = []
        lo, hi = max(state.began_lo, decision.lo_s - longest), min(state.began_hi, decision.hi_s)
        if lo <= hi:
            after.append(state._replace(began_lo=lo, began_hi=hi))
        began, length = (state.began_lo, state.began_hi), (self.terms.shortest_s, longest)
        for k, lo, hi in next_windows(began, length, decision):
            if k == 1:
                after.append(Weighted(state.used_lo, state.used_hi, 0, 0, lo, hi))
            else:
                after.append(Weighted(0, 0, 0, 0, max(decision.since_s, decision.lo_s - longest), decision.hi_s))
        return [narrowed for state in after if (narrowed := self._decide(state, decision))]

    def _room(self, decision: Decision) -> tuple[float, float]:
        """Bounds on the limit less the sum before this decision, from what it did and the Remaining it told."""
        limit, remaining = self.terms.limit, decision.remaining
        if decision.act is Act.REFUSED:
            return -math.inf, 1.0
        spent = decision.act is Act.COUNTED
        lo, hi = (0.0, float(limit)) if spent else (-math.inf, float(limit))
        if remaining is not None:
            least = remaining - 1 + HAIR if self.rounds_up else remaining - HAIR
            most = remaining + HAIR if self.rounds_up else remaining + 1
            lo = max(lo, least + spent) if remaining > 0 else lo
            hi = min(hi, most + spent)
        return lo, hi

    def _decide(self, state: Weighted, decision: Decision) -> Weighted | None:
        shortest, longest, limit = self.terms.shortest_s, self.terms.longest_s, self.terms.limit
        before_lo, before_hi, used_lo, used_hi, began_lo, began_hi = state
        room_lo, room_hi = self._room(decision)
        weight_lo = max(0.0, 1 - max(0.0, decision.hi_s - began_lo) / shortest)
        weight_hi = min(1.0, 1 - max(0.0, decision.lo_s - began_hi) / longest)
        sum_lo, sum_hi = limit - room_hi, limit - room_lo
        # The sum is before * weight + used: each of the three is bounded by the other two.
        used_lo = max(used_lo, math.ceil(sum_lo - before_hi * weight_hi - HAIR))
        if sum_hi < math.inf:
            used_hi = min(used_hi, math.floor(sum_hi - before_lo * weight_lo + HAIR))
        if used_lo > used_hi:
            return None
        old_lo, old_hi = sum_lo - used_hi, sum_hi - used_lo
        if weight_hi > HAIR:
            before_lo = max(before_lo, math.ceil(old_lo / weight_hi - HAIR))
        if weight_lo > HAIR and old_hi < math.inf:
            before_hi = min(before_hi, math.floor(old_hi / weight_lo + HAIR))
        if before_lo > before_hi:
            return None
        if before_hi and old_lo > 0:
            began_lo = max(began_lo, decision.lo_s - longest * (1 - old_lo / before_hi) - HAIR)
        if before_lo and old_hi < before_lo:
            began_hi = min(began_hi, decision.hi_s - shortest * (1 - old_hi / before_lo) + HAIR)
        if began_lo > began_hi:
            return None
        spent = decision.act is Act.COUNTED or (self.refusals_matter and decision.act is Act.REFUSED)
        return Weighted(before_lo, before_hi, used_lo + spent, used_hi + spent, began_lo, began_hi)

    def key(self, state: Weighted) -> Hashable:
        # A window may have begun between any two requests of a burst: near neighbours are joined, lest they be many.
        near = max(1, self.terms.limit // 6)
        return state.before_lo // near, state.used_lo // near, int(state.began_lo * 8 / self.terms.longest_s)

    def join(self, one: Weighted, other: Weighted) -> Weighted:
        return Weighted(
            min(one.before_lo, other.before_lo), max(one.before_hi, other.before_hi),
            min(one.used_lo, other.used_lo), max(one.used_hi, other.used_hi),
            min(one.began_lo, other.began_lo), max(one.began_hi, other.began_hi),
        )  # fmt: skip

    def ready_s(self, state: Weighted) -> float:
        longest, room = self.terms.longest_s, self.terms.limit - 1
        if state.before_hi + state.used_hi <= room:
            return NEVER
        if state.used_hi <= room:
            return state.began_hi + longest * (1 - (room - state.used_hi) / state.before_hi)
        return state.began_hi + longest * (2 - room / state.used_hi)
