"""A small drawing of a piece of history, for a finding: one line a run of like answers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from contracts.rules.limiters.rows import Row, Terms

_LINES = 12


def timeline(piece: Sequence[Row], terms: Terms) -> str:
    """One line a run of equal statuses: when, how many of what, and the Remaining that they told."""
    start = piece[0].sent_s
    lines = []
    for status, run in groupby(piece, key=lambda row: row.status):
        rows = list(run)
        span = f"{rows[0].sent_s - start:8.3f} .. {rows[-1].answered_s - start:.3f} s"
        what = "no answer" if status is None else str(status)
        lines.append(f"{span:<26} {len(rows):>5} x {what:<9} Remaining {_told(rows)}".rstrip())
    if len(lines) > _LINES:
        half = _LINES // 2
        lines = [*lines[:half], f"{'':8}... {len(lines) - 2 * half} more", *lines[-half:]]
    return "\n".join([f"Limit {terms.limit}, window {terms.window_s:g} s", *lines])


def _told(rows: Sequence[Row]) -> str:
    told = ["-" if row.remaining is None else str(row.remaining) for row in rows]
    return " ".join(told) if len(told) <= 8 else f"{' '.join(told[:4])} .. {' '.join(told[-3:])}"
