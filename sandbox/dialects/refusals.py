"""How an invalid batch is refused, and how a refusal is worded."""

from sandbox.batches import identify, settle
from sandbox.message import JSON, Fault, Refused, Reply
from sandbox.outcome import Outcome, Result
from sandbox.records import Record
from sandbox.server import Server
from sandbox.signatures import Identify, Measure, Refuse, Settle
from sandbox.stages import REASONS, measure, refuse
from sandbox.variant import dialect


def located(results: list[Result]) -> list[Fault]:
    """Every fault of the records in error, each saying where it is."""
    return [
        Fault(f"inventories[{result.index}]: {fault.title}", fault.code, fault.kind)
        for result in results
        if result.status == "error"
        for fault in result.faults
    ]


@dialect(settle)
def whole_batch_422(_server: Server, inner: Settle, items: list[object]) -> list[Result]:
    """A batch with an invalid record is refused as a whole by a 422 that lists every fault."""
    results = inner(items)
    if faults := located(results):
        raise Refused(422, *faults)
    return results


@dialect(settle)
def whole_batch_422_merged(_server: Server, inner: Settle, items: list[object]) -> list[Result]:
    """A batch with an invalid record is refused as a whole by a 422 that merges all faults in one title."""
    results = inner(items)
    if faults := located(results):
        raise Refused(422, Fault("; ".join(fault.title for fault in faults), "invalid"))
    return results


@dialect(settle)
def whole_batch_422_in_phases(_server: Server, inner: Settle, items: list[object]) -> list[Result]:
    """A batch with an invalid record is refused by a 422; faults of value are listed only if none is of shape."""
    results = inner(items)
    faults = located(results)
    for phase in ("shape", "value", "business"):
        if found := [fault for fault in faults if fault.kind == phase]:
            raise Refused(422, *found)
    return results


@dialect(settle)
def whole_batch_422_terse(_server: Server, inner: Settle, items: list[object]) -> list[Result]:
    """A batch with an invalid record is refused by a 422 that says the same whatever is wrong with it."""
    results = inner(items)
    if any(result.status == "error" for result in results):
        raise Refused(422, Fault("Validation failed", "invalid"))
    return results


@dialect(settle)
def mixed_422(_server: Server, inner: Settle, items: list[object]) -> list[Result]:
    """A record against the schema refuses the whole batch by 422; one that is merely unknown is told in its result."""
    results = inner(items)
    if faults := [fault for fault in located(results) if fault.kind != "business"]:
        raise Refused(422, *faults)
    return results


@dialect(identify)
def unknown_reference_422(_server: Server, inner: Identify, record: Record) -> Outcome:
    """A reference that is not in the catalogue refuses the whole batch by 422."""
    outcome = inner(record)
    if outcome.status == "error":
        raise Refused(422, *outcome.faults)
    return outcome


@dialect(identify)
def unknown_reference_404(_server: Server, inner: Identify, record: Record) -> Outcome:
    """A reference that is not in the catalogue refuses the whole batch by 404."""
    outcome = inner(record)
    if outcome.status == "error":
        raise Refused(404)
    return outcome


@dialect(settle)
def rolled_back_by_record(_server: Server, inner: Settle, items: list[object]) -> list[Result]:
    """One record in error makes errors of all, and the others say that it was another's fault."""
    results = inner(items)
    if all(result.status != "error" for result in results):
        return results
    told = "Transaction cancelled: another record is invalid"
    return [result if result.status == "error" else Result(result.index, "error", told) for result in results]


@dialect(measure)
def at_most_2_records(_server: Server, _inner: Measure, items: list[object]) -> None:
    """More than two records in a batch are refused by 422."""
    if len(items) > 2:
        raise Refused(422, Fault("inventories must hold at most 2 records", "too_many"))


@dialect(measure)
def at_most_100_records(_server: Server, _inner: Measure, items: list[object]) -> None:
    """More than 100 records in a batch are refused by 422."""
    if len(items) > 100:
        raise Refused(422, Fault("inventories must hold at most 100 records", "too_many"))


@dialect(measure)
def at_most_50_records_413(_server: Server, _inner: Measure, items: list[object]) -> None:
    """More than 50 records in a batch are refused by 413."""
    if len(items) > 50:
        raise Refused(413)


@dialect(refuse)
def refusals_as_json(_server: Server, inner: Refuse, refused: Refused) -> Reply:
    """Every refusal has a JSON body like that of the 422."""
    reply = inner(refused)
    if refused.status != 422:
        reply.media_type = JSON
        reply.content = {"errors": [{"title": REASONS[refused.status], "code": str(refused.status)}]}
    return reply


@dialect(refuse)
def refusals_as_html(_server: Server, inner: Refuse, refused: Refused) -> Reply:
    """Every refusal but the 422 has a body of HTML."""
    reply = inner(refused)
    if refused.status != 422:
        reply.media_type = "text/html"
        reply.content = f"<html><body><h1>{REASONS[refused.status]}</h1></body></html>"
    return reply


@dialect(refuse)
def refusals_empty(_server: Server, inner: Refuse, refused: Refused) -> Reply:
    """Every refusal but the 422 has no body."""
    reply = inner(refused)
    if refused.status != 422:
        reply.media_type, reply.content = None, b""
    return reply


@dialect(refuse)
def errors_with_more_properties(_server: Server, inner: Refuse, refused: Refused) -> Reply:
    """The elements of `errors`, and the object around them, have properties that the document does not name."""
    reply = inner(refused)
    if refused.status == 422:
        errors = [{"id": n, "title": f.title, "code": f.code, "meta": {}} for n, f in enumerate(refused.faults)]
        reply.content = {"errors": errors, "request_id": None}
    return reply
