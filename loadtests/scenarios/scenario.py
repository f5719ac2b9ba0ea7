"""What every scenario has: a wire of its own, the session all share, and Locust told of each exchange.

Judges nothing: Locust's figures are a view, the history is the evidence.
"""

from collections.abc import Iterable
from typing import ClassVar

import gevent
from locust import User, task
from locust.exception import StopUser

from contracts.drivers.run import Edit, as_it_is, batch
from contracts.exchanges.exchange import Exchange, NoAnswer
from contracts.wire.wire import Stopped, Wire
from loadtests.run.session import Session
from openapi.ledger import (
    AUTH_2,
    ERR_2,
    FMT_1,
    LOAD_1,
    RATE_1,
    RATE_2,
    RATE_3,
    RATE_4,
    RATE_5,
    RATE_6,
    RES_1,
    RES_2,
    RES_3,
    RES_4,
    RES_5,
    RES_6,
    UPS_3,
    Promise,
)

NAME = "POST …/batches"
EVERY_BATCH = (
    *(AUTH_2, ERR_2, UPS_3, FMT_1),
    *(RATE_1, RATE_2, RATE_3, RATE_4, RATE_5, RATE_6),
    *(RES_1, RES_2, RES_3, RES_4, RES_5, RES_6),
)  # what batches pushed through the limit put to the test, whoever pushes them
EVERY_ANSWER = tuple(promise for promise in EVERY_BATCH if promise not in (RATE_1, RATE_2, RATE_5))  # limit or no limit
ENDING_S = 0.2  # for the other users to end by themselves: Locust complains of whom it finds just ending
MEANT = (200, 422, 429)  # statuses that Locust shall not count as failures


def without_quantity(record: dict[str, object]) -> object:
    """A record that breaks the schema, whatever the server makes of references and moments."""
    return {name: value for name, value in record.items() if name != "quantity"}


class Scenario(User):
    """A Locust user that pushes catalogued batches. Subclasses say what one step of theirs is."""

    abstract = True
    owes: ClassVar[tuple[Promise, ...]] = EVERY_BATCH
    own_users: ClassVar[int] = 1
    own_seconds: ClassVar[float | None] = None  # None: it ends by itself
    divisible: ClassVar[bool] = False  # may run on several workers, each for itself
    own_requests: ClassVar[int | None] = None  # the cap where none was chosen; None: as for any probe
    session: ClassVar[Session]  # of the test under way
    joined: ClassVar[int] = 0  # users of this test so far
    refused: ClassVar[bool] = False  # it could not begin, and Locust has its users come all the same

    @classmethod
    def prepare(cls, users: int, seconds: float) -> None:
        """What has to be there before the first user comes; the test takes so many seconds, if it ends by the clock."""

    @classmethod
    def measure(cls, users: int) -> None:
        """Put the scenario's figures, if it has any, into the session, once its last user has ended."""

    def on_start(self) -> None:
        if not self.refused:
            self.join()

    def on_stop(self) -> None:
        if not self.refused:
            self.leave()

    def join(self) -> None:
        """Take a wire and a share of the catalogue."""
        self.number = Scenario.joined
        Scenario.joined += 1
        self.wire = self.session.wire()
        self.references = self.session.share(self.number)
        self.batches = 0  # that were let in

    def leave(self) -> None:
        """Leave no connection behind."""

    def step(self) -> None:
        """What is done again and again until the test ends. Raises Stopped where it cannot go on."""
        raise NotImplementedError

    @task
    def play(self) -> None:
        if self.refused:
            raise StopUser  # here, since Locust complains of who leaves before that
        try:
            self.step()
        except Stopped as stopped:
            self.session.stop(stopped.reason)
            self.end()
        except StopUser:
            raise
        except Exception:  # a fault of ours: Locust notes it, and would play the same again and again
            self._end_test()
            raise

    def end(self) -> None:
        """This user has done its part, and with it the test."""
        self._end_test()
        raise StopUser

    def _end_test(self) -> None:
        runner = self.environment.runner
        headless = self.environment.web_ui is None
        if runner is not None and not self.session.clock.ending:
            self.session.clock.ending = True  # once: Locust may not be told twice
            gevent.spawn_later(ENDING_S, runner.quit if headless else runner.stop)

    def push(self, size: int, purpose: str, wire: Wire | None = None) -> Exchange:
        """One batch, on this user's wire or another; of those let in, every fifth has a faulty record in its midst."""
        edits: list[Edit] = [as_it_is] * size
        if self.batches % 5 == 4:
            edits[size // 2] = without_quantity
        outgoing = batch(purpose, edits).build(self.references)
        exchange = self.session.send(wire or self.wire, outgoing, type(self).__name__, purpose)
        self.batches += exchange.status in (200, 422)
        self._tell(exchange)
        return exchange

    def _tell(self, exchange: Exchange) -> None:
        """In a closed loop a request is due when it is sent: nothing waits behind the one before it."""
        outcome, status = exchange.outcome, exchange.status
        fault = str(outcome.cause) if isinstance(outcome, NoAnswer) else f"status {status}"
        self.environment.events.request.fire(
            request_type="POST",
            name=NAME,
            response_time=(exchange.answered_s - exchange.sent_s) * 1000,
            response_length=len(exchange.answer.body) if exchange.answer else 0,
            exception=None if status in MEANT else RuntimeError(fault),
            context={},
        )


def owed(scenario: type[Scenario], records_per_batch: int | None) -> Iterable[Promise]:
    """What a scenario owes: with batches of one size a swap of answers cannot show, and LOAD-1 is out of scope."""
    return [promise for promise in scenario.owes if promise is not LOAD_1 or not records_per_batch]
