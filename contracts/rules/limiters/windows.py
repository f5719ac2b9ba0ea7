"""Limiters that count in fixed windows: opened by the first request, or ruled by the clock.

Counting refusals changes nothing: a full window stays full. Each window may be of any length
within the terms, which allows more than a limiter whose windows are all alike.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import NamedTuple

from contracts.rules.limiters.rows import NEVER, Act, Decision, Terms


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

    def step(self, states: Iterable[Window], decision: Decision) -> list[Window]:
        after = []
        opened = spend(0, 0, self.limit, decision)
        for used_lo, used_hi, began_lo, began_hi in states:
            lo = max(began_lo, decision.lo_s - self.longest)
            if lo <= began_hi and (used := spend(used_lo, used_hi, self.limit, decision)):
                restarted = self.refusals_matter and decision.act is Act.REFUSED
                span = (decision.lo_s, decision.hi_s) if restarted else (lo, min(began_hi, decision.hi_s))
                after.append(Window(*used, *span))
            if opened and began_lo + self.shortest <= decision.hi_s:
                after.append(Window(*opened, max(decision.lo_s, began_lo + self.shortest), decision.hi_s))
                if decision.act is Act.FREE:  # which need not open a window
                    after.append(Window(0, 0, began_lo, min(began_hi, decision.hi_s - self.shortest)))
        return after


def next_windows(
    began: tuple[float, float], length: tuple[float, float], decision: Decision
) -> list[tuple[int, float, float]]:
    """When the window of this decision began, if it is the k-th after the last one: (k, earliest, latest)."""
    floor = max(decision.since_s, decision.lo_s - length[1])
    k = max(1, int((floor - began[1]) / length[1]))
    found: list[tuple[int, float, float]] = []
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

    def step(self, states: Iterable[Window], decision: Decision) -> list[Window]:
        after = []
        opened, length = spend(0, 0, self.limit, decision), (self.shortest, self.longest)
        for used_lo, used_hi, began_lo, began_hi in states:
            lo, hi = max(began_lo, decision.lo_s - self.longest), min(began_hi, decision.hi_s)
            if lo <= hi and (used := spend(used_lo, used_hi, self.limit, decision)):
                after.append(Window(*used, lo, hi))
            if opened:
                after += [Window(*opened, lo, hi) for _, lo, hi in next_windows((began_lo, began_hi), length, decision)]
        return after
