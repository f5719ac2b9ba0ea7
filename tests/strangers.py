"""Rate limiters that we did not write, from three libraries, each as a small app uses it to put the headers on.

They read the time from `time`, put forward for the length of one decision. An answer of no cost has no headers.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import limits
import pyrate_limiter
import throttled
from limits.storage import MemoryStorage

WINDOW_S = 10


class Stranger:
    """One allowance: `hit` spends of it, and says whether it was there and what remains."""

    def __init__(self, limit: int, hit: Callable[[float], tuple[bool, int]]) -> None:
        self.limit, self._hit = limit, hit
        # A library's own threads go by the true time, which must not be later than ours.
        self._began_s = time.time()

    def decide(self, now_s: float, cost: int = 1) -> tuple[bool, int]:
        """As the simulated limiters do."""
        if not cost:
            return True, -1
        moment_s = self._began_s + now_s
        with patch("time.time", lambda: moment_s), patch("time.monotonic", lambda: moment_s):
            admitted, remaining = self._hit(moment_s)
        return admitted, max(0, remaining) if admitted else 0


def _of_limits(strategy: Callable[[Any], Any]) -> Callable[[int], Stranger]:
    def make(limit: int) -> Stranger:
        item = limits.RateLimitItemPerSecond(limit, WINDOW_S)
        limiter = strategy(MemoryStorage())

        def hit(_: float) -> tuple[bool, int]:
            admitted = bool(limiter.hit(item, "key"))
            return admitted, int(limiter.get_window_stats(item, "key").remaining)

        return Stranger(limit, hit)

    return make


def _of_throttled(using: str) -> Callable[[int], Stranger]:
    def make(limit: int) -> Stranger:
        quota = throttled.per_duration(timedelta(seconds=WINDOW_S), limit, burst=limit)
        guard = throttled.Throttled(key="key", using=using, quota=quota, store=throttled.MemoryStore())

        def hit(_: float) -> tuple[bool, int]:
            result = guard.limit()
            return not result.limited, int(result.state.remaining)

        return Stranger(limit, hit)

    return make


def _pyrate(limit: int) -> Stranger:
    window_ms = WINDOW_S * 1000
    bucket = pyrate_limiter.InMemoryBucket([pyrate_limiter.Rate(limit, window_ms)])

    def hit(moment_s: float) -> tuple[bool, int]:
        now_ms = int(moment_s * 1000)
        bucket.leak(now_ms)
        admitted = bool(bucket.put(pyrate_limiter.RateItem("key", now_ms)))
        return admitted, limit - bucket.count()

    return Stranger(limit, hit)


# name: (how it is made, the class that it is from outside)
STRANGERS: dict[str, tuple[Callable[[int], Stranger], str]] = {
    "limits, fixed window": (_of_limits(limits.strategies.FixedWindowRateLimiter), "fixed-first"),
    "limits, moving window": (_of_limits(limits.strategies.MovingWindowRateLimiter), "sliding-log"),
    "limits, sliding window counter": (
        _of_limits(limits.strategies.SlidingWindowCounterRateLimiter),
        "sliding-counter",
    ),
    "throttled-py, fixed window": (_of_throttled("fixed_window"), "fixed-clock"),
    "throttled-py, sliding window": (_of_throttled("sliding_window"), "sliding-counter"),
    "throttled-py, token bucket": (_of_throttled("token_bucket"), "token-bucket-lumps"),
    "throttled-py, leaking bucket": (_of_throttled("leaking_bucket"), "token-bucket-lumps"),
    "throttled-py, GCRA": (_of_throttled("gcra"), "token-bucket"),
    "pyrate-limiter, sliding log": (_pyrate, "sliding-log"),
}
