"""The sliding-window counter: two windows of the clock, the earlier one weighted."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from contracts.rules.limiters.rows import GAP, HAIR, NEVER, Act, Decision, Terms
from contracts.rules.limiters.windows import next_windows

MANY = 10_000_000  # more than any client sends in a window


class Weighted(NamedTuple):
    """The latest window of the clock and the one before it."""

    before_lo: int
    before_hi: int
    used_lo: int
    used_hi: int
    total_lo: int  # of both, which is known better than either once states are joined
    total_hi: int
    began_lo: float
    began_hi: float
    sum_hi: float  # the weighted sum at most: it falls by itself, and rises by what is counted alone


def narrow(
    state: Weighted, total_weighted: tuple[float, float], weight: tuple[float, float]
) -> tuple[int, int, int, int, int, int] | None:
    """Bounds on before, used and their total, given those on before * weight + used; None where there is no such."""
    sum_lo, sum_hi = total_weighted
    weight_lo, weight_hi = weight
    most, least = state.before_hi, state.before_lo
    total_lo = max(state.total_lo, least + state.used_lo, _up(sum_lo + least * (1 - weight_hi)))
    total_hi = min(state.total_hi, most + state.used_hi, _down(sum_hi + most * (1 - weight_lo)))
    used_lo = max(state.used_lo, total_lo - most, _up(sum_lo - most * weight_hi))
    used_hi = min(state.used_hi, total_hi - least, _down(sum_hi - least * weight_lo))
    before_lo = max(least, total_lo - used_hi, _up((sum_lo - used_hi) / weight_hi) if weight_hi > HAIR else 0)
    before_hi = min(most, total_hi - used_lo, _down((sum_hi - used_lo) / weight_lo) if weight_lo > HAIR else MANY)
    if before_lo > before_hi or used_lo > used_hi or total_lo > total_hi:
        return None
    return before_lo, before_hi, used_lo, used_hi, total_lo, total_hi


def _up(bound: float) -> int:
    return math.ceil(bound - HAIR)


def _down(bound: float) -> int:
    return math.floor(min(bound, MANY) + HAIR)


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
        most = MANY // 2 if self.refusals_matter else self.terms.limit
        return [Weighted(0, most, 0, most, 0, 2 * most, first.lo_s - self.terms.longest_s, first.hi_s, math.inf)]

    def step(self, states: Iterable[Weighted], decision: Decision) -> list[Weighted]:
        bounds = self._sum(decision)
        moved = (now for state in states for now in self._moved(state, decision))
        return [after for state in moved if (after := self._decide(state, decision, bounds))]

    def _moved(self, state: Weighted, decision: Decision) -> Iterator[Weighted]:
        """As the windows of the clock have moved on by the decision."""
        before_lo, before_hi, used_lo, used_hi, total_lo, total_hi, began_lo, began_hi, sum_hi = state
        longest = self.terms.longest_s
        lo, hi = max(began_lo, decision.lo_s - longest), min(began_hi, decision.hi_s)
        if lo <= hi:
            yield Weighted(before_lo, before_hi, used_lo, used_hi, total_lo, total_hi, lo, hi, sum_hi)
        for k, lo, hi in next_windows((began_lo, began_hi), (self.terms.shortest_s, longest), decision):
            if k == 1:
                yield Weighted(used_lo, used_hi, 0, 0, used_lo, used_hi, lo, hi, min(sum_hi, used_hi))
            else:
                earliest = max(decision.since_s, decision.lo_s - longest)
                yield Weighted(0, 0, 0, 0, 0, 0, earliest, decision.hi_s, 0.0)

    def _sum(self, decision: Decision) -> tuple[float, float]:
        """Bounds on the sum before this decision, from what it did and the Remaining it told."""
        limit, remaining = self.terms.limit, decision.remaining
        if decision.act is Act.REFUSED:
            return limit - 1 + GAP, math.inf
        spent = decision.act is Act.COUNTED
        lo, hi = (GAP, float(limit)) if spent else (-math.inf, float(limit))
        if remaining is not None:
            least = remaining - 1 + GAP if self.rounds_up else remaining
            most = remaining if self.rounds_up else remaining + 1 - GAP
            lo = max(lo, least + spent) if remaining > 0 else lo
            hi = min(hi, most + spent)
        return limit - hi, limit - lo

    def _decide(self, state: Weighted, decision: Decision, bounds: tuple[float, float]) -> Weighted | None:
        sum_lo, sum_hi = bounds[0], min(bounds[1], state.sum_hi + HAIR)
        if sum_lo > sum_hi:
            return None
        weight_lo = max(0.0, 1 - max(0.0, decision.hi_s - state.began_lo) / self.terms.shortest_s)
        weight_hi = min(1.0, 1 - max(0.0, decision.lo_s - state.began_hi) / self.terms.longest_s)
        if (counts := narrow(state, (sum_lo, sum_hi), (weight_lo, weight_hi))) is None:
            return None
        before_lo, before_hi, used_lo, used_hi, total_lo, total_hi = counts
        began_lo, began_hi = state.began_lo, state.began_hi
        if before_hi and sum_lo > used_hi:
            began_lo = max(began_lo, decision.lo_s - self.terms.longest_s * (1 - (sum_lo - used_hi) / before_hi) - HAIR)
        if before_lo and sum_hi < used_lo + before_lo:
            began_hi = min(
                began_hi, decision.hi_s - self.terms.shortest_s * (1 - (sum_hi - used_lo) / before_lo) + HAIR
            )
        if began_lo > began_hi:
            return None
        one = decision.act is Act.COUNTED or (self.refusals_matter and decision.act is Act.REFUSED)
        used, total = (used_lo + one, used_hi + one), (total_lo + one, total_hi + one)
        return Weighted(before_lo, before_hi, *used, *total, began_lo, began_hi, sum_hi + one)

    def key(self, state: Weighted) -> Hashable:
        # A window may have begun between any two requests of a burst: near neighbours are joined, lest they be many.
        near = max(1, self.terms.limit // 6)
        phase = int(state.began_lo * 8 / self.terms.longest_s)
        return state.before_lo // near, state.used_lo // near, state.before_hi == 0, phase

    def join(self, one: Weighted, other: Weighted) -> Weighted:
        return Weighted(
            min(one.before_lo, other.before_lo), max(one.before_hi, other.before_hi),
            min(one.used_lo, other.used_lo), max(one.used_hi, other.used_hi),
            min(one.total_lo, other.total_lo), max(one.total_hi, other.total_hi),
            min(one.began_lo, other.began_lo), max(one.began_hi, other.began_hi),
            max(one.sum_hi, other.sum_hi),
        )  # fmt: skip

    def ready_s(self, state: Weighted) -> float:
        longest, room = self.terms.longest_s, self.terms.limit - 1
        if state.total_hi <= room or (state.used_hi <= room and not state.before_hi):
            return NEVER
        if state.used_hi <= room:
            return state.began_hi + longest * (1 - (room - state.used_hi) / state.before_hi)
        return state.began_hi + longest * (2 - room / state.used_hi)
