"""All rules over one history: for each promise held, broken or undecided. `python -m contracts.judge HISTORY`, offline.

A promise is put to the test when its stimulus was sent and answered by the operation (`stimulus`), not when its premise
came true. It is undecided when a driver that owes it did not finish, or when no stimulus was answered.
"""

import sys
from collections.abc import Callable, Iterable
from itertools import chain
from pathlib import Path

from contracts.command import USAGE_ERROR, Parser, run, safe
from contracts.evidence import Evidence
from contracts.finding import Doubt, Examined, Finding, Ruling, Verdict
from contracts.history.story import Story, read_history
from contracts.rules import authentication, errors, formats, relations, results, throttling, updates, validation
from contracts.seen import Seen
from contracts.stimulus import needs_the_limit, puts_to_the_test
from openapi.ledger import LEDGER, Level, Promise

EXIT = {Verdict.HELD: 0, Verdict.BROKEN: 1, Verdict.UNDECIDED: 6}

EXCHANGE_RULES: tuple[Callable[[Seen], Examined], ...] = (
    authentication.without_the_key_the_answer_is_401,
    authentication.nobody_is_half_let_in,
    throttling.both_headers_are_there,
    throttling.a_refusal_carries_both_headers,
    errors.nothing_we_send_breaks_the_server,
    errors.what_is_not_json_is_refused,
    validation.a_wrong_document_is_refused,
    validation.a_wrong_record_is_refused,
    validation.a_422_lists_what_failed,
    validation.an_empty_batch_is_refused,
    results.a_200_has_status_and_results,
    results.an_index_names_one_record,
    results.every_record_has_one_result,
    results.a_status_is_spelt_as_documented,
    results.warnings_and_errors_are_explained,
    results.the_faulty_records_and_no_others_are_blamed,
    formats.answers_are_json,
    formats.timestamps_are_iso_8601,
)
HISTORY_RULES: tuple[Callable[[Evidence], Examined], ...] = (
    authentication.the_key_is_accepted,
    errors.the_status_is_documented,
    throttling.the_limit_stays_the_same,
    throttling.a_refusal_says_that_nothing_remains,
    throttling.over_the_limit_is_429,
    throttling.no_more_is_let_in_than_the_limit,
    throttling.what_remains_gets_in,
    throttling.each_request_costs_one,
    relations.all_failing_fields_are_listed,
    relations.a_refusal_lists_its_own_faults,
    relations.every_answer_is_its_own_requests,
    updates.a_record_is_judged_by_itself,
    updates.a_later_at_updates,
    updates.many_records_are_accepted,
    updates.a_valid_record_is_accepted,
)
# What they find lies in the rhythm of the whole run, and one more sending shows nothing of it.
SURVEYS = (throttling.no_more_is_let_in_than_the_limit, throttling.what_remains_gets_in)


def judge(story: Story) -> tuple[Ruling, ...]:
    """One ruling for every promise of the ledger, in its order."""
    return rule(Evidence.of(story), story)


def rule(evidence: Evidence, story: Story) -> tuple[Ruling, ...]:
    """The same, over evidence already read."""
    spoken: dict[str, list[Finding | Doubt]] = {promise.id: [] for promise in LEDGER}
    examined = dict.fromkeys(spoken, 0)
    for ids, said in chain(_of_exchanges(evidence), _of_history(evidence)):
        examined[ids] += 1
        if said is not None:
            spoken[ids].append(said)
    return tuple(
        _rule_on(promise, spoken[promise.id], examined[promise.id], evidence, story)
        for promise in LEDGER
        if promise.level is not Level.OBSERVED
    )


def findings_by_promise(evidence: Evidence) -> dict[Promise, tuple[Finding, ...]]:
    """What one more sending can show again, of each promise the plainest first: all but the limiter's arithmetic."""
    found: dict[str, list[Finding]] = {promise.id: [] for promise in LEDGER}
    history_rules = (rule_ for rule_ in HISTORY_RULES if rule_ not in SURVEYS)
    for id_, said in chain(_of_exchanges(evidence), _of_history(evidence, history_rules)):
        if isinstance(said, Finding):
            found[id_].append(said)
    return {promise: _plainest_first(found[promise.id], evidence) for promise in LEDGER if found[promise.id]}


def findings_at_once(evidence: Evidence, seen: Seen) -> list[Finding]:
    """What can be found in one exchange as soon as it is there: by the rules of one exchange, and by UPS-3."""
    at_once = chain.from_iterable(rule_(seen) for rule_ in EXCHANGE_RULES)
    said = chain(at_once, updates.a_valid_record_is_accepted(evidence))
    return [finding for finding in said if isinstance(finding, Finding) and seen.seq in finding.witness]


def examined_by_themselves(promise: Promise, evidence: Evidence) -> list[int]:
    """The exchanges that the promise's rules look at one by one, by `seq`."""
    rules = [rule_ for rule_ in EXCHANGE_RULES if promise_of(rule_) == promise.id]
    return [seen.seq for seen in evidence.seen if any(True for rule_ in rules for _ in rule_(seen))]


def examine(promise: Promise, evidence: Evidence, seen: Seen) -> tuple[bool, bool]:
    """Whether the rules of one promise had anything to look at in the last exchange, and whether they found fault."""
    at_once = chain.from_iterable(rule_(seen) for rule_ in EXCHANGE_RULES if promise_of(rule_) == promise.id)
    said = list(at_once)
    for rule_ in HISTORY_RULES:
        if promise_of(rule_) == promise.id and rule_ not in SURVEYS:
            after, before = list(rule_(evidence)), sum(1 for _ in rule_(evidence.before(seen)))
            said += [None] * (len(after) - before)
            said += [item for item in after if isinstance(item, Finding) and seen.seq in item.witness]
    return bool(said), any(isinstance(item, Finding) for item in said)


def first_finding_at(rulings: Iterable[Ruling], evidence: Evidence) -> int | None:
    """How many requests had been sent when the first finding was there to see; None where nothing was found."""
    seqs = sorted(seen.seq for seen in evidence.seen)
    last = [max(finding.witness) for ruling in rulings for finding in ruling.findings]
    return sum(seq <= min(last) for seq in seqs) if last else None


def verdict_of(rulings: Iterable[Ruling]) -> Verdict:
    """Broken if any promise is; else undecided if one in scope is, or none is in scope; else held."""
    rulings = tuple(rulings)
    if any(ruling.verdict is Verdict.BROKEN for ruling in rulings):
        return Verdict.BROKEN
    scope = [ruling for ruling in rulings if ruling.in_scope]
    held = bool(scope) and all(ruling.verdict is Verdict.HELD for ruling in scope)
    return Verdict.HELD if held else Verdict.UNDECIDED


def promise_of(rule_: Callable[..., Examined]) -> str:
    """The promise that a rule defends: its docstring begins with the id."""
    return (rule_.__doc__ or "").partition(":")[0]


def _of_exchanges(evidence: Evidence) -> Iterable[tuple[str, Finding | Doubt | None]]:
    refused_anyway = updates.refused_in_any_company(evidence)
    for rule_ in EXCHANGE_RULES:
        promise = promise_of(rule_)
        for seen in evidence.seen:
            told_by_ups_3 = promise == "RES-6" and seen.seq in refused_anyway
            for said in rule_(seen):
                yield promise, None if told_by_ups_3 else said


def _of_history(
    evidence: Evidence, rules: Iterable[Callable[[Evidence], Examined]] = HISTORY_RULES
) -> Iterable[tuple[str, Finding | Doubt | None]]:
    for rule_ in rules:
        for said in rule_(evidence):
            yield promise_of(rule_), said


def _plainest_first(findings: Iterable[Finding], evidence: Evidence) -> tuple[Finding, ...]:
    """Few exchanges before many, small bodies before large ones."""
    bodies = {seen.seq: len(seen.exchange.request.body) for seen in evidence.seen}
    return tuple(sorted(findings, key=lambda each: (len(each.witness), bodies.get(each.witness[-1], 0), each.witness)))


def _rule_on(promise: Promise, said: list[Finding | Doubt], examined: int, evidence: Evidence, story: Story) -> Ruling:
    findings = _plainest_first((item for item in said if isinstance(item, Finding)), evidence)
    doubts = [item.reason for item in said if isinstance(item, Doubt)]
    owing = [driver for driver, promises in story.owed.items() if promise.id in promises]
    scope = bool(owing)
    if findings:
        return Ruling(promise, Verdict.BROKEN, scope, examined, findings)
    if not scope:
        return Ruling(promise, Verdict.UNDECIDED, False, examined, reason="not owed by what ran")
    unfinished = [driver for driver in owing if driver not in story.finished]
    if unfinished:
        doubts.append(story.stopped or f"{', '.join(unfinished)} did not finish")
    elif promise.unruled is None and not any(puts_to_the_test(promise.id, seen) for seen in evidence.seen):
        doubts.append(_why_untested(promise, evidence))
    if doubts:
        return Ruling(promise, Verdict.UNDECIDED, True, examined, reason=doubts[0])
    return Ruling(promise, Verdict.HELD, True, examined, occasion=None if examined else "never arose")


def _why_untested(promise: Promise, evidence: Evidence) -> str:
    if promise.id.startswith("UPS-") and not evidence.facts.catalogue:
        return "there is no catalogue: nothing was sent that must be accepted"
    far = throttling.how_far_from_the_limit(evidence) if needs_the_limit(promise.id) else None
    return far or "its stimulus was never answered by the operation"


def main(arguments: list[str] | None = None) -> int:
    """Judge a stored history again; exit 0 held, 1 broken, 6 undecided, 4 for a file that is no history."""
    parser = Parser(
        prog="python -m contracts.judge",
        description="Judge a stored history again, offline: a line a promise. Exit 0 held, 1 broken, 6 undecided.",
    )
    parser.add_argument("history", type=Path, help="a run's history.jsonl")
    options = parser.parse_args(arguments)
    try:
        story = read_history(options.history)
    except (OSError, ValueError) as error:
        print(f"cannot judge {options.history}: {error}", file=sys.stderr)
        return USAGE_ERROR
    rulings = judge(story)
    for ruling in rulings:
        last = ruling.findings[0].actual if ruling.findings else ruling.occasion or ruling.reason or ""
        told = safe(last.partition("\n")[0])
        print(f"{ruling.promise.id:7} {ruling.verdict:9} {ruling.examined:6}  {told}")
    verdict = verdict_of(rulings)
    print(f"verdict: {verdict}")
    return EXIT[verdict]


if __name__ == "__main__":
    run(main)
