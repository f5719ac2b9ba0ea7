"""What time it is, for whoever sends. Rules and models never ask: they read the times that evidence carries."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Time as a sender sees it."""

    def monotonic_s(self) -> float:
        """Seconds since an arbitrary start; never goes back."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""

    def sleep(self, seconds: float) -> None:
        """Return no sooner than `seconds` (0 or more) from now."""


class SystemClock:
    """The machine's time; with `now`, the calendar starts there, so that a run can be repeated to the byte."""

    def __init__(self, now: datetime | None = None) -> None:
        self._began_s = time.monotonic()
        self._start = None if now is None else _utc(now)

    def monotonic_s(self) -> float:
        return time.monotonic()

    def now(self) -> datetime:
        if self._start is None:
            return datetime.now(UTC)
        return self._start + timedelta(seconds=self.monotonic_s() - self._began_s)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class VirtualClock:
    """Time that passes only in `sleep`, and there at once."""

    def __init__(self, start: datetime) -> None:
        self._start = _utc(start)
        self._passed_s = 0.0

    def monotonic_s(self) -> float:
        return self._passed_s

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._passed_s)

    def sleep(self, seconds: float) -> None:
        if seconds < 0:
            raise ValueError(f"nobody sleeps for {seconds} s")
        self._passed_s += seconds


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} names no offset from UTC")
    return moment.astimezone(UTC)
