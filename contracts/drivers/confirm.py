"""The first witness of each broken promise: reduced to the smallest batch that still shows it, then tried again.

At most `REDUCTION` requests to reduce and `RETRIES` to retry a promise, `MOST` retries in all.
"""

from contracts.drivers.run import Probe, Run
from contracts.evidence import Seen
from contracts.finding import Finding, Verdict
from contracts.judge import findings_about, rule

REDUCTION = 12
RETRIES = 3
MOST = 30
IN_SEQUENCE = "in sequence"


def confirm(run: Run) -> None:
    """Retry what was found; `run.certainty` says for each broken promise how surely it shows."""
    run.driver = "confirmation"
    run.confirmed_from = run.wire.sent
    retried = 0
    for ruling in rule(run.evidence, run.history.story()):
        if ruling.verdict is not Verdict.BROKEN:
            continue
        finding = ruling.findings[0]
        probe = run.probes.get(finding.witness[-1])
        if finding.sequence or probe is None or retried + RETRIES > MOST:
            run.certainty[ruling.promise.id] = IN_SEQUENCE if finding.sequence else "not tried again"
            continue
        shown = sum(_shows(run, finding, _reduce(run, finding, probe)) for _ in range(RETRIES))
        retried += RETRIES
        run.certainty[ruling.promise.id] = "always" if shown == RETRIES else f"{shown + 1} of {RETRIES + 1}"


def _shows(run: Run, finding: Finding, probe: Probe) -> bool:
    seen: Seen = run.perform(probe)
    return bool(findings_about(finding.promise, run.evidence, seen))


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
            if candidate is not None and spent <= REDUCTION and _shows(run, finding, candidate):
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
