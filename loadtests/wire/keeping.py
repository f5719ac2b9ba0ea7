"""What a load test leaves as evidence: a row of every exchange, and whole exchanges within stated bounds.

Kept whole is: all that broke a rule and all that was not plainly right, each with the exchanges that wrote its
references before, so that the judge sees in the history what was known at the time; the first of each kind; one in a
thousand, of large batches fewer. Beyond the bounds a row stays, and its flag says whether it was right.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec

from contracts.evidence import ACCEPTED, Evidence
from contracts.exchanges.exchange import Exchange, NoAnswer, Request
from contracts.exchanges.replies import results_of
from contracts.history import rows
from contracts.history.rows import RIGHT, WRONG, LoadRow
from contracts.history.writer import HistoryWriter
from contracts.judge import findings_at_once
from loadtests.wire.batches import Batch, Share
from loadtests.wire.reply import Reply
from loadtests.wire.written import Written
from openapi.document import OPERATION_PATH

WRONG_KEPT = 2_000  # exchanges that broke a rule
ODD_KEPT = 500  # that broke none, and were not plainly right either
SAMPLE_KEPT = 2_000
KEPT_BYTES = 32 * 1024 * 1024  # of bodies, of each of the three; so memory stays bounded too
FIRST_KEPT = 10  # of each kind: status, size, faulty or not
FIRST_RECORDS = 1_000  # fewer of large batches, to this many records: whoever writes them down generates nothing
SAMPLE_EVERY = 1_000  # likewise, and of batches of more than SAMPLE_RECORDS more rarely by as much as they are larger
SAMPLE_RECORDS = 10
BUFFERED = 1_000  # rows that may be lost if the machine dies

Headers = tuple[tuple[str, str], ...]


class Sending(msgspec.Struct, eq=False):
    """One request of a batch, with what became of it once that is known."""

    row: LoadRow
    batch: Batch
    at: bytes
    purpose: str
    outcome: Reply | NoAnswer | None = None
    kept: bool = False


class _Allowance:
    """So many exchanges, and so many bytes of them."""

    def __init__(self, most: int) -> None:
        self._left, self._bytes_left = most, KEPT_BYTES

    def take(self, size: int) -> bool:
        if self._left <= 0 or self._bytes_left < size:
            return False
        self._left, self._bytes_left = self._left - 1, self._bytes_left - size
        return True


class Keeper:
    """Writes the rows, and what is kept whole into the history. Raises FileExistsError where rows lie there already.

    `headers` are what a request shows of its head; `keep_all` is for few exchanges that matter one by one.
    """

    def __init__(self, folder: Path, history: HistoryWriter, driver: str, headers: Headers, keep_all: bool) -> None:
        self._history, self._driver, self._headers, self._keep_all = history, driver, headers, keep_all
        self._file = (folder / rows.NAME).open("xb", buffering=0)  # it is buffered here
        self._buffer: list[bytes] = []
        self._recent: defaultdict[Share, list[Sending]] = defaultdict(list)
        self._written = Written(history)
        self._kinds: defaultdict[tuple[int, int, bool], int] = defaultdict(int)
        self._wrong, self._odd, self._sample = map(_Allowance, (WRONG_KEPT, ODD_KEPT, SAMPLE_KEPT))
        self.unwritten: str | None = None  # why there are rows missing, where there are
        self.listeners: list[Callable[[LoadRow], None]] = []

    def note(self, sending: Sending) -> None:
        """One exchange at its end, its row complete but for whether it was wrong."""
        row = sending.row
        if row.accepted:
            self._written.whole(sending.batch, sending.at, row.seq)
        if not row.flags & RIGHT and sending.outcome is not None:
            self._judge(sending)
        elif self._is_sample(sending) and self._sample.take(_size(sending)):
            self._keep(sending)
        self._remember(sending)
        self._buffer.append(row.pack())
        if len(self._buffer) >= BUFFERED:
            self.flush()
        for listener in self.listeners:
            listener(row)

    def _judge(self, sending: Sending) -> None:
        """Before the very rules, in the light of what was sent before for the same references."""
        before = [self._exchange(earlier) for earlier in self._recent.get(sending.batch.share, ())]
        exchange = self._exchange(sending)
        facts = replace(self._history.facts, catalogue=sending.batch.share.references)
        evidence = Evidence(facts, [*before, exchange])
        seen = next(seen for seen in evidence.seen if seen.seq == sending.row.seq)
        self._note_accepted(sending, exchange)
        found = bool(findings_at_once(evidence, seen))
        if found and isinstance(sending.outcome, Reply):
            sending.row.flags |= WRONG
        together = [*self._recent.get(sending.batch.share, ()), sending]
        if (self._wrong if found else self._odd).take(sum(_size(each) for each in together if not each.kept)):
            for each in together:
                self._keep(each)

    def _note_accepted(self, sending: Sending, exchange: Exchange) -> None:
        """Of an answer that was not plainly right."""
        told = {each.position for each in results_of(exchange.answer) or () if each.status in ACCEPTED}
        places = [place for place in range(sending.batch.size) if place in told]
        sending.row.accepted = len(places)
        self._written.some(sending.batch, places, sending.at, sending.row.seq)

    def _is_sample(self, sending: Sending) -> bool:
        row = sending.row
        kind = row.status, row.records, sending.batch.faulty != ()
        kept = self._kinds[kind]
        if kept < FIRST_KEPT and (kept == 0 or kept * row.records < FIRST_RECORDS):
            self._kinds[kind] += 1
            return True
        if self._keep_all:
            return True
        return (
            row.seq % SAMPLE_EVERY == 0
            and row.seq % max(SAMPLE_EVERY, row.records * SAMPLE_EVERY // SAMPLE_RECORDS) == 0
        )

    def _remember(self, sending: Sending) -> None:
        """The last sendings of a share that together hold the last of each of its references: batches are prefixes."""
        recent, size = self._recent[sending.batch.share], sending.batch.size
        if recent and recent[-1].batch.size == size:
            recent[-1] = sending
            return
        while recent and recent[-1].batch.size <= size:  # they are ever smaller
            recent.pop()
        recent.append(sending)

    def _keep(self, sending: Sending) -> None:
        if not sending.kept and sending.outcome is not None:
            sending.kept = True
            self._history.append(self._exchange(sending), journal=False)

    def _exchange(self, sending: Sending) -> Exchange:
        body = sending.batch.body(sending.at)
        request = Request("POST", OPERATION_PATH, (*self._headers, ("Content-Length", str(len(body)))), body)
        outcome = sending.outcome.answer() if isinstance(sending.outcome, Reply) else sending.outcome
        assert outcome is not None  # noqa: S101 — whoever asks has seen to it
        row = sending.row
        return Exchange(row.seq, row.sent_s, row.answered_s, request, outcome, self._driver, sending.purpose)

    def flush(self) -> None:
        """Write what is buffered; where it does not fit, `unwritten` says so."""
        if not self._buffer:
            return
        try:
            self._file.write(b"".join(self._buffer))
        except OSError as error:
            self.unwritten = self.unwritten or f"the rows cannot be written: {error.strerror}"
        self._buffer.clear()

    def close(self) -> None:
        """No more rows."""
        self._written.close()
        if not self._file.closed:
            self.flush()
        self._file.close()


def _size(sending: Sending) -> int:
    answered = len(sending.outcome.body) if isinstance(sending.outcome, Reply) else 0
    return answered + 150 * sending.batch.size
