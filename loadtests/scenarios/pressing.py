"""A load scenario: users that press with ready bytes, each answer judged at once. Subclasses say in what order.

Beside `Scenario`, which probes one request at a time, these have a share of the catalogue each, rows for every
exchange, and figures at the end.
"""

from typing import ClassVar

from contracts.exchanges.exchange import NoAnswer
from contracts.exchanges.records import Reference
from contracts.run.target import UsageError
from contracts.wire.transport import CannotSendError
from contracts.wire.wire import Stopped
from loadtests.run.clock import ENDING
from loadtests.run.hub_line import hub_line
from loadtests.run.options import Choices
from loadtests.scenarios.arrivals import Arrivals
from loadtests.scenarios.scenario import MEANT, NAME, Scenario
from loadtests.wire.batches import Batch, Share, divide
from loadtests.wire.keeping import Sending

FAULTY_EVERY = 500  # of a user's batches one has a faulty record: rare enough not to matter for the figures
OF_CAP = 0.8  # of the requests that the cap allows, where a scenario is to last its time
FAULTY_USERS = 4  # so many users send such, the first time early on


class Pressing(Scenario):
    """A Locust user with a load wire and a share of the catalogue of its own."""

    abstract = True
    own_records: ClassVar[int] = 10
    own_requests: ClassVar[int | None] = 1_000_000
    keeps_all: ClassVar[bool] = False  # few exchanges, which matter one by one
    arrival: ClassVar[str] = "closed"
    arrivals: ClassVar[Arrivals | None] = None
    shares: ClassVar[list[Share]] = []

    @classmethod
    def prepare(cls, users: int, seconds: float) -> None:  # noqa: ARG003 — as long as it takes
        """Divide the catalogue, before the first user comes. Raises UsageError where it is too small for so many."""
        session = cls.session
        parts = cls.divided(session.choices, users)
        rig = session.rig(cls.__name__, cls.keeps_all)
        rig.keeper.listeners.append(session.learn)
        cls.shares = [Share(part, rig.head, rig.first, place) for place, part in enumerate(parts)]

    @classmethod
    def divided(cls, choices: Choices, users: int) -> list[tuple[Reference, ...]]:
        """Whose references are which. Raises UsageError where the catalogue is too small for so many users."""
        known = choices.catalogue
        if users > len(known):
            raise UsageError(
                f"{users} users need {users} references of their own, the catalogue has {len(known)}: fewer -u"
            )
        return divide(known, users, choices.records_per_batch or cls.most_records())

    @classmethod
    def measure(cls, users: int) -> None:
        """The figures that every load scenario has."""
        question = (cls.__doc__ or "").partition("\n")[0]
        cls.session.measure(cls.__name__, question, users=users, arrival=cls.arrival, arrivals=cls.arrivals)

    @classmethod
    def most_records(cls) -> int | None:
        """How many references one user needs at most; None: as many as there are."""
        return cls.own_records

    @classmethod
    def spacing_within_cap_s(cls, seconds: float, at_once: int = 1) -> float:
        """The least time between two requests, or bursts of so many, with which the cap outlasts the test."""
        caps = (cls.session.choices.max_requests, cls.own_requests)
        return seconds * at_once / (OF_CAP * min(cap for cap in caps if cap))

    def join(self) -> None:
        """Take a wire and a share."""
        self.number = Scenario.joined
        Scenario.joined += 1
        self.load_wire = self.session.load_wire(self.session.rig(type(self).__name__, self.keeps_all), hub_line)
        self.mine = self.shares[self.number % len(self.shares)]
        self.batches = 0

    def leave(self) -> None:
        self.load_wire.close()

    def next_batch(self) -> Batch:
        """All of the share's references; now and then one of them faulty, at a place that moves."""
        size = len(self.mine.references)
        self.batches += 1
        due = self.number < FAULTY_USERS and self.batches % FAULTY_EVERY == 3 + 2 * self.number
        if due and size > 1:
            return self.mine.batch(size, ((self.batches // FAULTY_EVERY) % min(size, 8),))
        return self.mine.batch(size)

    def press(self, batch: Batch, purpose: str, due_s: float | None = None) -> Sending:
        """Send one batch and tell Locust. Raises Stopped where the cap, the test's time or the target ends it."""
        session = self.session
        if session.stopped is not None:
            raise Stopped(session.stopped)
        if session.clock.ending:
            raise Stopped(ENDING)
        if session.left_for_load < 2:
            raise Stopped(f"the cap of {session.choices.max_requests} requests is reached")
        if unwritten := session.unwritten:
            raise Stopped(unwritten)  # what leaves no trace shall not be done
        try:
            sending = self.load_wire.send(batch, purpose, due_s)
        except CannotSendError as error:
            raise Stopped(f"this machine cannot send: {error}") from None
        self._fire(sending)
        return sending

    def _fire(self, sending: Sending) -> None:
        row = sending.row
        self.environment.events.request.fire(
            request_type="POST",
            name=NAME,
            response_time=(row.answered_s - row.sent_s) * 1000,
            response_length=row.body_bytes,
            exception=None if row.status in MEANT else _error(sending),
            context={},
        )


def _error(sending: Sending) -> RuntimeError:
    outcome = sending.outcome
    return RuntimeError(str(outcome.cause) if isinstance(outcome, NoAnswer) else f"status {sending.row.status}")
