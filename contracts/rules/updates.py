"""Updates: what a server must accept. Needs the whole history, since an `at` is only later than those before it."""

from collections.abc import Sequence

from contracts.evidence import Evidence
from contracts.finding import Examined, Finding
from contracts.seen import Due, Expected, Seen
from openapi.ledger import RES_7, UPS_1, UPS_2, UPS_3, Promise


def a_later_at_updates(evidence: Evidence) -> Examined:
    """UPS-1: "Creates or updates inventory quantities in batch": a reference once accepted accepts a later `at`."""
    for seen, index, record in _due(evidence):
        alone = seen.status == 200 or len(seen.expected) == 1  # a refused batch may be refused for its size
        alone = alone and not seen.rolled_back
        if record.update and _plain(record) and alone and not seen.due(Due.REFUSE):
            yield _unless_accepted(seen, index, UPS_1, "an update with a later `at` is ok or warning")


def a_valid_record_is_accepted(evidence: Evidence) -> Examined:
    """UPS-3: a valid record with catalogued references is `ok` or `warning`, alone or in company of valid ones.

    In company of a faulty one a refusal may be the batch's (422), and a blame is RES-6's.
    """
    bound = largest_accepted(evidence.seen)
    for seen, index, _ in _due(evidence):
        if seen.due(Due.REFUSE) or seen.rolled_back or (seen.status != 200 and not seen.all_acceptable):
            continue  # for the others' sake, perhaps
        if seen.status in (413, 422) and len(seen.expected) > max(bound, 1):
            continue  # for its size, perhaps: UPS-2
        yield _unless_accepted(seen, index, UPS_3, "`ok` or `warning` for a valid record with catalogued references")


def many_records_are_accepted(evidence: Evidence) -> Examined:
    """UPS-2: "Updates inventory quantities for multiple products in a single request.", up to some size.

    That size is the server's, but it is at least two, what is smaller passes too, and beyond it comes a 422 or 413.
    """
    bound = largest_accepted(evidence.seen)
    for seen in evidence.seen:
        count = len(seen.expected)
        if not seen.judged or not seen.all_acceptable or count < 2:
            continue
        if seen.status == 200:
            yield None
        elif seen.status not in (413, 422):
            yield Finding(
                UPS_2, f"200 for {count} valid records, or 422 where they are too many", f"{seen.status}", (seen.seq,)
            )
        elif count <= max(bound, 2):
            larger = next((other.seq for other in evidence.seen if _accepted_size(other) >= count), None)
            witness = (seen.seq,) if larger is None else (larger, seen.seq)
            told = "two records" if larger is None else f"{count} records, as it took {bound}"
            yield Finding(UPS_2, f"a batch of {told} is accepted", f"{seen.status}", witness)
        else:
            yield None


def a_record_is_judged_by_itself(evidence: Evidence) -> Examined:
    """RES-7: "Partial success with warnings": a record's outcome does not depend on its company, place, order or size.

    Compares records of one kind (same faults, same oddities, same class of quantity) that were refused in one place
    and accepted in another, on a server that reports per record. A kind is narrow on purpose: what differs in any
    respect that a server may look at is not compared.
    """
    outcomes: dict[tuple[object, ...], tuple[Seen, int, bool]] = {}
    for seen in evidence.seen:
        if not seen.judged or seen.results is None or seen.rolled_back:
            continue
        for index, expected in enumerate(seen.expected):
            outcome = seen.outcome(index)
            if outcome not in ("ok", "warning", "error") or not _comparable(expected):
                continue
            kind, refused = _kind(expected), outcome == "error"
            first = outcomes.setdefault(kind, (seen, index, refused))
            if first[2] == refused:
                yield None
                continue
            yield Finding(
                RES_7,
                f"the outcome of request {first[0].seq}, index {first[1]}: {'refused' if first[2] else 'accepted'}",
                f"`{outcome}` for a record of the same kind at index {index} of {len(seen.expected)}",
                (first[0].seq, seen.seq),
                index,
                sequence=True,
            )


def refused_in_any_company(evidence: Evidence) -> frozenset[int]:
    """Batches whose faulty records are all blamed, and whose valid ones are refused only as their like are elsewhere.

    Elsewhere is among valid ones alone, where UPS-3 says so: nobody was blamed for another.
    """
    refused = {
        _alike(seen.expected[index])
        for seen in evidence.seen
        if seen.judged and seen.all_acceptable
        for index in _refused(seen, Due.ACCEPT)
    }
    return frozenset(
        seen.seq
        for seen in evidence.seen
        if len(_refused(seen, Due.REFUSE)) == len(seen.due(Due.REFUSE))
        and refused.issuperset(_alike(seen.expected[index]) for index in _refused(seen, Due.ACCEPT))
    )


def _refused(seen: Seen, due: Due) -> list[int]:
    return [index for index in seen.due(due) if seen.outcome(index) == "error"]


def _alike(expected: Expected) -> tuple[object, ...]:
    return expected.update, *_kind(expected)


def largest_accepted(seen: Sequence[Seen]) -> int:
    """The most acceptable records that one 200 answered."""
    return max(map(_accepted_size, seen), default=0)


def _accepted_size(seen: Seen) -> int:
    return len(seen.expected) if seen.judged and seen.status == 200 and seen.all_acceptable else 0


def _due(evidence: Evidence) -> list[tuple[Seen, int, Expected]]:
    """Every record that must be accepted, in an answer by the operation."""
    judged = [seen for seen in evidence.seen if seen.judged]
    if all(seen.status in (404, 405) for seen in judged):
        return []  # the operation is not there: a mistake in the base URL, not a refusal of records
    return [(seen, index, seen.expected[index]) for seen in judged for index in seen.due(Due.ACCEPT)]


def _unless_accepted(seen: Seen, index: int, promise: Promise, expected: str) -> Finding | None:
    outcome = seen.outcome(index)
    if seen.status == 200 and outcome != "error":
        return None  # lost, doubled or misspelt results are RES-1 to RES-4's
    told = f"`{outcome}`" if seen.status == 200 else f"{seen.status}"
    record = seen.expected[index].record
    told += f" for quantity {record.quantity}, at {record.at}"
    return Finding(promise, expected, told, (seen.seq,), index)


def _plain(expected: Expected) -> bool:
    at, quantity = expected.record.at or "", expected.record.quantity
    return len(at) == 20 and at.endswith("Z") and isinstance(quantity, int) and 0 < quantity <= 1000


def _comparable(expected: Expected) -> bool:
    """Leaves out what a server may judge by more than the record: its history, its company, its unread names."""
    context = {"duplicate-in-batch", "unknown-property"}
    return not any(oddity in context or oddity.startswith("at-") for oddity in expected.oddities)


def _kind(expected: Expected) -> tuple[object, ...]:
    record = expected.record
    if record.faults:
        return ("faulty", record.faults, record.reference, tuple(sorted(record.order)))
    form = "Z" if (record.at or "").endswith("Z") else (record.at or "")[19:]
    quantity = record.quantity if expected.oddities or not _plain(expected) else "plain"
    return (expected.oddities, record.reference if expected.oddities else None, quantity, len(record.at or ""), form)
