"""Every legal limiter that is tried against a history, by name."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

from contracts.rules.limiters.buckets import FineLumps, Lumps, TokenBucket
from contracts.rules.limiters.counter import SlidingCounter
from contracts.rules.limiters.logs import SlidingLog
from contracts.rules.limiters.rows import Model, Terms
from contracts.rules.limiters.windows import FixedClock, FixedFirst

CANDIDATES = (
    "fixed-first",
    "fixed-first-restarting",
    "fixed-clock",
    "sliding-log",
    "sliding-log-counting",
    "sliding-counter",
    "token-bucket",
    "token-bucket-lumps",
    "leaky",
)
_SHORTEST_TICK = 1 / 100  # of the window; all below are judged as one
_PARTS = 6


def ticks(longest_s: float, ranges: int) -> list[tuple[float, float]]:
    """Ranges of equal ratio into which the unknown length of a refill's tick is cut."""
    edges = [longest_s * _SHORTEST_TICK ** (k / (ranges - 1)) for k in range(ranges - 1, -1, -1)]
    return list(pairwise(edges))


def models(terms: Terms, tick_ranges: int = 21) -> list[Model[Any]]:
    """All variants of all candidates; those of one name differ in what the document leaves open.

    tick_ranges: the more, the sharper the buckets filled in lumps are judged, and the slower.
    """
    found: list[Model[Any]] = [
        FixedFirst(terms, restarting=False),
        FixedFirst(terms, restarting=True),
        FixedClock(terms),
        SlidingLog(terms, counting=False),
        SlidingLog(terms, counting=True),
    ]
    for rounds_up in (False, True):
        found += [SlidingCounter(terms, rounds_up, counting) for counting in (False, True)]
        found.append(TokenBucket(terms, terms.limit, rounds_up))
        found.append(TokenBucket(terms, 1, rounds_up, name="leaky"))
        found.append(FineLumps(terms, terms.longest_s * _SHORTEST_TICK, rounds_up))
        found += [Lumps(terms, lo, hi, rounds_up) for lo, hi in ticks(terms.longest_s, tick_ranges)]
    return found


def finer(model: Lumps) -> list[Lumps]:
    """The same bucket, its tick's length known better: within a wide range the size of its lumps is known too badly."""
    ratio = model.tick_hi_s / model.tick_lo_s
    edges = [model.tick_lo_s * ratio ** (k / _PARTS) for k in range(_PARTS + 1)]
    return [replace(model, tick_lo_s=lo, tick_hi_s=hi) for lo, hi in pairwise(edges)]


def coarse_models(terms: Terms) -> list[Model[Any]]:
    """Those that look otherwise where the server keeps its times in whole seconds."""
    return [m for m in models(terms) if m.name not in ("fixed-clock", "token-bucket", "token-bucket-lumps", "leaky")]
