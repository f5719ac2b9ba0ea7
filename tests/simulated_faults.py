"""Named faults of limiters, simulated on a virtual clock: what the limiter models have to refute."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.simulated_limiters import FixedClock, FixedFirst, Limiter, SlidingCounter, SlidingLog, TokenBucket


@dataclass
class Faulty:
    """An honest limiter with a counter that lies: `enforced` decides, `told` turns its Remaining into what is said."""

    limit: int
    enforced: Limiter
    told: Callable[[int, int], int]  # (Remaining, number of the request) -> what the header says
    admits: Callable[[bool, int], bool] = lambda admitted, _number: admitted
    number: int = 0

    def decide(self, now_s: float, cost: int = 1) -> tuple[bool, int]:
        self.number += 1
        admitted, remaining = self.enforced.decide(now_s, cost)
        return self.admits(admitted, self.number), self.told(remaining, self.number)


@dataclass
class Several:
    """One counter a process; requests go to them in turn, some in a row each."""

    limit: int
    counters: list[Limiter]
    in_a_row: int = 1
    number: int = 0

    def decide(self, now_s: float, cost: int = 1) -> tuple[bool, int]:
        counter = self.counters[self.number // self.in_a_row % len(self.counters)]
        self.number += 1
        return counter.decide(now_s, cost)


@dataclass
class Both:
    """One decides, another is told; neither knows of the other."""

    limit: int
    deciding: Limiter
    telling: Limiter

    def decide(self, now_s: float, cost: int = 1) -> tuple[bool, int]:
        admitted, _ = self.deciding.decide(now_s, cost)
        _, told = self.telling.decide(now_s, cost)
        return admitted, told


@dataclass
class Lagging:
    """Remaining as it was half a second ago."""

    limit: int
    deciding: Limiter
    told: list[tuple[float, int]] = field(default_factory=list)

    def decide(self, now_s: float, cost: int = 1) -> tuple[bool, int]:
        admitted, left = self.deciding.decide(now_s, cost)
        self.told.append((now_s, left))
        old = [left for at_s, left in self.told if at_s <= now_s - 0.5]
        return admitted, old[-1] if old else self.limit


@dataclass
class NeverTold(FixedFirst):
    """Lets in as it should, but what it told once as spent is never told as back."""

    least: int = 10**9

    def decide(self, now_s: float, cost: int = 1) -> tuple[bool, int]:
        admitted, left = super().decide(now_s, cost)
        self.least = min(self.least, left)
        return admitted, self.least


@dataclass
class LockingOut(FixedFirst):
    """A refusal is followed by a minute of them."""

    until_s: float = -math.inf

    def decide(self, now_s: float, cost: int = 1) -> tuple[bool, int]:
        if now_s < self.until_s:
            return False, 0
        admitted, left = super().decide(now_s, cost)
        self.until_s = self.until_s if admitted else now_s + 60.0
        return admitted, left


@dataclass
class HalfBack(FixedFirst):
    """Once it has refused, later windows hold half, which Remaining does not tell."""

    kept: int = 0

    def decide(self, now_s: float, cost: int = 1) -> tuple[bool, int]:
        if now_s >= self.began_s + self.window_s and self.kept:
            self.began_s, self.used = now_s, self.limit - self.limit // 2
        admitted, left = super().decide(now_s, cost)
        self.kept += not admitted
        return admitted, left


def _honest(remaining: int, _number: int) -> int:
    return remaining


FAULTS: dict[str, Callable[[int], Limiter]] = {
    "over-admission by a race": lambda limit: Faulty(
        limit, FixedFirst(limit), _honest, lambda admitted, number: admitted or number % 2 == 0
    ),
    "never refuses": lambda limit: Faulty(limit, FixedFirst(limit), _honest, lambda _admitted, _number: True),
    "admits one too many": lambda limit: Faulty(limit, FixedFirst(limit + 1), lambda left, _: max(0, left - 1)),
    "admits one too few": lambda limit: Faulty(limit, FixedFirst(limit - 1), lambda left, _: left + 1),
    "tells one too many": lambda limit: Faulty(limit, FixedFirst(limit), lambda left, _: left + 1),
    "tells one too few": lambda limit: Faulty(limit, FixedFirst(limit), lambda left, _: max(0, left - 1)),
    "tells two at a time": lambda limit: Faulty(limit, FixedFirst(limit), lambda left, _: max(0, 2 * left - limit)),
    "frozen": lambda limit: Faulty(limit, FixedFirst(limit), lambda _left, _: limit - 1),
    "frozen, token bucket": lambda limit: Faulty(limit, TokenBucket(limit), lambda _left, _: limit - 1),
    "rises without cause": lambda limit: Faulty(
        limit, FixedFirst(limit), lambda left, number: left + 2 * (left > 0 and number % 3 == 0)
    ),
    "enforces twice the Limit": lambda limit: Faulty(limit, FixedFirst(2 * limit), lambda left, _: min(limit, left)),
    "enforces half the Limit": lambda limit: Faulty(limit, FixedFirst(limit // 2), lambda left, _: left + limit // 2),
    "a window of 1 s": lambda limit: FixedFirst(limit, 1.0),
    "a window of 1 s, by the clock": lambda limit: FixedClock(limit, 1.0),
    "a window of 60 s": lambda limit: FixedFirst(limit, 60.0),
    "a log of 60 s": lambda limit: SlidingLog(limit, 60.0),
    "a bucket filled in 1 s": lambda limit: TokenBucket(limit, 1.0),
    "a bucket filled in 60 s": lambda limit: TokenBucket(limit, 60.0),
    "a counter per process": lambda limit: Several(limit, [FixedFirst(limit), FixedFirst(limit)]),
    "a counter per connection": lambda limit: Several(limit, [FixedFirst(limit), FixedFirst(limit)], limit // 2 + 1),
    "no recovery": lambda limit: FixedFirst(limit, math.inf),
}
# Refuted where the Limit is large enough for as small a difference to show.
SUBTLE: dict[str, Callable[[int], Limiter]] = {
    "a window of 9 s": lambda limit: FixedFirst(limit, 9.0),
    "a window of 12 s": lambda limit: FixedFirst(limit, 12.0),
    "a clock of 9 s": lambda limit: FixedClock(limit, 9.0),
    "a clock of 12 s": lambda limit: FixedClock(limit, 12.0),
    "a log of 9 s": lambda limit: SlidingLog(limit, 9.0),
    "a log of 12 s": lambda limit: SlidingLog(limit, 12.0),
    "a bucket filled in 9 s": lambda limit: TokenBucket(limit, 9.0),
    "a bucket filled in 12 s": lambda limit: TokenBucket(limit, 12.0),
    "a counter of 12 s": lambda limit: SlidingCounter(limit, 12.0),
    "Remaining never recovers": NeverTold,
    "Remaining of another clock": lambda limit: Both(limit, FixedFirst(limit), FixedClock(limit, phase_s=4.0)),
    "Remaining of a replica that lags": lambda limit: Lagging(limit, FixedFirst(limit)),
    "a hidden limit by the second": lambda limit: Both(limit, FixedFirst(max(1, limit // 2), 1.0), FixedFirst(limit)),
    "one in seven refused": lambda limit: Faulty(
        limit, FixedFirst(limit), _honest, lambda admitted, number: admitted and number % 7 != 0
    ),
    "told in steps of five": lambda limit: Faulty(limit, FixedFirst(limit), lambda left, _: left // 5 * 5),
    "a minute's lock after a refusal": LockingOut,
    "half as many once refused": HalfBack,
}
