"""The first witness of each broken promise: reduced to the smallest batch that still shows it, then tried again.

At most `REDUCTION` requests to reduce and `RETRIES` to retry a promise, `MOST` retries in all. A retry in which the
promise could not apply (the moment was stale, the answer was lost) says nothing: it is made again, or not counted.
"""

from contracts.drivers.run import Probe, Run
from contracts.exchanges.records import Kind
from contracts.finding import Finding
from contracts.judge import examine, examined_by_themselves, findings_by_promise
from contracts.seen import Due, Expected, Seen
from openapi.ledger import Promise

REDUCTION = 12
RETRIES = 3
ATTEMPTS = 2  # of one retry
MOST = 30
ENOUGH = 5  # exchanges before and after which are no chance
PLAIN_QUANTITIES = range(1, 1001)
ALWAYS, IN_SEQUENCE, NOT_TRIED = "always", "in sequence", "not tried again"


def confirm(run: Run) -> None:
    """Retry what was found; `run.certainty` says for each broken promise how surely it shows."""
    run.driver = "confirmation"
    run.confirmed_from = run.wire.sent
    retried = 0
    for promise, findings in findings_by_promise(run.evidence).items():
        finding = findings[0]
        probe = run.probes.get(finding.witness[-1])
        if finding.sequence or probe is None or retried + RETRIES > MOST:
            run.certainty[promise.id] = IN_SEQUENCE if finding.sequence else NOT_TRIED
            continue
        held_before = _held_before(run, findings)
        run.failing[promise.id] = smallest = _reduce(run, finding, probe)
        tries: list[bool] = []
        for _ in range(RETRIES * ATTEMPTS):
            if len(tries) < RETRIES and retried < MOST:
                retried += 1
                applied, shown = _again(run, promise, smallest)
                tries += [shown] if applied else []
        run.certainty[promise.id] = _label(tries, held_before)


def _label(tries: list[bool], held_before: bool) -> str:
    """`held_before`: the like of it was answered well earlier, so that more than the request must have gone before."""
    if not tries:
        return NOT_TRIED
    if all(tries):
        return IN_SEQUENCE if held_before else ALWAYS
    return f"{sum(tries) + 1} of {len(tries) + 1}"


def _again(run: Run, promise: Promise, probe: Probe) -> tuple[bool, bool]:
    """Whether the promise applied to one more sending, and whether it was broken."""
    return examine(promise, run.evidence, run.perform(probe))


def _held_before(run: Run, findings: tuple[Finding, ...]) -> bool:
    """Whether the like of the witness was answered well before it, or all was well until it and nothing since."""
    faulty = {seq for finding in findings for seq in finding.witness}
    seen = {each.seq: each for each in run.evidence.seen}
    witness = seen[findings[0].witness[-1]]
    examined = examined_by_themselves(findings[0].promise, run.evidence)
    since = [seq for seq in examined if seq >= min(faulty)]
    if min(len(since), len(examined) - len(since)) >= ENOUGH and faulty.issuperset(since):
        return True
    return any(
        each.seq < witness.seq and each.seq not in faulty and each.answer is not None and _like(each) == _like(witness)
        for each in run.evidence.seen
        if each.status != 429
    )


def _like(seen: Seen) -> object:
    """What a server may look at in one request, without its references and moments."""
    request = seen.exchange.request
    body: object = request.body
    if seen.body.kind is Kind.BATCH:
        body = tuple(map(_like_record, seen.expected))
    return request.header("Authorization"), request.header("Content-Type"), body


def _like_record(expected: Expected) -> object:
    record = expected.record
    quantity = "plain" if record.quantity in PLAIN_QUANTITIES else repr(record.quantity)
    form = (record.at or "")[19:] if expected.due is Due.ACCEPT else record.at
    return expected.due, record.faults, expected.oddities, expected.update, quantity, form, record.order


def _reduce(run: Run, finding: Finding, probe: Probe) -> Probe:
    """The smallest batch found that still shows it: the record alone, then in halves around it."""
    key = (finding.promise.id, id(probe))
    if key in run.reduced:
        return run.reduced[key]
    smallest, spent = probe, 0
    keep = list(range(len(probe.edits)))
    while len(keep) > 1 and spent < REDUCTION:
        for fewer in _smaller(keep, finding.index):
            candidate = probe.only(fewer)
            spent += 1
            if candidate is not None and spent <= REDUCTION and _again(run, finding.promise, candidate)[1]:
                smallest, keep = candidate, fewer
                break
        else:
            break
    run.reduced[key] = smallest
    return smallest


def _smaller(keep: list[int], index: int | None) -> list[list[int]]:
    half = len(keep) // 2
    alone = [[index]] if index in keep and len(keep) > 1 else []
    with_neighbour = [sorted({index, keep[0]})] if index in keep and len(keep) > 2 else []
    return [*alone, *[pair for pair in with_neighbour if len(pair) == 2], keep[:half], keep[half:]]
