"""The rate limiters that a server may use within the document's one sentence about them. No clock, no key, no header.

A limiter is told when a request comes, in seconds that never go back, and says whether it gets in and how many more
would get in at the same moment. One instance guards one key.
"""

import math
from collections import deque
from typing import Protocol

EDGE_S = 1e-9  # a window that ends within a nanosecond has ended: clocks are floats


class Limiter(Protocol):
    """One allowance."""

    def admit(self, now_s: float) -> tuple[bool, int]:
        """Count a request at `now_s`: (admitted, requests that would still get in now)."""


class FixedFirst:
    """A fixed window, opened by the first request after the one before has ended."""

    def __init__(self, limit: int, window_s: float) -> None:
        self.limit, self.window_s = limit, window_s
        self.opened_s = -math.inf
        self.used = 0

    def admit(self, now_s: float) -> tuple[bool, int]:
        if now_s - self.opened_s >= self.window_s - EDGE_S:
            self.opened_s, self.used = now_s, 0
        if self.used >= self.limit:
            return False, 0
        self.used += 1
        return True, self.limit - self.used


class FixedFirstRestarting(FixedFirst):
    """A fixed window opened by the first request, begun anew by every refusal."""

    def admit(self, now_s: float) -> tuple[bool, int]:
        admitted, remaining = super().admit(now_s)
        if not admitted:
            self.opened_s = now_s
        return admitted, remaining


class FixedClock(FixedFirst):
    """A fixed window whose edges are the multiples of its length on the server's clock."""

    def admit(self, now_s: float) -> tuple[bool, int]:
        edge_s = math.floor((now_s + EDGE_S) / self.window_s) * self.window_s
        if edge_s > self.opened_s:
            self.opened_s, self.used = edge_s, 0
        if self.used >= self.limit:
            return False, 0
        self.used += 1
        return True, self.limit - self.used


class SlidingLog:
    """The time of every admitted request is kept for one window."""

    counts_refusals = False

    def __init__(self, limit: int, window_s: float) -> None:
        self.limit, self.window_s = limit, window_s
        self.log: deque[float] = deque(maxlen=limit)  # older ones can no longer decide anything

    def admit(self, now_s: float) -> tuple[bool, int]:
        while self.log and now_s - self.log[0] >= self.window_s - EDGE_S:
            self.log.popleft()
        admitted = len(self.log) < self.limit
        if admitted or self.counts_refusals:
            self.log.append(now_s)
        return admitted, self.limit - len(self.log)


class SlidingLogCounting(SlidingLog):
    """A sliding log in which refused requests are written down as well."""

    counts_refusals = True


class SlidingCounter:
    """Two fixed windows on the server's clock; the former counts for the share of it that is still in sight."""

    def __init__(self, limit: int, window_s: float) -> None:
        self.limit, self.window_s = limit, window_s
        self.window = 0
        self.used = 0
        self.used_before = 0

    def admit(self, now_s: float) -> tuple[bool, int]:
        position = (now_s + EDGE_S) / self.window_s
        window = math.floor(position)
        if window != self.window:
            self.used_before = self.used if window == self.window + 1 else 0
            self.window, self.used = window, 0
        weight = self.used_before * (1 - (position - window))
        admitted = weight + self.used < self.limit
        self.used += admitted
        return admitted, max(0, math.ceil(self.limit - weight - self.used))


class TokenBucket:
    """A bucket of `limit` tokens, filled evenly within one window; a request takes one. GCRA looks the same."""

    def __init__(self, limit: int, window_s: float) -> None:
        self.limit, self.window_s = limit, window_s
        self.tokens = float(limit)
        self.filled_s: float | None = None

    def admit(self, now_s: float) -> tuple[bool, int]:
        self.fill(now_s)
        admitted = self.tokens >= 1 - EDGE_S
        self.tokens -= admitted
        return admitted, math.floor(self.tokens + EDGE_S)

    def fill(self, now_s: float) -> None:
        elapsed_s = 0.0 if self.filled_s is None else now_s - self.filled_s
        self.tokens = min(self.limit, self.tokens + elapsed_s * self.limit / self.window_s)
        self.filled_s = now_s


class TokenBucketLumps(TokenBucket):
    """A token bucket filled by a tenth of the limit, or one token, at a time from the first request on."""

    def fill(self, now_s: float) -> None:
        lumps = min(10, self.limit)
        period_s = self.window_s / lumps
        if self.filled_s is None:
            self.filled_s = now_s
        due = math.floor((now_s - self.filled_s + EDGE_S) / period_s)
        self.tokens = min(self.limit, self.tokens + due * self.limit / lumps)
        self.filled_s += due * period_s


class Leaky:
    """No burst at all: admitted requests are at least a window's share apart."""

    def __init__(self, limit: int, window_s: float) -> None:
        self.gap_s = window_s / limit
        self.last_s = -math.inf

    def admit(self, now_s: float) -> tuple[bool, int]:
        admitted = now_s - self.last_s >= self.gap_s - EDGE_S
        if admitted:
            self.last_s = now_s
        return admitted, 0


class LimiterFactory(Protocol):
    """How a limiter is made."""

    def __call__(self, limit: int, window_s: float) -> Limiter:
        """A fresh allowance of `limit` requests per `window_s` seconds."""


LIMITERS: dict[str, LimiterFactory] = {
    "fixed-first": FixedFirst,
    "fixed-first-restarting": FixedFirstRestarting,
    "fixed-clock": FixedClock,
    "sliding-log": SlidingLog,
    "sliding-log-counting": SlidingLogCounting,
    "sliding-counter": SlidingCounter,
    "token-bucket": TokenBucket,
    "token-bucket-lumps": TokenBucketLumps,
    "leaky": Leaky,
}
