"""The machine's time for a load test, whose silences end when the test does."""

from contracts.wire.clock import SystemClock
from contracts.wire.wire import Stopped

ENDING = "the scenario was ended"
_SLICE_S = 0.1  # of a silence, so that it can be broken off


class EndingClock(SystemClock):
    """Whoever ends the test sets `ending`."""

    def __init__(self) -> None:
        super().__init__()
        self.ending = False

    def sleep(self, seconds: float) -> None:
        """Raises Stopped when the test ends meanwhile."""
        until_s = self.monotonic_s() + seconds
        while (left_s := until_s - self.monotonic_s()) > 0:
            if self.ending:
                raise Stopped(ENDING)
            super().sleep(min(left_s, _SLICE_S))
