"""Stampede: everybody at once, again and again, no two alike, so that an answer to another's request shows.

In every other burst no two batches are of one size, one time in four large ones; in those between all are, and each has
its fault at another place, but for one that has none. All of the allowance is used: what the last burst of a window has
too many of is refused. Two bursts in four begin with new connections, all at once, and in the midst of each stands
somebody without the key. One burst in three is small: of few at once every order can be tried, so a Remaining that none
explains shows.
"""

from contextlib import suppress
from typing import ClassVar

import gevent
from gevent.event import Event

from contracts.drivers.references import References
from contracts.drivers.run import as_it_is, batch
from contracts.rules.limiters.rows import TICK, Terms
from contracts.wire.wire import Stopped, Wire
from loadtests.run.clock import ENDING
from loadtests.scenarios.pressing import Pressing
from loadtests.scenarios.scenario import EVERY_ANSWER
from loadtests.scenarios.shapes import of_all_sizes, of_large_sizes, of_one_size
from loadtests.wire.batches import Batch
from openapi.ledger import AUTH_1, LOAD_1, UPS_2

SMALL_EVERY, FEW = 3, 4
LARGE_EVERY = 8  # bursts
LONG_ENOUGH = 1.02  # so that nothing of what is told then is left from before, by whatever limiter and clock
STRANGERS = (None, "Bearer ${BSPK_API_KEY}0", "Bearer ${BSPK_API_KEY%?}")


class Stampede(Pressing):
    """Bursts of all users at once, no two batches alike: is each answered by its own, and does nothing break?"""

    divisible = True
    own_users = 12
    own_seconds = 20.0
    own_requests = 5_000
    keeps_all = True
    owes = (*EVERY_ANSWER, UPS_2, LOAD_1, AUTH_1)
    users: ClassVar[int] = 0
    gathered: ClassVar[int] = 0
    burst: ClassVar[int] = 0
    barrier: ClassVar[Event] = Event()
    spacing_s: ClassVar[float] = 0.0
    next_s: ClassVar[float] = 0.0  # when the next burst may begin
    stranger: ClassVar[Wire | None] = None

    @classmethod
    def prepare(cls, users: int, seconds: float) -> None:
        """As any, before the first burst."""
        cls.stranger = cls.session.wire()  # before the load wires, whose numbers come after it
        super().prepare(users, seconds)
        cls.users, cls.gathered, cls.burst, cls.barrier = users, 0, 0, Event()
        cls.spacing_s, cls.next_s = cls.spacing_within_cap_s(seconds, users + 1), 0.0  # with the stranger

    @classmethod
    def most_records(cls) -> int | None:
        return None

    def step(self) -> None:
        """Wait for the others, then go with them."""
        burst, intruder = self._gather()
        if burst // 2 % 2:
            self.load_wire.close()
        try:
            if burst % SMALL_EVERY != SMALL_EVERY - 1 or self.number % self.users < FEW:
                self.press(self._own_batch(burst), "stampede")
        finally:  # also where the test ends: judging would keep its answer waiting until it seemed to have timed out
            if intruder is not None:
                intruder.join()

    def _gather(self) -> tuple[int, gevent.Greenlet | None]:
        """The number of the burst, once everybody is there and the allowance too; the last to come has company."""
        cls, barrier, burst = type(self), self.barrier, self.burst
        cls.gathered += 1
        if cls.gathered < cls.users:
            while not barrier.wait(0.1):
                if self.session.clock.ending or self.session.stopped:
                    raise Stopped(self.session.stopped or ENDING)
            return burst, None
        self._keep_silence()
        cls.next_s = self.session.elapsed_s + cls.spacing_s
        cls.gathered, cls.burst, cls.barrier = 0, burst + 1, Event()
        barrier.set()
        return burst, gevent.spawn(self._intrude, burst)

    def _intrude(self, burst: int) -> None:
        """One batch without the key, of records that nobody has: let in, it does no harm."""
        session, wire = self.session, self.stranger
        if wire is None or session.clock.ending or session.left_for_load < 2 * self.users:
            return
        purpose = "stampede, without the key"
        records = batch(purpose, [as_it_is], authorization=STRANGERS[burst % len(STRANGERS)])
        with suppress(Stopped):
            outgoing = records.build(References((), session.clock.now()))
            wire.send(outgoing, driver=type(self).__name__, purpose=purpose, wait=False)

    def _keep_silence(self) -> None:
        """Where nothing is left: one window of silence, or the burst would be one of refusals."""
        session = self.session
        window_s = session.choices.window_s
        silence_s = LONG_ENOUGH * Terms(1, window_s, TICK * window_s).longest_s
        session.clock.sleep(silence_s if session.remaining == 0 else self.next_s - session.elapsed_s)

    def _own_batch(self, burst: int) -> Batch:
        known = len(self.mine.references)
        if self.session.choices.records_per_batch:
            return self.mine.batch(known)
        place = (self.number + burst) % self.users
        if burst % 2:
            return self.mine.batch(*of_one_size(place, self.users, known))
        large = burst % LARGE_EVERY == LARGE_EVERY - 2
        return self.mine.batch(*(of_large_sizes(place, self.users, known) if large else of_all_sizes(place, known)))
