"""Validation: what a wrong parameter gets. "Methods that take input will validate all parameters."

An invalid record may be refused by a 422 for its batch or by `error` at its index: both are legal, both pass.
"""

from contracts.exchanges.records import Kind
from contracts.exchanges.replies import Fault, pointer_to, read_json
from contracts.finding import Examined, Finding
from contracts.seen import Due, Seen
from openapi.ledger import VAL_1, VAL_2, VAL_4

REFUSALS = {Kind.NO_INVENTORIES: (422,), Kind.NOT_OBJECT: (400, 422)}


def a_wrong_document_is_refused(seen: Seen) -> Examined:
    """VAL-1: `inventories` missing or of another type: 422. A body that is no JSON object: 400 or 422."""
    statuses = REFUSALS.get(seen.body.kind)
    if statuses is None or not seen.judged:
        return
    expected = f"{' or '.join(map(str, statuses))}, since {seen.body.why}"
    yield None if seen.status in statuses else Finding(VAL_1, expected, f"{seen.status}", (seen.seq,))


def a_wrong_record_is_refused(seen: Seen) -> Examined:
    """VAL-1: "Any parameter that fails validation will trigger an error response": 422, or `error` at its index.

    Where as many records are blamed as are faulty, but others, the blame is misplaced: that is RES-6's.
    """
    if not seen.judged or seen.body.kind is not Kind.BATCH:
        return
    faulty = seen.due(Due.REFUSE)
    if faulty and seen.status not in (200, 413, 422) and not (seen.status == 404 and _names_a_stranger(seen)):
        why = seen.expected[faulty[0]].record.faults[0]
        yield Finding(
            VAL_1, f"422, or 200 with `error` at its index, since {why}", f"{seen.status}", (seen.seq,), faulty[0]
        )
        return
    misplaced = blame_is_misplaced(seen)
    for index in faulty:
        outcome = seen.outcome(index)
        if outcome in ("ok", "warning") and not misplaced:
            why = "; ".join(seen.expected[index].record.faults)
            yield Finding(VAL_1, f"`error` at index {index}, since {why}", f"`{outcome}`", (seen.seq,), index)
        else:
            yield None


def _names_a_stranger(seen: Seen) -> bool:
    """A record's reference is not catalogued: "404 - Not Found – Resource not found." may be of it."""
    return any("unknown-reference" in expected.oddities for expected in seen.expected)


def blame_is_misplaced(seen: Seen) -> bool:
    """As many records blamed as are faulty, at other places, with acceptable ones among them."""
    if seen.results is None:
        return False
    blamed = {result.position for result in seen.results if result.status == "error"}
    faulty = set(seen.due(Due.REFUSE))
    wrongly = blamed & set(seen.due(Due.ACCEPT)) | {place for place in blamed if place not in range(len(seen.expected))}
    return bool(faulty) and blamed != faulty and len(blamed) >= len(faulty) and bool(wrongly)


def a_422_lists_what_failed(seen: Seen) -> Examined:
    """VAL-2: "a JSON object like the example below which includes a list of fields that failed validation"."""
    if not seen.authenticated or seen.status != 422 or seen.answer is None:
        return
    fault = _fault_of_errors(read_json(seen.answer))
    expected = "`errors`, a non-empty array of objects with a string `title` and a string `code`"
    yield None if fault is None else Finding(VAL_2, expected, fault.words, (seen.seq,), pointer=fault.pointer)


def _fault_of_errors(document: object) -> Fault | None:
    if not isinstance(document, dict):
        return Fault("the body is no JSON object", "")
    if "errors" not in document:
        return Fault("`errors` is missing", "")
    errors = document["errors"]
    if not isinstance(errors, list) or not errors:
        return Fault(f"`errors` is {'empty' if errors == [] else 'no array'}", pointer_to("errors"))
    for place, error in enumerate(errors):
        for name in ("title", "code"):
            if not isinstance(error, dict) or not isinstance(error.get(name), str):
                return Fault(f"an error without a string `{name}`: {str(error)[:120]}", pointer_to("errors", place))
    return None


def an_empty_batch_is_refused(seen: Seen) -> Examined:
    """VAL-4: "Empty inventory data": `{"inventories": []}` is 422."""
    if seen.judged and seen.body.kind is Kind.EMPTY:
        yield None if seen.status == 422 else Finding(VAL_4, "422 to an empty batch", f"{seen.status}", (seen.seq,))
