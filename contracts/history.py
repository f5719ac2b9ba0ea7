"""What a run writes down as it happens: JSON lines, valid whenever the writing ends. Judges nothing, sends nothing.

The first line says what run it was; then come exchanges, the promises each driver owes, and how it ended. The key is
struck out on the way in. Each line is flushed as it comes; a last line that broke off is passed over when read.
"""

import io
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from threading import Lock

import msgspec

from contracts.exchange import Answer, Exchange, NoAnswer, Request
from contracts.history_lines import (
    ExchangeLine,
    Finished,
    Line,
    Owes,
    RunLine,
    Stopped,
    decode,
    encode,
    read_exchange,
    write_exchange,
)
from contracts.journal import NAME as JOURNAL
from contracts.journal import Journal, accepted, lines
from contracts.rows import NAME as ROWS
from contracts.rows import NO_ROWS, Rows, read_rows
from contracts.secrets import Secret

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What a run was. Raises ValueError where `started_at` names no offset."""

    base_url: str
    document_sha256: str
    seed: int
    started_at: datetime  # aware, UTC; the moment from which exchanges count their seconds
    window_s: float
    catalogue: tuple[tuple[str, str, str], ...]  # product_ref, sku, store_ref
    room: str  # "contracts", or a load scenario's name

    def __post_init__(self) -> None:
        if self.started_at.tzinfo is None:
            raise ValueError(f"started_at {self.started_at.isoformat()} names no offset from UTC")


@dataclass(frozen=True)
class Story:
    """A history as far as it was written."""

    facts: RunFacts
    exchanges: tuple[Exchange, ...]
    owed: Mapping[str, tuple[str, ...]]  # driver -> the ids of the promises that it set out to exercise
    finished: frozenset[str]  # the drivers that came to their end
    stopped: str | None  # why no more was sent, where traffic ended early
    torn: bool  # the last line broke off, and was passed over
    rows: Rows = field(default_factory=lambda: NO_ROWS, compare=False)  # of a flood: every exchange, kept whole or not
    hurried: bool = False  # whoever pressed Ctrl-C waits for the report: what takes long is left to a later judgement


class _Growing:
    """A story as it comes to be, line by line."""

    def __init__(self, facts: RunFacts) -> None:
        self.facts = facts
        self.exchanges: list[Exchange] = []
        self.owed: dict[str, tuple[str, ...]] = {}
        self.finished: set[str] = set()
        self.stopped: str | None = None

    def take(self, line: Line | Exchange) -> None:
        """Raises ValueError for a second run in one history, and for an exchange without its one outcome."""
        match line:
            case Exchange():
                self.exchanges.append(line)
            case ExchangeLine():
                self.exchanges.append(read_exchange(line))
            case Owes():
                self.owed[line.driver] = tuple(dict.fromkeys((*self.owed.get(line.driver, ()), *line.promises)))
            case Finished():
                self.finished.add(line.driver)
            case Stopped():
                self.stopped = self.stopped or line.why
            case RunLine():
                raise ValueError("a second run begins in this history")

    def story(self, *, torn: bool = False) -> Story:
        return Story(self.facts, tuple(self.exchanges), dict(self.owed), frozenset(self.finished), self.stopped, torn)


class HistoryWriter:
    """Keeps one run's history in memory, and in a new file where a path is given. May be shared by threads.

    Raises FileExistsError where something lies at the path already.
    """

    def __init__(self, path: Path | None, facts: RunFacts, secret: Secret | None) -> None:
        self._secret = secret
        self._lock = Lock()
        self._file: io.FileIO | None = None
        self._journal: Journal | None = None
        self._whole_bytes = 0
        self.held_bytes = 0  # of bodies, in memory
        self.unwritten: str | None = None  # why the file is not whole, where it is not
        struck = replace(
            facts,
            base_url=self._strike(facts.base_url),
            catalogue=tuple((self._strike(p), self._strike(s), self._strike(t)) for p, s, t in facts.catalogue),
        )
        self._growing = _Growing(struck)
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("xb", buffering=0)  # what cannot be written shows at once
            self._journal = Journal(path.with_name(JOURNAL))
        self._write(msgspec.convert(struck, RunLine, from_attributes=True))

    @property
    def facts(self) -> RunFacts:
        """The run's facts, as written."""
        return self._growing.facts

    def append(self, exchange: Exchange, *, journal: bool = True) -> Exchange:
        """Write an exchange, and return it as written: without the key. Use that one from here on.

        Its accepted writes are noted in the journal, unless somebody else sums them up.
        """
        struck = self._struck(exchange)
        self.held_bytes += len(struck.request.body) + (len(struck.answer.body) if struck.answer else 0)
        self._take(struck)
        if journal and self._journal is not None:
            self.wrote(lines(accepted(struck)))
        return struck

    def wrote(self, raw: bytes) -> None:
        """Lines for the journal of accepted writes."""
        with self._lock:
            if self._journal is None or self._file is None:
                return
            try:
                self._journal.write(self._strike_bytes(raw))
            except OSError as error:
                self._give_up(error)

    def owes(self, driver: str, promises: Iterable[str]) -> None:
        """The driver sets out to exercise these promises, by id."""
        self._take(Owes(driver, tuple(promises)))

    def finished(self, driver: str) -> None:
        """The driver came to its end: what it owes was put to the test."""
        self._take(Finished(driver))

    def stopped(self, why: str) -> None:
        """No more traffic will go; the first reason stays."""
        self._take(Stopped(self._strike(why)))

    def story(self) -> Story:
        """All so far."""
        with self._lock:
            return self._growing.story()

    def close(self) -> None:
        """Close the file; the story can still be asked for."""
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._journal is not None:
            self._journal.close()

    def _take(self, line: Line | Exchange) -> None:
        with self._lock:
            self._growing.take(line)
            self._write(write_exchange(line) if isinstance(line, Exchange) else line)

    def _write(self, line: Line) -> None:
        """A whole line or none: where the rest of one does not fit, its beginning is taken back."""
        if self._file is None:
            return
        raw = encode(line)
        try:
            written = self._file.write(raw)
            if written < len(raw):  # the disk took a part, and says why at the next try
                self._file.write(raw[written:])
        except OSError as error:
            self._give_up(error)
            return
        self._whole_bytes += len(raw)

    def _give_up(self, error: OSError) -> None:
        self.unwritten = f"the history cannot be written: {error.strerror}"
        if self._file is not None:
            with suppress(OSError):
                self._file.truncate(self._whole_bytes)
            self._file.close()
            self._file = None

    def _strike(self, text: str) -> str:
        # What came as undecodable bytes could not be written as JSON.
        writable = text.encode("utf-8", "backslashreplace").decode()
        return self._secret.strike(writable) if self._secret else writable

    def _strike_bytes(self, body: bytes) -> bytes:
        return self._secret.strike_bytes(body) if self._secret else body

    def _strike_headers(self, headers: Headers) -> Headers:
        return tuple((self._strike(name), self._strike(value)) for name, value in headers)

    def _struck(self, exchange: Exchange) -> Exchange:
        sent, outcome = exchange.request, exchange.outcome
        headers = self._strike_headers(sent.headers)
        request = Request(self._strike(sent.method), self._strike(sent.path), headers, self._strike_bytes(sent.body))
        if isinstance(outcome, Answer):
            headers = self._strike_headers(outcome.headers)
            outcome = Answer(outcome.status, headers, self._strike_bytes(outcome.body))
        else:
            outcome = NoAnswer(outcome.cause, self._strike(outcome.detail))
        driver, purpose = self._strike(exchange.driver), self._strike(exchange.purpose)
        return replace(exchange, request=request, outcome=outcome, driver=driver, purpose=purpose)


def read_history(path: Path) -> Story:
    """Read a history back, with the rows beside it. Raises ValueError with the line's number for a file that is none;
    OSError as `open` does.
    """
    return replace(_read_lines(path), rows=read_rows(path.with_name(ROWS)))


def _read_lines(path: Path) -> Story:
    with path.open("rb") as file:
        growing = _begin(next(file, b""))
        for number, raw in enumerate(file, start=2):
            try:
                _read_line(growing, raw, number)
            except ValueError:
                if raw.endswith(b"\n"):
                    raise
                return growing.story(torn=True)  # the last line broke off
    return growing.story()


def _begin(raw: bytes) -> _Growing:
    if not raw:
        raise ValueError("line 1: the file is empty")
    try:
        line = decode(raw)
    except ValueError as error:
        raise ValueError(f"line 1: {error}") from error
    if isinstance(line, RunLine):
        return _Growing(msgspec.convert(line, RunFacts, from_attributes=True))
    raise ValueError("line 1: a history begins with what run it was")


def _read_line(growing: _Growing, raw: bytes, number: int) -> None:
    try:
        growing.take(decode(raw))
    except ValueError as error:
        raise ValueError(f"line {number}: {error}") from error
