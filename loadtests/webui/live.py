"""What a live chart is drawn from: a point a second, never more than MOST, neighbours merged. Opens nothing.

Taking in a row costs one append; the arithmetic is done once a second, so that watching does not slow the load.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from contracts.exchanges.exchange import Exchange
from contracts.history.rows import UNTOLD, LoadRow
from contracts.rules.allowance import REMAINING, header_number

MOST = 300  # points of a series
COUNTS = ("offered", "answered", "admitted", "refused", "failed")
LATENCIES = ("due_p50_ms", "due_p99_ms", "sent_p50_ms", "sent_p99_ms")
PARTS = (("p50", 50), ("p99", 99))
Point = dict[str, Any]


class Series:
    """The points of one test so far."""

    def __init__(self) -> None:
        self.points: list[Point] = []
        self._rows: list[LoadRow] = []
        self._until_s = 0.0

    def take(self, row: LoadRow) -> None:
        """One more request whose end was seen."""
        self._rows.append(row)

    def close_step(self, now_s: float) -> None:
        """Make a point of all that came since the last one; `now_s` counts from the test's begin."""
        rows, self._rows = self._rows, []
        self.add(point(rows, now_s, now_s - self._until_s))
        self._until_s = now_s

    def add(self, new: Point) -> None:
        """A point that is made already."""
        self.points.append(new)
        if len(self.points) > MOST:
            pairs = zip(self.points[::2], self.points[1::2], strict=False)
            odd = self.points[-1:] if len(self.points) % 2 else []
            self.points = [_merged(*pair) for pair in pairs] + odd


def row_of(exchange: Exchange) -> LoadRow:
    """A probe's exchange as a row: in a closed loop it is due when it is sent."""
    remaining = header_number(exchange.answer, REMAINING) if exchange.answer else None
    return LoadRow(
        exchange.seq, exchange.sent_s, exchange.sent_s, exchange.answered_s, status=exchange.status or 0,
        remaining=UNTOLD if remaining is None else remaining,
    )  # fmt: skip


def point(rows: Sequence[LoadRow], at_s: float, span_s: float) -> Point:
    """Counts, the last Remaining, and both latencies of what was let in, for what was answered in `span_s` seconds."""
    answered = [row for row in rows if row.status]
    refused = sum(row.status == 429 for row in answered)
    told = [row.remaining for row in answered if row.remaining >= 0]
    let_in = [row for row in answered if row.status != 429]
    latencies = {"due": [row.answered_s - row.due_s for row in let_in]}
    latencies["sent"] = [row.answered_s - row.sent_s for row in let_in]
    return {
        "t_s": round(at_s, 2),
        "span_s": round(max(span_s, 1e-3), 3),
        "offered": len(rows),
        "answered": len(answered),
        "admitted": len(answered) - refused,
        "refused": refused,
        "failed": len(rows) - len(answered),
        "remaining": told[-1] if told else None,
        **{f"{clock}_{name}_ms": _percentile(each, at) for clock, each in latencies.items() for name, at in PARTS},
    }


def _percentile(latencies_s: list[float], at: int) -> float | None:
    return round(float(np.percentile(latencies_s, at)) * 1000, 3) if latencies_s else None


def _merged(a: Point, b: Point) -> Point:
    """Two neighbours as one: counts add up, of latencies the larger stays, so that no peak is lost."""
    worst = {name: max((each[name] for each in (a, b) if each[name] is not None), default=None) for name in LATENCIES}
    counts = {name: a[name] + b[name] for name in (*COUNTS, "span_s")}
    remaining = a["remaining"] if b["remaining"] is None else b["remaining"]
    return {**b, **counts, **worst, "remaining": remaining}
