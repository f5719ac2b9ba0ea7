"""Relations between answers, for what no single one can show. Compares only what is comparable."""

from contracts.evidence import Due, Evidence, Seen
from contracts.finding import Examined, Finding
from contracts.records import Record
from contracts.replies import read_json
from openapi.ledger import VAL_3

Faults = tuple[tuple[int, tuple[str, ...]], ...]  # the faulty indices, each with its faults


def all_failing_fields_are_listed(evidence: Evidence) -> Examined:
    """VAL-3: "a list of fields that failed validation": two faults of one class are both reported.

    Broken only if the two together report exactly what the first alone does, while the second alone reports something
    else: merging faults in one title, or saying nothing of positions, is legal.
    """
    refused: dict[tuple[Faults, tuple[object, ...]], Seen] = {}
    for seen in evidence.seen:
        if seen.judged and seen.status == 422 and seen.answer is not None and seen.due(Due.REFUSE):
            faulty = tuple((index, seen.expected[index].record.faults) for index in seen.due(Due.REFUSE))
            refused[faulty, _references(seen)] = seen
    for (faulty, references), both in refused.items():
        if len(faulty) != 2 or faulty[0][1] != faulty[1][1]:
            continue
        first, second = (refused.get(((fault,), references)) for fault in faulty)
        if first is None or second is None:
            continue
        hidden = _errors(both) == _errors(first) != _errors(second)
        yield (
            Finding(
                VAL_3,
                f"the faults at index {faulty[0][0]} and at index {faulty[1][0]} both listed",
                f"only what the first alone reports: {_errors(both)!r:.200}",
                (first.seq, second.seq, both.seq),
            )
            if hidden
            else None
        )


def _references(seen: Seen) -> tuple[object, ...]:
    def name(record: Record) -> object:
        return record.reference or record.order

    return tuple(name(expected.record) for expected in seen.expected)


def _errors(seen: Seen) -> object:
    document = read_json(seen.answer) if seen.answer else None
    return document.get("errors") if isinstance(document, dict) else document
