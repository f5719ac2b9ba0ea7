"""The only room of the sandbox that knows what time it is. Everything else is handed a clock."""

import asyncio
import heapq
import itertools
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

YIELDS = 8  # turns of the event loop a virtual sleeper gives to whoever can still run


class Clock(Protocol):
    """Time as the sandbox sees it."""

    def monotonic_s(self) -> float:
        """Seconds since an arbitrary start; never goes back."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""

    async def sleep(self, seconds: float) -> None:
        """Return no sooner than `seconds` from now."""


class SystemClock:
    """The machine's own time."""

    def monotonic_s(self) -> float:
        return time.monotonic()

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class VirtualClock:
    """Time that moves only when it is told to, or when everybody who could run is asleep."""

    def __init__(self, start_s: float = 0.0, epoch: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._now_s = start_s
        self._zero = epoch - timedelta(seconds=start_s)
        self._sleepers: list[tuple[float, int]] = []
        self._order = itertools.count()

    def monotonic_s(self) -> float:
        return self._now_s

    def now(self) -> datetime:
        return self._zero + timedelta(seconds=self._now_s)

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass at once."""
        self._now_s += seconds

    async def sleep(self, seconds: float) -> None:
        """Sleepers wake in the order of their deadlines, after all that is runnable has run."""
        ticket = (self._now_s + seconds, next(self._order))
        heapq.heappush(self._sleepers, ticket)
        try:
            while True:
                for _ in range(YIELDS):
                    await asyncio.sleep(0)
                if self._sleepers[0] == ticket:
                    break
        finally:
            self._sleepers.remove(ticket)
            heapq.heapify(self._sleepers)
        self._now_s = max(self._now_s, ticket[0])


SYSTEM_CLOCK: Clock = SystemClock()
