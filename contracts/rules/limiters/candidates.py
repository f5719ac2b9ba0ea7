"""Every legal limiter that is tried against a history, by name."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from contracts.rules.limiters.buckets import Lumps, TokenBucket
from contracts.rules.limiters.logs import SlidingLog
from contracts.rules.limiters.rows import Model, Terms
from contracts.rules.limiters.windows import FixedClock, FixedFirst, SlidingCounter

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
_TICKS = 20  # ranges into which the unknown length of a refill's tick is cut, each a fourth longer than the last


def models(terms: Terms) -> list[Model[Any]]:
    """All variants of all candidates; those of one name differ in what the document leaves open."""
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
        edges = [0.0, *(terms.longest_s / 1.25**k for k in range(_TICKS, -1, -1))]
        found += [Lumps(terms, lo, hi, rounds_up) for lo, hi in pairwise(edges)]
    return found


def coarse_models(terms: Terms) -> list[Model[Any]]:
    """Those that look otherwise where the server keeps its times in whole seconds."""
    return [m for m in models(terms) if m.name not in ("fixed-clock", "token-bucket", "token-bucket-lumps", "leaky")]
