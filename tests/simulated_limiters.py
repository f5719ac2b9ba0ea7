"""Simulated limiters of every class on a virtual clock: what the limiter models are tried against.

Written from the definitions of the algorithms alone; shares no code with the rules or with the sandbox.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol


class Limiter(Protocol):
    """Decides at a moment of its own clock whether a request that costs 0 or 1 gets in."""

    limit: int

    def decide(self, now_s: float, cost: int = 1) -> tuple[bool, int]:
        """(let in, Remaining)."""


@dataclass
class FixedFirst:
    limit: int
    window_s: float = 10.0
    restarting: bool = False
    free_opens: bool = False
    began_s: float = -math.inf
    used: int = 0

    def decide(self, now_s: float, cost: int = 1) -> tuple[bool, int]:
        if now_s >= self.began_s + self.window_s:
            self.used = 0
            self.began_s = now_s if cost or self.free_opens else -math.inf
        if cost and self.used >= self.limit:
            if self.restarting:
                self.began_s = now_s
            return False, 0
        self.used += cost
        return True, self.limit - self.used


@dataclass
class FixedClock:
    limit: int
    window_s: float = 10.0
    phase_s: float = 0.0
    window: float = -math.inf
    used: int = 0

    def decide(self, now_s: float, cost: int = 1) -> tuple[bool, int]:
        window = math.floor((now_s - self.phase_s) / self.window_s)
        if window != self.window:
            self.window, self.used = window, 0
        if cost and self.used >= self.limit:
            return False, 0
        self.used += cost
        return True, self.limit - self.used


@dataclass
class SlidingLog:
    limit: int
    window_s: float = 10.0
    counting: bool = False
    tick_s: float = 0.0
    log: list[float] = field(default_factory=list)

    def decide(self, now_s: float, cost: int = 1) -> tuple[bool, int]:
        now_s = math.floor(now_s / self.tick_s) * self.tick_s if self.tick_s else now_s
        self.log = [came for came in self.log if came > now_s - self.window_s]
        if cost and len(self.log) >= self.limit:
            if self.counting:
                self.log.append(now_s)
            return False, 0
        self.log += [now_s] * cost
        return True, max(0, self.limit - len(self.log))


@dataclass
class SlidingCounter:
    limit: int
    window_s: float = 10.0
    phase_s: float = 0.0
    rounding: Callable[[float], int] = math.floor
    lenient: bool = False  # lets in while the sum is below the limit, not only where a whole one fits
    counting: bool = False
    window: float = -math.inf
    before: int = 0
    used: int = 0

    def decide(self, now_s: float, cost: int = 1) -> tuple[bool, int]:
        since = (now_s - self.phase_s) / self.window_s
        window = math.floor(since)
        if window != self.window:
            self.before = self.used if window == self.window + 1 else 0
            self.window, self.used = window, 0
        total = self.before * (1 - (since - window)) + self.used
        if cost and (total >= self.limit if self.lenient else total + 1 > self.limit):
            self.used += self.counting
            return False, 0
        self.used += cost
        return True, max(0, self.rounding(self.limit - total - cost))


@dataclass
class TokenBucket:
    limit: int
    window_s: float = 10.0
    burst: int = 0  # the limit, unless told
    tick_s: float = 0.0
    phase_s: float = 0.0
    rounding: Callable[[float], int] = math.floor
    tokens: float = -1.0
    at_s: float = 0.0

    def decide(self, now_s: float, cost: int = 1) -> tuple[bool, int]:
        burst = self.burst or self.limit
        if self.tick_s:
            now_s = math.floor((now_s - self.phase_s) / self.tick_s) * self.tick_s
        if self.tokens < 0:
            self.tokens, self.at_s = float(burst), now_s
        self.tokens = min(burst, self.tokens + (now_s - self.at_s) * self.limit / self.window_s)
        self.at_s = now_s
        if cost and self.tokens < 1:
            return False, 0
        self.tokens -= cost
        return True, self.rounding(self.tokens)


LEGAL: dict[str, Callable[[int], Limiter]] = {
    "fixed-first": FixedFirst,
    "fixed-first, a free answer opens the window": lambda limit: FixedFirst(limit, free_opens=True),
    "fixed-first, 10.2 s": lambda limit: FixedFirst(limit, 10.2),
    "fixed-first-restarting": lambda limit: FixedFirst(limit, restarting=True),
    "fixed-clock": FixedClock,
    "fixed-clock, phase 3.7, 10.1 s": lambda limit: FixedClock(limit, 10.1, 3.7),
    "sliding-log": SlidingLog,
    "sliding-log, 10.25 s": lambda limit: SlidingLog(limit, 10.25),
    "sliding-log, whole seconds": lambda limit: SlidingLog(limit, tick_s=1.0),
    "sliding-log-counting": lambda limit: SlidingLog(limit, counting=True),
    "sliding-counter": SlidingCounter,
    "sliding-counter, lenient, phase 6.3": lambda limit: SlidingCounter(limit, phase_s=6.3, lenient=True),
    "sliding-counter, rounding up": lambda limit: SlidingCounter(limit, phase_s=2.1, rounding=math.ceil),
    "sliding-counter, refusals count": lambda limit: SlidingCounter(limit, phase_s=8.8, counting=True),
    "token-bucket": TokenBucket,
    "token-bucket, rounding up": lambda limit: TokenBucket(limit, rounding=math.ceil),
    "token-bucket, 10.2 s": lambda limit: TokenBucket(limit, 10.2),
    "token-bucket-lumps": lambda limit: TokenBucket(limit, tick_s=1.0, phase_s=0.3),
    "token-bucket-lumps, 2.5 s": lambda limit: TokenBucket(limit, tick_s=2.5),
    "leaky": lambda limit: TokenBucket(limit, burst=1),
}


def name_of(variant: str) -> str:
    """The candidate that a variant is one of."""
    return variant.partition(",")[0]
