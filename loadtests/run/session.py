"""One load test from its first request to its report: the history that all users share, and the cap on what they send.

Knows no scenario. Users are greenlets of one thread, so that nothing here needs a lock.
"""

import time
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from contracts.drivers.references import STEP, References
from contracts.drivers.run import Run
from contracts.drivers.schedule import preflight
from contracts.evidence import Evidence
from contracts.exchanges.exchange import Cause, Exchange, NoAnswer
from contracts.history.rows import NAME as ROWS
from contracts.history.rows import NO_ROWS, LoadRow, Rows, read_rows
from contracts.history.story import RunFacts
from contracts.history.writer import HistoryWriter
from contracts.rules.allowance import LIMIT, REMAINING, header_number
from contracts.run.locks import lock
from contracts.run.restore import needed, restore
from contracts.run.target import UsageError, make_run_folder, unreachable
from contracts.run.watermark import latest_before
from contracts.wire.clock import Clock, SystemClock
from contracts.wire.outgoing import Outgoing
from contracts.wire.wire import MOST_HELD_BYTES, Stopped, Wire
from loadtests.figures.figures import Generator, figures
from loadtests.figures.measures import Figures
from loadtests.run.clock import ENDING, EndingClock
from loadtests.run.options import Choices
from loadtests.run.rig import Rig, Sender
from loadtests.scenarios.arrivals import Arrivals
from loadtests.wire.connection import Lines, PlainLine
from loadtests.wire.keeping import Keeper
from loadtests.wire.wire import LoadWire, Tally, shown_headers
from openapi.document import load_document
from openapi.ledger import Promise

FIRST_AT = timedelta(minutes=2)  # later than what the contracts of the same run send, who begin further back
BROKEN_OFF = "interrupted"
PARTS = ("answered", "failed", "resent", "in_flight")  # of all that was sent
MOST_WIRES = 10_000  # numbers of what is given back come after those of any of them


class Watcher(Protocol):
    """Is told of every request whose end was seen; must be quick."""

    def take(self, row: LoadRow) -> None: ...

    def take_probe(self, exchange: Exchange) -> None: ...


class Session:
    """A load test under way. Raises UsageError where its folder cannot be made."""

    def __init__(
        self,
        choices: Choices,
        owed: Mapping[str, Iterable[Promise]],
        users: int,
        began: tuple[datetime, datetime, int | None] | None = None,
    ) -> None:
        self.choices = choices
        self.clock = EndingClock()
        self.restored: str | None = None  # what came of giving back, in a line
        self._cap = choices.max_requests - needed(choices.restore)
        self.limit = began[2] if began else None  # as the last answer told it
        self.remaining: int | None = None  # likewise
        self.stopped: str | None = None
        self.figures: dict[str, Figures] = {}  # of each scenario that measured something, once it has ended
        self.watch: Watcher | None = None  # who is shown the test while it is under way
        self._in_flight = 0
        self._wires: list[Wire] = []
        now = self.clock.now()
        started_at = began[0] if began else now  # a worker counts from when its master began
        self._began_s = self.clock.monotonic_s() - (now - started_at).total_seconds()
        self.sender: Sender | None = None  # once all has been sent
        self.part, self.parts = 0, 1  # which of how many workers this is
        self._busy_s = time.process_time()
        self.rows: Rows = NO_ROWS
        # A child's parent, and a worker's master, hold the lock for it.
        self._lock = None if choices.run_folder else lock(choices.base_url, choices.catalogue)
        self.folder = choices.run_folder or make_run_folder(choices.runs_dir, started_at)
        sha256 = load_document().sha256
        room = "+".join(owed)
        facts = RunFacts(choices.base_url, sha256, 0, started_at, choices.window_s, choices.catalogue, room)
        try:
            self.history = HistoryWriter(self.folder / "history.jsonl", facts, choices.secret)
        except OSError as error:
            raise UsageError(f"{self.folder}: nothing can be written there: {error.strerror}") from None
        for scenario, promises in owed.items():
            self.history.owes(scenario, [promise.id for promise in promises])
        after = latest_before(choices.base_url, started_at)
        own_first = started_at - FIRST_AT if after is None else max(started_at - FIRST_AT, after + STEP)
        self.first = began[1] if began else own_first  # no `at` of a load wire is earlier
        # Each user writes references of its own, so that of any two records for one it is clear which is later. From
        # the end of the catalogue: the batches of load wires begin at its start, and may come within the same second.
        shares = min(users, len(choices.catalogue))
        self._shares = [
            References(choices.catalogue[share::shares][::-1], started_at, after, FIRST_AT) for share in range(shares)
        ]
        self._rig: Rig | None = None

    @property
    def sent(self) -> int:
        """Requests so far, of all users."""
        sent = self._rig.tally.sent if self._rig else self.sender.sent if self.sender else 0
        for wire in self._wires:  # asked before every request: quicker than `sum`
            sent += wire.sent
        return sent

    def flush(self) -> None:
        """Write the rows that are buffered, so that they can be read."""
        if self._rig is not None:
            self._rig.keeper.flush()

    @property
    def unwritten(self) -> str | None:
        """Why not all of the evidence could be written, where it could not."""
        return self.history.unwritten or (self._rig.keeper.unwritten if self._rig else None)

    @property
    def left(self) -> int:
        """Requests that the cap still allows."""
        return self._cap - self.sent

    @property
    def out(self) -> int:
        """Requests of load wires that are on their way."""
        return self._rig.tally.out if self._rig else 0

    @property
    def left_for_load(self) -> int:
        """The same, any of those out being perhaps sent a second time."""
        return self.left - self.out

    @property
    def elapsed_s(self) -> float:
        """Seconds since the test began, as exchanges count them."""
        return self.clock.monotonic_s() - self._began_s

    def wire(self) -> Wire:
        """A wire for one more user; its numbers leave room for all that those before it may send."""
        wire = self._wire(self._cap, self.choices.max_requests * len(self._wires), self.clock)
        self._wires.append(wire)
        return wire

    def _wire(self, cap: int, numbers: int, clock: Clock, most_held: int = MOST_HELD_BYTES) -> Wire:
        choices = self.choices
        return Wire(
            choices.base_url,
            choices.secret,
            self.history,
            clock=clock,
            max_requests=cap,
            timeout_s=choices.timeout_s,
            verify=choices.verify,
            extra_headers=choices.headers,
            first_seq=choices.first_seq + numbers,
            most_held=most_held,
        )

    def rig(self, driver: str, keep_all: bool) -> Rig:
        """What all load wires of the test share; made once. Its numbers come after those of the preflight.

        Raises UsageError for a proxy that cannot be used.
        """
        if self._rig is None:
            first_seq = self.choices.first_seq + self.choices.max_requests * len(self._wires)
            keeper = Keeper(self.folder, self.history, driver, shown_headers(self.choices.headers), keep_all)
            self._rig = Rig.of(self.choices, keeper, Tally(self.left, first_seq), self.first)
        return self._rig

    def load_wire(self, rig: Rig, line: Lines = PlainLine) -> LoadWire:
        """A wire for one more user of a load test, and what it sends on."""
        monotonic_s, began_s = time.monotonic, self._began_s
        return rig.wire(lambda: monotonic_s() - began_s, line)

    def learn(self, row: LoadRow) -> None:
        """What the next requests may depend on."""
        if row.limit > 0:
            self.limit = row.limit
        self.remaining = None if row.remaining < 0 else row.remaining
        if self.watch is not None:
            self.watch.take(row)

    def measure(
        self, scenario: str, question: str, *, users: int, arrival: str, arrivals: Arrivals | None
    ) -> dict[str, Any]:
        """The scenario's figures from its rows, now that no more come; checks that nothing went missing."""
        if self._rig is not None:
            self._rig.keeper.close()
            if self.unwritten:
                self.stop(self.unwritten)
            busy = (time.process_time() - self._busy_s) / max(self.elapsed_s, 1e-9)
            late, worst_s = (arrivals.late, arrivals.worst_s) if arrivals else (0, 0.0)
            self.sender = Sender(self._rig.tally.sent, late, worst_s, busy)
        if self.sender is None:
            return {}
        self.rows = read_rows(self.folder / ROWS)
        chosen = arrival if arrival == "closed" else self.choices.arrival or arrival
        sender = self.sender
        generator = Generator(users, chosen, sender.late, sender.worst_s, sender.busy, sender.lost)
        told = {"question": question, **figures(self.rows, generator)}
        if not sender.lost and {told["sent"], sum(told[part] for part in PARTS)} != {sender.sent}:
            self.stop(f"a fault of this harness: {sender.sent} requests were sent, {told['sent']} have a row")
        self.figures[scenario] = told
        return told

    def share(self, user: int) -> References:
        """The references that this user writes; fewer references than users are shared."""
        return self._shares[user % len(self._shares)]

    def preflight(self) -> None:
        """Is the target there, and the key accepted? Raises UsageError for a dead port; else it may stop the test."""
        run = Run(self.wire(), self.history, self.share(0), seed=0, depth="quick")
        try:
            preflight(run)
        except Stopped as stopped:
            self.stop(stopped.reason)
            if all(_unreachable(exchange) for exchange in run.evidence.exchanges):
                raise unreachable(self.choices.base_url, stopped.reason) from None
        for exchange in run.evidence.exchanges:
            self._learn(exchange)

    def send(self, wire: Wire, outgoing: Outgoing, driver: str, purpose: str) -> Exchange:
        """As `Wire.send` without its pacing, which knows one user only; within the cap of all users together."""
        if self.stopped is not None:
            raise Stopped(self.stopped)
        if self.clock.ending:
            raise Stopped(ENDING)
        # Any request in flight may yet be sent a second time, on a new connection.
        if self.left < 2 * (self._in_flight + 1):
            raise Stopped(f"the cap of {self._cap} requests is reached")
        self._in_flight += 1
        try:
            exchange = wire.send(outgoing, driver=driver, purpose=purpose, wait=False)
        finally:
            self._in_flight -= 1
        self._learn(exchange)
        return exchange

    def _learn(self, exchange: Exchange) -> None:
        if exchange.answer:
            self.limit = header_number(exchange.answer, LIMIT) or self.limit
            self.remaining = header_number(exchange.answer, REMAINING)
        if self.watch is not None:
            self.watch.take_probe(exchange)

    def stop(self, reason: str) -> None:
        """No more traffic, for this reason; the first one stays. That the scenario was ended is none."""
        if self.stopped is None and reason != ENDING:
            self.stopped = reason
            self.history.stopped(reason)

    def give_back(self) -> None:
        """Write the quantities of `--restore`, however the test went; `restored` says what came of it."""
        if not self.choices.restore or not self.sent:
            return
        self.restored = "restoring was broken off"
        choices = self.choices
        wire = self._wire(
            needed(choices.restore), choices.max_requests * MOST_WIRES, SystemClock(), 2 * MOST_HELD_BYTES
        )
        self._wires.append(wire)
        self.restored = restore(wire, choices.restore, Evidence.of(self.history.story()), self.clock.now())

    def close(self) -> None:
        """Nothing more is written; another run may begin."""
        self.history.close()
        if self._lock is not None:
            self._lock.close()


def _unreachable(exchange: Exchange) -> bool:
    return isinstance(exchange.outcome, NoAnswer) and exchange.outcome.cause is Cause.UNREACHABLE
