"""What a run writes down as it happens: JSON lines, valid whenever the writing ends. Judges nothing, sends nothing.

The first line says what run it was; then come exchanges, the promises each driver owes, and how it ended. The key is
struck out on the way in. Each line is flushed as it comes; a last line that broke off is passed over when read.
"""

import io
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Lock

import msgspec

from contracts.exchanges.exchange import Answer, Exchange, NoAnswer, Request
from contracts.history.journal import NAME as JOURNAL
from contracts.history.journal import Journal, accepted, lines
from contracts.history.lines import Finished, Line, Owes, RunLine, Stopped, encode, write_exchange
from contracts.history.secrets import Secret
from contracts.history.story import Growing, RunFacts, Story

Headers = tuple[tuple[str, str], ...]


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
        self._growing = Growing(struck)
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
