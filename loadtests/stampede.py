"""Stampede: everybody at once, again and again, no two alike, so that an answer to another's request shows.

In every other burst no two batches are of one size; in those between, all are, and each has its fault at another place.
"""

from typing import ClassVar

from gevent.event import Event

from contracts.rules.limiters.rows import Terms
from contracts.wire import Stopped
from loadtests.batches import Batch
from loadtests.pressing import Pressing
from loadtests.scenario import EVERY_ANSWER
from loadtests.session import ENDING
from openapi.ledger import LOAD_1, UPS_2

SMALLEST = 2


class Stampede(Pressing):
    """Bursts of all users at once, no two batches alike: is each answered by its own, and does nothing break?"""

    divisible = True
    own_users = 12
    own_seconds = 20.0
    own_requests = 5_000
    keeps_all = True
    owes = (*EVERY_ANSWER, UPS_2, LOAD_1)
    users: ClassVar[int] = 0
    gathered: ClassVar[int] = 0
    burst: ClassVar[int] = 0
    barrier: ClassVar[Event] = Event()

    @classmethod
    def prepare(cls, users: int, seconds: float) -> None:
        """As any, before the first burst."""
        super().prepare(users, seconds)
        cls.users, cls.gathered, cls.burst, cls.barrier = users, 0, 0, Event()

    @classmethod
    def most_records(cls) -> int | None:
        return None

    def step(self) -> None:
        """Wait for the others, then go with them."""
        burst = self._gather()
        self.press(self._own_batch(burst), "stampede")

    def _gather(self) -> int:
        """The number of the burst, once everybody is there and the allowance too."""
        cls, barrier, burst = type(self), self.barrier, self.burst
        cls.gathered += 1
        if cls.gathered < cls.users:
            while not barrier.wait(0.1):
                if self.session.clock.ending or self.session.stopped:
                    raise Stopped(self.session.stopped or ENDING)
            return burst
        self._keep_silence()
        cls.gathered, cls.burst, cls.barrier = 0, burst + 1, Event()
        barrier.set()
        return burst

    def _keep_silence(self) -> None:
        """Where less is left than a burst takes: one window of silence, or the burst would be one of refusals."""
        session = self.session
        if session.remaining is not None and session.remaining < min(self.users, session.limit or 1):
            session.clock.sleep(Terms(1, session.choices.window_s).longest_s)

    def _own_batch(self, burst: int) -> Batch:
        known = len(self.mine.references)
        place = (self.number + burst) % self.users
        if self.session.choices.records_per_batch:
            return self.mine.batch(known)
        if burst % 2 == 0:
            return self.mine.batch(min(SMALLEST + place, known))
        size = min(SMALLEST + self.users, known)
        return self.mine.batch(size, (place % size,)) if size > 1 else self.mine.batch(size)
