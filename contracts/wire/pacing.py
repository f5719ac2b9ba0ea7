"""When the next request may go, so that none is refused that was not meant to be. Waits in silence, never polls.

Pure: told the rows and the time, it says from when on; the caller sleeps. Remaining is trusted while it is above zero,
until it proves to be rounded up; else the wait is what the slowest legal limiter that still explains the run needs.
Where none does and Remaining goes wrong step by step, it is passed over until a request is refused.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from contracts.rules.limiters import Belief, Row
from contracts.rules.limiters.rows import Terms

_MARGIN_S = 0.01
_MISTOLD = 6  # steps of Remaining that were wrong, and more than were right: chance, or another client, makes fewer
_PATIENCE = 2  # silences after a refusal, of one window and of two, before giving up


@dataclass(frozen=True, slots=True)
class Go:
    """Send, but not before this moment (seconds since the run began)."""

    not_before_s: float
    why: str


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Nothing came back in the longest silence that a legal limiter may need."""

    why: str


class Pacer:
    """Paces the requests of one key. Rows are observed in the order sent, each in a time that does not grow."""

    def __init__(self, window_s: float = 10.0) -> None:
        self._window_s = window_s
        self._terms: Terms | None = None
        self._belief: Belief | None = None
        self._left: int | None = None  # the last Remaining, less what was sent since without being told
        self._trusted = True  # until a request was refused while Remaining said that more would get in
        self._told: Row | None = None  # the last answer with a Remaining
        self._right = self._wrong = 0  # steps of Remaining since no legal limiter explains the run
        self._spent_s = -math.inf  # when the last request that may have cost something was answered
        self._refusals: list[Row] = []  # the first of a silence's end each, since anything was let in
        self._refused_s = -math.inf
        self._asked_s = -math.inf  # until when Retry-After asks us to wait

    def observe(self, row: Row) -> None:
        """Learn from one request and its answer, or the lack of one."""
        if row.limit is not None and row.limit > 0 and (self._terms is None or row.limit != self._terms.limit):
            self._terms = Terms(row.limit, self._window_s)
            self._belief = Belief(self._terms)
        if self._belief:
            self._belief.observe(row)
        if row.status == 429:
            self._refuse(row)
            return
        if (row.status is not None and row.status < 300) or row.remaining:
            self._refusals, self._asked_s = [], -math.inf
        self._weigh(row)
        free = self._belief is not None and row.status is not None and self._belief.costs_nothing(row.status)
        if not free:
            self._spent_s = max(self._spent_s, row.answered_s)
        if row.remaining is not None:
            self._left = row.remaining
        elif self._left is not None and not free:
            self._left = max(0, self._left - 1)

    def _weigh(self, row: Row) -> None:
        """Is Remaining plainly wrong? By the steps of requests in a row, and by silences that bring none back."""
        before, after = self._told, row.remaining
        if after is None or self._terms is None:
            return
        self._told = row
        if before is None or before.remaining is None or self._believed_s() is not None:
            return
        idle_s = row.sent_s - before.answered_s
        if before.remaining and 0 <= idle_s < self._window_s / 10:
            self._right += after == before.remaining - 1
            self._wrong += after != before.remaining - 1
        elif before.remaining == after == 0 and self._terms.limit > 1 and idle_s >= self._terms.longest_s:
            self._wrong += 1

    def _refuse(self, row: Row) -> None:
        if not self._refusals or row.sent_s >= self._refused_s + 0.9 * self._window_s:
            self._refusals.append(row)
        self._refused_s = max(self._refused_s, row.answered_s)
        self._trusted &= not self._left
        self._left = 0 if self._terms else None
        if row.retry_after_s is not None:
            self._asked_s = row.answered_s + min(row.retry_after_s, 2 * self._window_s)

    def next_send(self, now_s: float) -> Go | GiveUp:
        """The moment from which one more request may go."""
        if len(self._refusals) > _PATIENCE:
            waited_s = self._refused_s - self._refusals[0].answered_s
            return GiveUp(f"no allowance came back in {waited_s:.1f} s")
        if self._refusals:
            return Go(max(now_s, self._after_refusal_s()), "refused: silence")
        if self._left is None:
            return Go(now_s, "no allowance told")
        if self._wrong >= max(_MISTOLD, self._right):
            return Go(now_s, "Remaining is wrong")
        if self._left > 0 and (self._trusted or self._believed_s() is None):
            return Go(now_s, f"{self._left} left")
        ready_s = self._ready_s(self._spent_s)
        return Go(max(now_s, ready_s), "none left" if ready_s > now_s else "one is back")

    def _believed_s(self) -> float | None:
        return self._belief.ready_s() if self._belief else None

    def _after_refusal_s(self) -> float:
        """One window of silence after a refusal, two after a second; longer where a living candidate needs it."""
        longest_s = Terms(self._terms.limit if self._terms else 1, self._window_s).longest_s + _MARGIN_S
        least_s = self._refused_s + len(self._refusals) * longest_s
        ever_let_in = self._spent_s > -math.inf
        needed_s = self._ready_s(self._refused_s) if ever_let_in and self._terms else least_s
        return max(least_s, self._asked_s, min(needed_s, self._refused_s + 2 * longest_s))

    def _ready_s(self, since_s: float) -> float:
        """When one is surely back after silence since then: by the living candidates, else by the slowest of all."""
        if self._terms is None:
            return since_s
        slowest_s = since_s + self._terms.longest_s * (1 + 1 / self._terms.limit)
        believed_s = self._believed_s()
        return (slowest_s if believed_s is None else min(slowest_s, believed_s)) + _MARGIN_S


def next_send(rows: Sequence[Row], now_s: float, window_s: float = 10.0) -> Go | GiveUp:
    """The same from the whole history of one key."""
    pacer = Pacer(window_s)
    for row in sorted(rows, key=lambda row: (row.sent_s, row.answered_s)):
        pacer.observe(row)
    return pacer.next_send(now_s)
