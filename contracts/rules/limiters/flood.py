"""Where too many requests overlap to order them: what each limiter can let in at most, and refuse at most, by counting.

Counts only requests that surely fell into an interval, so never blames an honest limiter. Of Remaining it sees only
one number told too often after a silence; it does not see an excess smaller than what was in flight at an interval's
edges.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from contracts.rules.limiters.rows import Row, Terms

_CELLS_A_WINDOW = 200
_ALIKE = 3  # answers of one Remaining: two windows meet in a burst, and a lump falls
_COUNTING = ("sliding-log-counting", "sliding-counter", "fixed-first-restarting")


@dataclass(frozen=True, slots=True)
class Excess:
    """By when what was more than a candidate can do."""

    at_s: float
    kind: Literal["over-admission", "refused with allowance left", "remaining"]


def refuted_by_count(name: str, rows: Sequence[Row], terms: Terms) -> Excess | None:
    """What refutes a candidate by counts alone, if anything does; rows sorted by sent_s."""
    admitted = [row for row in rows if row.status is not None and 200 <= row.status < 300]
    sent, answered = [row.sent_s for row in admitted], sorted(row.answered_s for row in admitted)
    if name.startswith("sliding-log"):
        most = _log_overrun(sent, answered, terms)
    elif name in ("token-bucket", "token-bucket-lumps", "leaky"):
        burst = {"token-bucket": terms.limit, "token-bucket-lumps": 2 * terms.limit, "leaky": 1}[name]
        most = _bucket_overrun(sent, answered, terms, burst)
    else:
        most = _windows_overrun(sent, answered, terms, clocked=name in ("fixed-clock", "sliding-counter"))
    if most is not None:
        return Excess(most, "over-admission")
    least = _refused_too_early(name, rows, terms) if name != "leaky" else None
    return None if least is None else Excess(least, "refused with allowance left")


def told_too_often(rows: Sequence[Row], terms: Terms) -> Excess | None:
    """One Remaining told to more requests than any limiter does in so short a time, after a window of silence.

    Remaining falls by one each; it comes to the same number again only by a window's edge, a lump, or what flows in,
    which after the silence is no log's doing. Those in flight together may all be told what was left after the last of
    them. Rows sorted by sent_s; the first silence is after the first row.
    """
    silent_s, rate = terms.longest_s * 1.01, terms.limit / terms.shortest_s
    began_s, latest_s = math.inf, math.inf
    met: dict[int, _Alike] = {}
    for row in rows:
        if row.sent_s > latest_s + silent_s:
            began_s, met = row.sent_s, {}
        latest_s = row.answered_s if math.isinf(latest_s) else max(latest_s, row.answered_s)
        if row.status != 200 or row.remaining is None or not 0 <= row.answered_s - began_s < terms.shortest_s / 2:
            continue
        if met.setdefault(row.remaining, _Alike()).more_than_flows(row, rate) > _ALIKE:
            let_in = sum(alike.times for alike in met.values())
            return Excess(row.sent_s, "over-admission" if let_in > terms.limit else "remaining")
    return None


@dataclass(slots=True)
class _Alike:
    """Answers of one Remaining: how many so far, until when; the least of those before each, less what flowed in."""

    times: int = 0
    until_s: float = -math.inf
    least: float = math.inf

    def more_than_flows(self, row: Row, rate: float) -> float:
        """With one more: the most that there were in any interval until now, less what flows in at this rate."""
        if row.sent_s >= self.until_s:
            self.least = min(self.least, self.times - rate * row.sent_s)
            self.until_s, self.times = row.answered_s, self.times + 1
        return self.times - rate * self.until_s - self.least


def _log_overrun(sent: Sequence[float], answered: Sequence[float], terms: Terms) -> float | None:
    """More than the limit in one window."""
    for before, end_s in enumerate(answered, start=1):
        if before - bisect_left(sent, end_s - terms.shortest_s) > terms.limit:
            return end_s
    return None


def _bucket_overrun(sent: Sequence[float], answered: Sequence[float], terms: Terms, burst: int) -> float | None:
    """More in some interval than a full bucket and what flows in meanwhile."""
    rate = terms.limit / terms.shortest_s
    least, begun = math.inf, 0
    for before, end_s in enumerate(answered, start=1):
        while begun < len(sent) and sent[begun] <= end_s:
            least = min(least, begun - rate * sent[begun])
            begun += 1
        if before - rate * end_s - least > burst + 1e-6:
            return end_s
    return None


def _windows_overrun(sent: Sequence[float], answered: Sequence[float], terms: Terms, *, clocked: bool) -> float | None:
    """No row of windows, each long enough, holds at most the limit: edges are tried on a grid, cell by cell."""
    if not sent:
        return None
    cell_s, start_s = terms.window_s / _CELLS_A_WINDOW, sent[0]
    nearest, farthest = max(1, int(terms.shortest_s / cell_s) - 1), int(terms.longest_s / cell_s) + 2
    cells = int((answered[-1] - start_s) / cell_s) + 2
    begun = [bisect_left(sent, start_s + (i + 1) * cell_s) for i in range(cells)]  # sent before the cell's end
    ended = [bisect_right(answered, start_s + i * cell_s) for i in range(cells)]  # answered before its beginning
    edge = [False] * cells  # may a window begin in this cell?
    latest: int | None = None
    before: int | None = None  # the latest possible edge at least a window's length ago
    for i in range(cells):
        if i >= nearest and edge[i - nearest]:
            before = i - nearest
        if ended[i] <= terms.limit and (i <= farthest or not clocked):
            edge[i] = True  # the first that we see
        elif clocked:
            edge[i] = any(
                edge[j] and ended[i] - begun[j] <= terms.limit for j in range(max(0, i - farthest), i - nearest + 1)
            )
        else:
            edge[i] = before is not None and ended[i] - begun[before] <= terms.limit
        latest = i if edge[i] else latest
        if latest is None or ended[i] - begun[latest] > terms.limit or (clocked and i - latest > farthest):
            return start_s + i * cell_s
    return None


def _refused_too_early(name: str, rows: Sequence[Row], terms: Terms) -> float | None:
    """A refusal though fewer than the limit can have counted in the two windows before it."""
    needed = 1 if name == "fixed-first-restarting" else terms.limit  # where every refusal prolongs the window
    spent = [row for row in rows if row.status != 429 or name in _COUNTING]
    sent, answered = [row.sent_s for row in spent], sorted(row.answered_s for row in spent)
    for row in rows:
        since_s = row.sent_s - 2 * terms.longest_s
        if row.status == 429 and since_s > rows[0].sent_s:
            counted = bisect_right(sent, row.answered_s) - bisect_left(answered, since_s)
            if counted - (name in _COUNTING) < needed:
                return row.answered_s
    return None
