"""A load test over several processes: the master divides it, workers press, and all their evidence comes together.

The master sends each worker its part (references, numbers, requests, rate) before Locust has it spawn users; rows and
kept exchanges come back with Locust's own reports, the rest when the test ends. Rows of machines whose clocks differ
are off by as much: keep them on one time (NTP).
"""

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import gevent
import msgspec
from locust.rpc.protocol import Message
from locust.runners import MasterRunner, WorkerRunner

from contracts.history import journal, rows
from contracts.history.lines import ExchangeLine, decode, read_exchange
from contracts.interrupts import INTERRUPTED
from contracts.run.target import UsageError
from loadtests.run.options import Choices
from loadtests.run.rig import Sender
from loadtests.run.session import Session
from loadtests.scenarios.scenario import Scenario
from loadtests.wire.batches import divide

PART, ENDING, ENDED = "harness-part", "harness-ending", "harness-ended"  # Locust's custom messages
PATIENCE_S = 10.0  # for a worker's last word, beyond its time-out
GRACE_S = 3.0  # after Ctrl-C, for a master that got it too to say so
_KEPT: list[Path] = []  # a worker's folders, one a test


class Part(msgspec.Struct, frozen=True):
    """What one of `of` workers gets."""

    index: int
    of: int
    users: int
    embedded: bool  # the target is the embedded sandbox
    catalogue: tuple[tuple[str, str, str], ...]
    first_seq: int
    max_requests: int
    started_at: datetime
    first: datetime
    limit: int | None

    @property
    def began(self) -> tuple[datetime, datetime, int | None]:
        """What the master knew when it divided the test."""
        return self.started_at, self.first, self.limit

    def choices(self, whole: Choices) -> Choices:
        """The test's choices, for this part; its evidence goes through a folder that ends with this process."""
        folder = Path(tempfile.mkdtemp(prefix="harness-worker-"))
        _KEPT.append(folder)
        atexit.register(drop_evidence)
        return replace(
            whole,
            catalogue=self.catalogue,
            first_seq=self.first_seq,
            max_requests=self.max_requests,
            restore=(),
            run_folder=folder,
        )


class Master:
    """The master's side: parts out, evidence in."""

    def __init__(self, runner: MasterRunner, session: Session) -> None:
        self._runner, self._session = runner, session
        self._rows = (session.folder / rows.NAME).open("xb")
        self._waiting: set[str] = set()
        self._sums = Sender()

    def divide(self, users: int, embedded: bool) -> None:
        """Send every worker its part. Raises UsageError where the catalogue is too small for so many."""
        session, clients = self._session, [client.id for client in self._runner.clients.ready]
        choices, of = session.choices, max(len(clients), 1)
        if users > len(choices.catalogue):
            raise UsageError(
                f"{users} users need as many references, the catalogue has {len(choices.catalogue)}: fewer -u"
            )
        cap = session.left // of
        for index, (client, share) in enumerate(zip(clients, divide(choices.catalogue, of), strict=False)):
            first_seq = choices.first_seq + choices.max_requests * (1 + index)
            part = Part(
                *(index, of, -(-users // of), embedded, share, first_seq, cap),
                *(session.history.facts.started_at, session.first, session.limit),
            )
            self._runner.send_message(PART, {"part": msgspec.json.encode(part)}, client)
            self._waiting.add(client)

    def take(self, data: Mapping[str, Any]) -> None:
        """Evidence from a worker, as `Worker.evidence` tells it."""
        self._rows.write(data["rows"])
        for row in rows.from_bytes(data["rows"]).tolist():
            self._session.learn(rows.LoadRow(*row))
        for raw in data["lines"]:
            line = decode(raw)
            if isinstance(line, ExchangeLine):
                self._session.history.append(read_exchange(line), journal=False)
        self._session.history.wrote(data["writes"])

    def ended(self, client: str, data: Mapping[str, Any]) -> None:
        """A worker's last word."""
        self.take(data)
        self._waiting.discard(client)
        sums, told = self._sums, Sender(**data["sender"])
        sums.sent, sums.late = sums.sent + told.sent, sums.late + told.late
        sums.worst_s, sums.busy = max(sums.worst_s, told.worst_s), max(sums.busy, told.busy)
        if data["stopped"]:
            self._session.stop(str(data["stopped"]))

    def collect(self) -> None:
        """Wait until every worker has spoken its last word; one that does not is lost, and the test undecided."""
        self._runner.send_message(ENDING)
        with gevent.Timeout(self._session.choices.timeout_s + PATIENCE_S, False):
            while self._alive():
                gevent.sleep(0.05)
        self._rows.close()
        self._sums.lost = len(self._waiting)
        self._session.sender = self._sums
        if self._waiting:
            self._session.stop(f"{len(self._waiting)} of the workers were lost, and what they saw with them")

    def _alive(self) -> set[str]:
        there = {client.id for client in self._runner.clients.all if client.state != "missing"}
        return self._waiting & there


@dataclass
class Worker:
    """The worker's side of one test: what it has sent of its evidence so far."""

    runner: WorkerRunner
    session: Session
    rows_sent: int = 0
    lines_sent: int = 0
    writes_sent: int = len(journal.HEADER)
    done: bool = False  # its last word is spoken

    def evidence(self) -> dict[str, Any]:
        """What has come since the last time: packed rows, lines of the history, and of the journal."""
        self.session.flush()
        folder = self.session.folder
        packed = _from(folder / rows.NAME, self.rows_sent, rows.DTYPE.itemsize)
        whole = _whole_lines(folder / "history.jsonl", self.lines_sent)
        writes = _whole_lines(folder / journal.NAME, self.writes_sent)
        self.rows_sent, self.lines_sent = self.rows_sent + len(packed), self.lines_sent + len(whole)
        self.writes_sent += len(writes)
        return {"rows": packed, "lines": whole.splitlines(), "writes": writes}

    def last_word(self) -> None:
        """All the rest, once the last user has ended: then the master has it, and the folder can go."""
        session, self.done = self.session, True
        told = {"sender": asdict(session.sender or Sender()), "stopped": session.stopped}
        self.runner.send_message(ENDED, {**self.evidence(), **told})
        session.close()
        shutil.rmtree(session.folder, ignore_errors=True)


def check_divisible(scenarios: Iterable[type[Scenario]]) -> None:
    """Raises UsageError for a scenario that steers by all of its own answers."""
    for scenario in scenarios:
        if not scenario.divisible:
            raise UsageError(f"{scenario.__name__} runs in one process: leave --processes and --master out")


def listen_as_worker(
    runner: WorkerRunner, take_part: Callable[[Part], None], current: Callable[[], Worker | None]
) -> None:
    """What a worker does at its master's word, and what it adds to its reports."""

    def part(msg: Message, **_: Any) -> None:
        take_part(msgspec.json.decode(msg.data["part"], type=Part))

    def end(**_: Any) -> None:
        runner.stop()

    def report(data: dict[str, Any], **_: Any) -> None:
        if (worker := current()) is not None and not worker.done:
            data["evidence"] = worker.evidence()

    runner.register_message(PART, part)
    runner.register_message(ENDING, end, concurrent=True)
    runner.environment.events.report_to_master.add_listener(report)  # type: ignore[no-untyped-call]  # as in locustfile


def watch_parent(gone: Callable[[], None]) -> None:
    """Say so when the process that began this one has ended before it; for a greenlet."""
    parent = os.getppid()
    while os.getppid() == parent:
        gevent.sleep(1.0)
    gone()


def end_without_master() -> None:
    """At once: nobody takes what this worker saw."""
    drop_evidence()
    os._exit(INTERRUPTED)


def drop_evidence() -> None:
    """What was kept for a master that will not ask for it."""
    for folder in _KEPT:
        shutil.rmtree(folder, ignore_errors=True)


def listen_as_master(runner: MasterRunner, current: Callable[[], Master | None]) -> None:
    """What a master takes from its workers' reports and last words."""

    def ended(msg: Message, **_: Any) -> None:
        if (master := current()) is not None:
            master.ended(msg.node_id, msg.data)

    def report(data: dict[str, Any], **_: Any) -> None:
        if (master := current()) is not None and "evidence" in data:
            master.take(data["evidence"])

    runner.register_message(ENDED, ended)
    runner.environment.events.worker_report.add_listener(report)  # type: ignore[no-untyped-call]  # as in locustfile


def _from(path: Path, place: int, step: int) -> bytes:
    if not path.exists():
        return b""
    with path.open("rb") as file:
        file.seek(place)
        content = file.read()
    return content[: len(content) // step * step]


def _whole_lines(path: Path, place: int) -> bytes:
    text = _from(path, place, 1)
    return text[: text.rfind(b"\n") + 1]
