"""Relations between answers, for what no single one can show. Compares only what is comparable."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from contracts.evidence import Evidence
from contracts.exchanges.replies import read_json
from contracts.finding import Examined, Finding
from contracts.seen import Due, Expected, Seen
from openapi.ledger import LOAD_1, VAL_2, VAL_3

Fault = tuple[int, str]  # where, and what


def all_failing_fields_are_listed(evidence: Evidence) -> Examined:
    """VAL-3: "a list of fields that failed validation": faults of one class are all reported.

    Broken only if they together report exactly what some of them alone do, while the others alone report something
    else: merging faults in one title, or saying nothing of positions, is legal.
    """
    for refused in _refused_alike(evidence).values():
        for faults, together in refused.items():
            if len(faults) < 2 or len({_class(fault) for fault in faults}) > 1:
                continue
            for part in refused:
                rest = faults - part
                if part < faults and rest in refused:
                    yield _hidden(refused[part], refused[rest], together, rest)


def _hidden(part: Seen, rest: Seen, together: Seen, faults: frozenset[Fault]) -> Finding | None:
    if not _errors(together) == _errors(part) != _errors(rest):
        return None
    untold = " and ".join(f"`{told}` at index {index}" for index, told in sorted(faults)[:4])
    actual = f"only what the others alone report: {_errors(together)!r:.200}"
    return Finding(VAL_3, f"{untold}, listed with the others", actual, (part.seq, rest.seq, together.seq))


def _refused(evidence: Evidence) -> Iterator[Seen]:
    for seen in evidence.seen:
        if seen.judged and seen.status == 422 and seen.answer is not None and seen.due(Due.REFUSE):
            yield seen


def _refused_alike(evidence: Evidence) -> dict[tuple[object, ...], dict[frozenset[Fault], Seen]]:
    """The refused batches of the same references, by their faults."""
    alike: dict[tuple[object, ...], dict[frozenset[Fault], Seen]] = defaultdict(dict)
    for seen in _refused(evidence):
        alike[_references(seen)][frozenset(_faults(seen))] = seen
    return alike


def a_refusal_lists_its_own_faults(evidence: Evidence) -> Examined:
    """VAL-2: "a list of fields that failed validation": the same faults in the same places make a list of one length.

    What is left over from an earlier request shows so. Compares refusals of as many records, all of the catalogue, in
    which nothing else can be listed: a stranger's name, say, or a quantity below zero.
    """
    first: dict[tuple[object, ...], tuple[Seen, int]] = {}
    for seen in evidence.seen:
        errors = _errors(seen) if seen.judged and seen.status == 422 else None
        if not isinstance(errors, list) or not seen.due(Due.REFUSE) or not all(map(_only_faulty, seen.expected)):
            continue
        earlier, listed = first.setdefault((len(seen.expected), _faults(seen)), (seen, len(errors)))
        if earlier is seen:
            continue
        expected = f"{listed} errors, as in the answer to request {earlier.seq} with the same faults"
        witness = (earlier.seq, seen.seq)
        same = len(errors) == listed
        yield None if same else Finding(VAL_2, expected, f"{len(errors)} errors", witness, sequence=True)


def _only_faulty(expected: Expected) -> bool:
    """Nothing can be said of this record but its faults, if it has any."""
    return expected.record.reference is not None and not expected.oddities and not expected.record.oddities


def _faults(seen: Seen) -> tuple[Fault, ...]:
    return tuple((index, fault) for index in seen.due(Due.REFUSE) for fault in seen.expected[index].record.faults)


def _class(fault: Fault) -> str:
    """What is wrong, without the field's name."""
    return fault[1].partition(" ")[2]


def _references(seen: Seen) -> tuple[object, ...]:
    return tuple(expected.record.reference for expected in seen.expected)


def _errors(seen: Seen) -> object:
    document = read_json(seen.answer) if seen.answer else None
    return document.get("errors") if isinstance(document, dict) else document


def every_answer_is_its_own_requests(evidence: Evidence) -> Examined:
    """LOAD-1: concurrent batches differ in size or in their faulty records, so an answer to another's request shows.

    Says so only where an answer fits a request in flight beside it, and not its own; a mere loss is RES-3's.
    """
    answered = [seen for seen in evidence.seen if seen.judged and seen.results is not None and seen.expected]
    for seen, others in _in_flight_together(answered):
        own, got = _shape(seen), _answered_shape(seen)
        distinct = [other for other in others if _shape(other) != own]
        if not distinct:
            continue
        swapped = next((other for other in distinct if got == _shape(other)), None) if got != own else None
        yield (
            None
            if swapped is None
            else Finding(
                LOAD_1,
                f"an answer to its own {own[0]} records",
                f"{got[0]} results with `error` at {list(got[1])[:8]}, as request {swapped.seq} beside it would get",
                (swapped.seq, seen.seq),
                sequence=True,
            )
        )


def _in_flight_together(ordered: Sequence[Seen]) -> Iterator[tuple[Seen, list[Seen]]]:
    """Each exchange with those whose time from sending to answer overlaps its own."""
    flying: list[Seen] = []
    beside: dict[int, list[Seen]] = {seen.seq: [] for seen in ordered}
    for seen in ordered:
        flying = [other for other in flying if other.exchange.answered_s > seen.exchange.sent_s]
        for other in flying:
            beside[other.seq].append(seen)
        beside[seen.seq].extend(flying)
        flying.append(seen)
    return ((seen, beside[seen.seq]) for seen in ordered)


def _shape(seen: Seen) -> tuple[int, tuple[int, ...]]:
    """What an honest answer to this request looks like: how many results, and which are errors."""
    return len(seen.expected), seen.due(Due.REFUSE)


def _answered_shape(seen: Seen) -> tuple[int, tuple[int, ...]]:
    results = seen.results or ()
    blamed = (result.position for result in results if result.status == "error" and result.position is not None)
    return len(results), tuple(sorted(blamed))
