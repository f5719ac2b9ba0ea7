"""What a rule sees: the exchanges of one run, each with its body read and what the document expects of every record.

Pure. An expectation comes from the payload that was sent, the catalogue and what was sent before, never from what the
driver meant by it.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from functools import cached_property
from math import inf

from contracts.exchange import Answer, Exchange, Standing
from contracts.history import RunFacts, Story
from contracts.records import Body, Kind, Record, Reference, read_body
from contracts.replies import Result, results_of
from contracts.rows import NO_ROWS, Rows
from openapi.document import load_document

OPERATION_PATH = load_document().operation_path
RECENT = timedelta(minutes=10)  # an `at` this close to the run's begin is later than what the target held before
ACCEPTED = ("ok", "warning")


class Due(Enum):
    """What the document expects a server to do with a record."""

    ACCEPT = "ok or warning"
    REFUSE = "422, or error at its index"
    OPEN = "either"


@dataclass(frozen=True, slots=True)
class Expected:
    """A record with what is due to it; `oddities` say why it is open, `update` that its reference was accepted."""

    record: Record
    due: Due
    oddities: tuple[str, ...] = ()
    update: bool = False


@dataclass(frozen=True)
class Seen:
    """One exchange on which a rule may speak."""

    exchange: Exchange
    body: Body
    expected: tuple[Expected, ...]

    @property
    def seq(self) -> int:
        return self.exchange.seq

    @property
    def answer(self) -> Answer | None:
        return self.exchange.answer

    @property
    def status(self) -> int | None:
        return self.exchange.status

    @property
    def on_operation(self) -> bool:
        """POST to the documented path: the only thing that the document speaks of."""
        return self.exchange.request.method == "POST" and self.exchange.request.path == OPERATION_PATH

    @property
    def authenticated(self) -> bool:
        """On the operation, with the key in the documented form."""
        return self.on_operation and self.exchange.standing is Standing.AUTHENTICATED

    @property
    def judged(self) -> bool:
        """Authenticated, and answered by the operation itself: not throttled, turned away, sent elsewhere or failed."""
        unjudged = (
            self.status is None or self.status in (401, 403, 429) or 300 <= self.status < 400 or self.status >= 500
        )
        return self.authenticated and not unjudged

    @cached_property
    def results(self) -> tuple[Result, ...] | None:
        """The results of a well-formed 200, else None."""
        return results_of(self.answer)

    def outcome(self, index: int) -> object:
        """What became of one record: its result's status, "422" for a refused batch, None where it has none or two."""
        if self.status == 422:
            return "422"
        found = self._statuses.get(index, ())
        return found[0] if len(found) == 1 else None

    @cached_property
    def _statuses(self) -> Mapping[int, Sequence[object]]:
        statuses: dict[int, list[object]] = defaultdict(list)
        for result in self.results or ():
            if result.position is not None:
                statuses[result.position].append(result.status)
        return statuses

    def due(self, due: Due) -> tuple[int, ...]:
        """The indices of the records to which that is due."""
        return self._by_due.get(due, ())

    @cached_property
    def _by_due(self) -> Mapping[Due, tuple[int, ...]]:
        indices: dict[Due, list[int]] = defaultdict(list)
        for index, expected in enumerate(self.expected):
            indices[expected.due].append(index)
        return {due: tuple(places) for due, places in indices.items()}

    @property
    def all_acceptable(self) -> bool:
        """A batch that a server must accept, unless for its size."""
        return bool(self.expected) and len(self.due(Due.ACCEPT)) == len(self.expected)


def cases_tried(evidence: "Evidence") -> tuple[int, int]:
    """How many kinds of records the operation judged, and in how many requests.

    A kind is what is wrong or odd with a record, and the form of its quantity, its moment and its order of fields.
    """
    kinds: set[object] = set()
    requests = 0
    for seen in evidence.seen:
        if seen.judged and seen.expected:
            requests += 1
            kinds |= {_kind(expected) for expected in seen.expected}
    return len(kinds), requests


def _kind(expected: Expected) -> object:
    record = expected.record
    usual = isinstance(record.quantity, int) and 0 < record.quantity <= 1000
    return record.faults, record.oddities, "" if usual else repr(record.quantity), (record.at or "")[19:], record.order


@dataclass(slots=True)
class _Written:
    """All sendings of one reference in the order of sending, with the latest moments of each prefix."""

    sent_s: list[float] = field(default_factory=list)
    latest: list[tuple[datetime, int, datetime | None]] = field(default_factory=list)  # whose, and the latest of others
    accepted_s: float = inf  # when it was first answered ok or warning
    clouded_from_s: float = inf  # when an `at` was sent whose moment only the server knows

    def note(self, exchange: Exchange, moment: datetime) -> None:
        self.sent_s.append(exchange.sent_s)
        if not self.latest:
            self.latest.append((moment, exchange.seq, None))
            return
        most, whose, others = self.latest[-1]
        if whose == exchange.seq:
            self.latest.append((max(most, moment), whose, others))
        elif moment > most:
            self.latest.append((moment, exchange.seq, most))
        else:
            self.latest.append((most, whose, moment if others is None else max(others, moment)))

    def latest_before(self, exchange: Exchange) -> datetime | None:
        """The latest `at` of any other exchange that may have been decided before this one."""
        end = bisect_left(self.sent_s, exchange.answered_s)
        if end == 0:
            return None
        most, whose, others = self.latest[end - 1]
        return others if whose == exchange.seq else most


class Evidence:
    """A run's exchanges in the order of sending. Grows by `add`; what was concluded of earlier exchanges stays.

    With requests one at a time, growing and reading at once give the same; where they overlap, read the whole at once.
    """

    def __init__(self, facts: RunFacts, exchanges: Iterable[Exchange] = (), rows: Rows = NO_ROWS) -> None:
        self.facts = facts
        self.rows = rows  # of every exchange of a flood, also of those that are not among `exchanges`
        self.seen: list[Seen] = []
        self._catalogue = frozenset(facts.catalogue)
        self._written: dict[Reference, _Written] = defaultdict(_Written)
        ordered = sorted(exchanges, key=lambda exchange: (exchange.sent_s, exchange.seq))
        bodies = [read_body(exchange.request) for exchange in ordered]
        for exchange, body in zip(ordered, bodies, strict=True):
            self._note(exchange, body)
        self.seen.extend(self._read(exchange, body) for exchange, body in zip(ordered, bodies, strict=True))

    def add(self, exchange: Exchange) -> Seen:
        """Take one more exchange and say what was expected of it."""
        body = read_body(exchange.request)
        self._note(exchange, body)
        seen = self._read(exchange, body)
        self.seen.append(seen)
        return seen

    @classmethod
    def of(cls, story: Story) -> "Evidence":
        """All that a history holds."""
        return cls(story.facts, story.exchanges, story.rows)

    def before(self, seen: Seen) -> "Evidence":
        """The evidence up to that exchange, as it was read."""
        earlier = Evidence(self.facts)
        earlier.seen = [each for each in self.seen if each.seq < seen.seq]
        return earlier

    @property
    def exchanges(self) -> Sequence[Exchange]:
        return [seen.exchange for seen in self.seen]

    def _note(self, exchange: Exchange, body: Body) -> None:
        results = results_of(exchange.answer) or ()
        accepted = {result.position for result in results if result.status in ACCEPTED}
        for index, record in enumerate(body.records):
            if record.reference is None or record.at is None:
                continue
            written = self._written[record.reference]
            if record.moment is None:
                if not record.faults:  # a faulty record is applied by no honest server
                    written.clouded_from_s = min(written.clouded_from_s, exchange.sent_s)
                continue
            written.note(exchange, record.moment)
            if index in accepted:
                written.accepted_s = min(written.accepted_s, exchange.answered_s)

    def _read(self, exchange: Exchange, body: Body) -> Seen:
        if body.kind is not Kind.BATCH:
            return Seen(exchange, body, ())
        copies = Counter(record.reference for record in body.records)
        expected = tuple(self._expect(exchange, body, record, copies) for record in body.records)
        return Seen(exchange, body, expected)

    def _expect(self, exchange: Exchange, body: Body, record: Record, copies: Counter[Reference | None]) -> Expected:
        stranger = record.reference is not None and record.reference not in self._catalogue
        if record.faults:
            return Expected(record, Due.REFUSE, ("unknown-reference",) if stranger else ())
        oddities = [*body.oddities, *record.oddities]
        if record.reference not in self._catalogue:
            oddities.append("unknown-reference")
        if copies[record.reference] > 1:
            oddities.append("duplicate-in-batch")
        written = self._written[record.reference or ("", "", "")]
        update = written.accepted_s <= exchange.sent_s
        if record.moment is not None:
            oddities += self._oddities_of_moment(exchange, record.moment, written, update)
        return Expected(record, Due.OPEN if oddities else Due.ACCEPT, tuple(dict.fromkeys(oddities)), update)

    def _oddities_of_moment(
        self, exchange: Exchange, moment: datetime, written: _Written, update: bool
    ) -> Iterable[str]:
        began = self.facts.started_at
        latest = written.latest_before(exchange)
        if moment > began + timedelta(seconds=exchange.sent_s):
            yield "at-future"
        elif exchange.answered_s > written.clouded_from_s:
            yield "at-clouded"
        elif latest is not None and moment == latest:
            yield "at-equal"
        elif latest is not None and abs(moment - latest) < timedelta(seconds=1):
            yield "at-near"  # servers that keep whole seconds see no difference
        elif latest is not None and moment < latest:
            yield "at-stale"
        elif not update and moment < began - RECENT:
            yield "at-old"  # what the target held before may be later
