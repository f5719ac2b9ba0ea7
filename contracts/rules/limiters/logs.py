"""The sliding log: at most so many in any window, each leaving it one window after it came; refusals may count too."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Iterable
from typing import NamedTuple

from contracts.rules.limiters.rows import CLOCK_S, NEVER, Act, Decision, Terms


class Log(NamedTuple):
    """Those of our requests that may still count, oldest first, and how many strangers' may."""

    came_lo: tuple[float, ...]
    came_hi: tuple[float, ...]
    strangers: int
    strangers_until: float
    window_lo: float
    window_hi: float


class SlidingLog:
    """One window for the whole run, of a length within the terms; the history narrows it."""

    def __init__(self, terms: Terms, *, counting: bool) -> None:
        self.terms = terms
        self.name = "sliding-log-counting" if counting else "sliding-log"
        self.refusals_matter = counting

    def start(self, first: Decision) -> list[Log]:
        shortest, longest = self.terms.shortest_s, self.terms.longest_s
        strangers = 1_000_000 if self.refusals_matter else self.terms.limit
        return [Log((), (), strangers, first.hi_s + longest, shortest, longest)]

    def step(self, states: Iterable[Log], decision: Decision) -> list[Log]:
        return [after for state in states if (after := self._decide(state, decision))]

    def _decide(self, state: Log, decision: Decision) -> Log | None:
        came_lo, came_hi, strangers, until, window_lo, window_hi = state
        if decision.lo_s > until:
            strangers = 0
        if surely_gone := bisect_right(came_hi, decision.lo_s - window_hi - CLOCK_S):
            came_lo, came_hi = came_lo[surely_gone:], came_hi[surely_gone:]
        perhaps_gone = bisect_right(came_lo, decision.hi_s - window_lo + CLOCK_S)
        lo, hi = self._inside(decision)
        lo, hi = max(lo, len(came_lo) - perhaps_gone), min(hi, len(came_lo) + strangers)
        if lo > hi:
            return None
        strangers = min(strangers, hi - (len(came_lo) - perhaps_gone))
        gone, kept = max(0, len(came_lo) - hi), len(came_lo) + strangers - lo
        if kept < len(came_lo):  # the oldest that must still count
            window_lo = max(window_lo, decision.lo_s - came_hi[kept] - CLOCK_S)
        if gone:
            window_hi = min(window_hi, decision.hi_s - came_lo[gone - 1] + CLOCK_S)
            came_lo, came_hi = came_lo[gone:], came_hi[gone:]
        if window_lo > window_hi:
            return None
        if decision.act is Act.COUNTED or (self.refusals_matter and decision.act is Act.REFUSED):
            came_lo, came_hi = (*came_lo, decision.lo_s), (*came_hi, decision.hi_s)
        return Log(came_lo, came_hi, strangers, until, window_lo, window_hi)

    def _inside(self, decision: Decision) -> tuple[int, int]:
        """How many counted before this decision, by what it did and the Remaining it told."""
        limit, many = self.terms.limit, 2_000_000
        if decision.act is Act.REFUSED:
            return limit, many
        spent = decision.act is Act.COUNTED
        lo, hi = 0, limit - 1 if spent else many
        if decision.remaining is not None:
            lo = limit - decision.remaining - spent
            hi = min(hi, lo) if decision.remaining or spent else hi
        return lo, hi

    def key(self, state: Log) -> Hashable:
        return len(state.came_lo), state.strangers

    def join(self, one: Log, other: Log) -> Log:
        return Log(
            tuple(map(min, one.came_lo, other.came_lo)),
            tuple(map(max, one.came_hi, other.came_hi)),
            one.strangers,
            max(one.strangers_until, other.strangers_until),
            min(one.window_lo, other.window_lo),
            max(one.window_hi, other.window_hi),
        )

    def ready_s(self, state: Log) -> float:
        leave = len(state.came_lo) + state.strangers - self.terms.limit + 1
        if leave <= 0:
            return NEVER
        if leave <= state.strangers:
            return state.strangers_until
        own = state.came_hi[leave - state.strangers - 1] + state.window_hi
        return max(own, state.strangers_until) if state.strangers else own
