"""`--dry-run`: the whole run against an answer invented on the spot, on a clock that only counts. Nothing is sent.

What a real server answers decides some of what follows, so that the counts are those of a server that reports per
record and takes every size of batch. Never comes to a verdict.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from contracts.drivers.references import References
from contracts.drivers.run import JSON_TYPE, Run
from contracts.drivers.schedule import Driver, conduct
from contracts.evidence import Evidence
from contracts.exchanges.exchange import KEY, Answer, NoAnswer, Request, Standing, standing_of
from contracts.exchanges.records import Kind, Reference, read_body
from contracts.history.secrets import Secret
from contracts.history.story import RunFacts
from contracts.history.writer import HistoryWriter
from contracts.stimulus import puts_to_the_test
from contracts.wire.clock import VirtualClock
from contracts.wire.outgoing import Outgoing
from contracts.wire.wire import Wire

BASE_URL = "http://dry-run.invalid"
LIMIT = 1_000_000  # so that nothing is waited for
SAMPLE = 400  # characters of a body
LONG_MINUTES = 3


class Rehearsal(Wire):
    """A wire that ends in itself."""

    def deliver(self, outgoing: Outgoing, prepared: object) -> Answer | NoAnswer:
        """What a server that keeps the document might say."""
        del prepared  # it holds a key, though none that opens anything
        left = f"{LIMIT - self.sent}"
        headers = (*JSON_TYPE, ("X-RateLimit-Limit", f"{LIMIT}"), ("X-RateLimit-Remaining", left))
        if standing_of(outgoing.authorization) is not Standing.AUTHENTICATED:
            return Answer(401, headers, b"{}")
        body = read_body(Request(outgoing.method, outgoing.path, outgoing.headers, outgoing.body))
        if body.kind is not Kind.BATCH:
            return Answer(422, headers, b'{"errors":[{"title":"is no batch","code":"invalid"}]}')
        results = [
            {"index": index, "status": "error", "message": record.faults[0]}
            if record.faults
            else {"index": index, "status": "ok"}
            for index, record in enumerate(body.records)
        ]
        return Answer(200, headers, msgspec.json.encode({"status": "done", "results": results}))


def rehearse(  # noqa: PLR0913 — what a run is made of
    drivers: Iterable[Driver], catalogue: tuple[Reference, ...], now: datetime, *, seed: int, depth: str, cap: int
) -> Run:
    """The run as it would go, with all that it would send in its evidence."""
    clock = VirtualClock(now)
    history = HistoryWriter(None, RunFacts(BASE_URL, "", seed, now, 10.0, catalogue, "contracts"), None)
    wire = Rehearsal(BASE_URL, Secret("no-key-at-all"), history, clock=clock, max_requests=cap)
    run = Run(wire, history, References(catalogue, now), seed, depth)
    conduct(run, tuple(drivers))
    return run


def told(run: Run) -> Iterator[str]:
    """Counts by driver and by promise, then one sample body a driver."""
    seen = run.evidence.seen
    count = Counter(each.exchange.driver for each in seen)
    records = Counter[str]()
    for each in seen:
        records[each.exchange.driver] += len(each.body.records)
    yield f"{'driver':24} {'requests':>8} {'records':>8}"
    yield from (f"{driver:24} {number:8} {records[driver]:8}" for driver, number in count.items())
    yield f"{'in all':24} {len(seen):8} {sum(records.values()):8}"
    yield ""
    yield f"{'promise':24} {'requests that put it to the test':>8}"
    yield from _by_promise(run.evidence, [promise for owed in run.history.story().owed.values() for promise in owed])
    yield ""
    for driver in count:
        first = next(each.exchange.request for each in seen if each.exchange.driver == driver)
        text = first.body.decode("utf-8", "backslashreplace")
        shown = text if len(text) <= SAMPLE else f"{text[:SAMPLE]}… ({len(text)} characters)"
        key = first.header("Authorization") or "none"
        yield f"{driver}: {first.method} {first.path}, Authorization: {key}"
        yield f"    {shown!a}"[: SAMPLE * 2]
    yield ""
    yield f"The key stands as {KEY}. Retries of findings, and what load scenarios send, come on top, within the cap."
    yield "Nothing was sent: this is no verdict."


def _by_promise(evidence: Evidence, owed: Iterable[str]) -> Iterator[str]:
    for promise in dict.fromkeys(owed):
        yield f"{promise:24} {sum(puts_to_the_test(promise, seen) for seen in evidence.seen):8}"


def too_long(requests: int, limit: int, window_s: float) -> str | None:
    """What to say of a run of so many requests at that limit, where it takes a person's patience."""
    minutes = requests / limit * window_s / 60
    if minutes < LONG_MINUTES:
        return None
    pace = f"{requests} requests at {limit} in {window_s:g} s"
    remedies = "--max-requests or -k make it shorter, a key with a higher limit quicker"
    return f"{pace} take {minutes:.0f} to {2 * minutes:.0f} minutes: {remedies}"
