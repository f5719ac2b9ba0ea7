"""Results: one for every record, at the right index, spelt as documented. Judged on each 200 by itself."""

from collections import Counter

from contracts.exchanges.replies import MISSING, Fault, NotJSON, pointer_to, read_json
from contracts.finding import Examined, Finding
from contracts.rules.validation import blame_is_misplaced
from contracts.seen import Due, Seen
from openapi.ledger import RES_1, RES_2, RES_3, RES_4, RES_5, RES_6

STATUSES = ("ok", "error", "warning")


def a_200_has_status_and_results(seen: Seen) -> Examined:
    """RES-1: the schema of 200: an object with a string `status` and an array `results` of objects."""
    if not seen.authenticated or seen.status != 200 or seen.answer is None:
        return
    document = read_json(seen.answer)
    if isinstance(document, NotJSON):
        return  # FMT-1 says so
    expected = "an object with a string `status` and an array `results` of objects"
    fault = _fault_of_shape(document)
    yield None if fault is None else Finding(RES_1, expected, fault.words, (seen.seq,), pointer=fault.pointer)


def _fault_of_shape(document: object) -> Fault | None:
    if not isinstance(document, dict):
        return Fault(f"the body is {document!r:.80}", "")
    for name, kind in (("status", str), ("results", list)):
        value = document.get(name, MISSING)
        if not isinstance(value, kind):
            return Fault(f"`{name}` is {value!r:.80}", "" if value is MISSING else pointer_to(name))
    for place, item in enumerate(document["results"]):
        if not isinstance(item, dict):
            return Fault(f"a result is {item!r:.80}", pointer_to("results", place))
    return None


def an_index_names_one_record(seen: Seen) -> Examined:
    """RES-2: "Index of the inventory record in the input array": an integer, counted from 0, never twice."""
    if not seen.judged or seen.results is None or not seen.expected:
        return
    counted = Counter(result.position for result in seen.results)
    for number, result in enumerate(seen.results):
        place = result.position
        if place is None:
            actual = f"index {result.index!r}"
        elif not 0 <= place < len(seen.expected):
            actual = f"index {place} in a batch of {len(seen.expected)}"
        else:
            actual = f"index {place} {counted[place]} times" if counted[place] > 1 else ""
        expected = f"an integer from 0 to {len(seen.expected) - 1}, each once"
        # Of one that is there twice all that have it are at fault: the index says which.
        at_fault = _pointer(number, "index", result.index) if counted[place] == 1 or place is None else None
        yield Finding(RES_2, expected, actual, (seen.seq,), place, at_fault) if actual else None


def every_record_has_one_result(seen: Seen) -> Examined:
    """RES-3: exactly one result for every record, at any batch size."""
    if not seen.judged or seen.results is None or not seen.expected:
        return
    sent, got = len(seen.expected), len(seen.results)
    if got == sent:
        yield None  # where one is lost, another is wrong or there twice: RES-2's
        return
    covered = {result.position for result in seen.results}
    lost = next((index for index in range(sent) if index not in covered), None)
    actual = f"{got} results for {sent} records" + ("" if lost is None else f", none for index {lost}")
    yield Finding(RES_3, f"{sent} results, one for each record", actual, (seen.seq,), lost)


def a_status_is_spelt_as_documented(seen: Seen) -> Examined:
    """RES-4: "One of 'ok', 'error', or 'warning'"."""
    if seen.judged and seen.expected:
        for number, result in enumerate(seen.results or ()):
            known = isinstance(result.status, str) and result.status in STATUSES
            at_fault = _pointer(number, "status", result.status)
            actual = f"{result.status!r}"
            yield (
                None
                if known
                else Finding(RES_4, "'ok', 'error' or 'warning'", actual, (seen.seq,), result.position, at_fault)
            )


def warnings_and_errors_are_explained(seen: Seen) -> Examined:
    """RES-5: "Explanation message (for warnings or errors)": a non-empty string on each of these."""
    if not seen.judged or not seen.expected:
        return
    for number, result in enumerate(seen.results or ()):
        if result.status in ("warning", "error"):
            told = isinstance(result.message, str) and bool(result.message.strip())
            at_fault = _pointer(number, "message", result.message)
            expected, actual = f"a message with `{result.status}`", f"message {result.message!r}"
            yield None if told else Finding(RES_5, expected, actual, (seen.seq,), result.position, at_fault)


def the_faulty_records_and_no_others_are_blamed(seen: Seen) -> Examined:
    """RES-6: the index points at the right record.

    A server that rolls a batch back and says so on the other records blames nobody (see `Seen.rolled_back`).
    """
    faulty = seen.due(Due.REFUSE)
    if not seen.judged or not seen.results or not faulty:
        return
    wrongly = [index for index in seen.due(Due.ACCEPT) if seen.outcome(index) == "error"]
    if seen.rolled_back:
        yield None
        return
    expected = f"`error` at {list(faulty)[:8]} and at no acceptable record"
    blamed = sorted(
        result.position for result in seen.results if result.status == "error" and result.position is not None
    )
    if wrongly or blame_is_misplaced(seen):
        index = wrongly[0] if wrongly else None
        yield Finding(RES_6, expected, f"`error` at {blamed[:8]}", (seen.seq,), index)
    else:
        yield None


def _pointer(number: int, name: str, value: object) -> str:
    """To this property of the result; to all of the result where the property is missing."""
    return pointer_to("results", number) if value is MISSING else pointer_to("results", number, name)
