"""What a rule sees: the exchanges of one run, each with its body read and what the document expects of every record.

Pure. An expectation comes from the payload that was sent, the catalogue and what was sent before, never from what the
driver meant by it.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import inf

from contracts.exchanges.exchange import Exchange
from contracts.exchanges.records import Body, Kind, Record, Reference, read_body
from contracts.exchanges.replies import results_of
from contracts.history.rows import NO_ROWS, Rows
from contracts.history.story import RunFacts, Story
from contracts.seen import Due, Expected, Seen

RECENT = timedelta(minutes=10)  # an `at` this close to the run's begin is later than what the target held before
ACCEPTED = ("ok", "warning")


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
        self.hurried = False  # somebody waits: no limiter is searched for
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
        evidence = cls(story.facts, story.exchanges, story.rows)
        evidence.hurried = story.hurried
        return evidence

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
        else:  # whatever it is made of, the target has it
            oddities = [oddity for oddity in oddities if not oddity.startswith("ref-")]
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
