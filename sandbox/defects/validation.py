"""What is taken for a record or a batch and is none, and how a refusal fails to say why."""

from dataclasses import replace

from sandbox.batches import assess, settle
from sandbox.defects.forms import body_of, on_422, refuses_record
from sandbox.message import PLAIN, Refused, Reply, Request
from sandbox.outcome import Outcome, Result
from sandbox.server import Server
from sandbox.settings import MAX_RECORDS
from sandbox.signatures import Assess, Finish, Handle, Settle, Unpack
from sandbox.stages import Allowance, finish, respond, unpack
from sandbox.variant import defect

OK = Outcome("ok")


@refuses_record(400, "VAL-1")
def invalid_record_400(record: dict[str, object]) -> bool:
    """A record with a quantity that is no integer refuses the batch by 400."""
    return not isinstance(record.get("quantity"), int)


@defect(assess, "VAL-1")
def invalid_record_warned(_server: Server, inner: Assess, item: object) -> Outcome:
    """A record against the schema is a warning."""
    outcome = inner(item)
    is_invalid = any(fault.kind != "business" for fault in outcome.faults)
    return replace(outcome, status="warning") if is_invalid else outcome


@defect(assess, "VAL-1")
def bare_record_ok(_server: Server, inner: Assess, item: object) -> Outcome:
    """An element of `inventories` that is no object is ok."""
    return inner(item) if isinstance(item, dict) else OK


@defect(assess, "VAL-1")
def null_record_ok(_server: Server, inner: Assess, item: object) -> Outcome:
    """A null among the records is ok."""
    return OK if item is None else inner(item)


@defect(assess, "VAL-1")
def empty_record_ok(_server: Server, inner: Assess, item: object) -> Outcome:
    """A record without properties is ok."""
    return OK if item == {} else inner(item)


@defect(settle, "RES-3", "VAL-1")
def bare_record_skipped(_server: Server, inner: Settle, items: list[object]) -> list[Result]:
    """An element of `inventories` that is no object is passed over in silence."""
    return [result for result in inner(items) if isinstance(items[result.index], dict)]


def _forgive(results: list[Result], first: int, last: int) -> list[Result]:
    """The faults of schema at the places from `first` on and before `last` are not seen."""
    return [
        Result(result.index, "ok")
        if first <= result.index < last and any(fault.kind != "business" for fault in result.faults)
        else result
        for result in results
    ]


@defect(settle, "VAL-1", "RES-6")
def only_first_record_validated(_server: Server, inner: Settle, items: list[object]) -> list[Result]:
    """Only the first record of a batch is validated."""
    return _forgive(inner(items), 1, len(items))


@defect(settle, "VAL-1", "RES-6")
def only_first_ten_validated(_server: Server, inner: Settle, items: list[object]) -> list[Result]:
    """Only the first ten records of a batch are validated."""
    return _forgive(inner(items), 10, len(items))


@defect(settle, "VAL-1", "RES-6")
def last_record_not_validated(_server: Server, inner: Settle, items: list[object]) -> list[Result]:
    """The last of several records is not validated."""
    return _forgive(inner(items), max(1, len(items) - 1), len(items))


@defect(unpack, "RES-3", "UPS-2")
def truncated_at_100(_server: Server, inner: Unpack, document: object) -> list[object]:
    """Records beyond the hundredth are dropped in silence."""
    return inner(document)[:100]


@defect(respond, "VAL-4")
def empty_batch_200(_server: Server, inner: Handle, request: Request) -> Reply:
    """A batch without records is a 200 with no results."""
    try:
        return inner(request)
    except Refused as refused:
        if any(fault.code == "empty" and fault.kind == "document" for fault in refused.faults):
            return Reply(200, {"status": "completed", "results": []}, "application/json")
        raise


@defect(unpack, "VAL-4")
def empty_batch_400(_server: Server, inner: Unpack, document: object) -> list[object]:
    """A batch without records is a 400."""
    if isinstance(document, dict) and document.get("inventories") == []:
        raise Refused(400)
    return inner(document)


@defect(unpack, "VAL-1")
def missing_inventories_400(_server: Server, inner: Unpack, document: object) -> list[object]:
    """An object without `inventories` is a 400."""
    if isinstance(document, dict) and "inventories" not in document:
        raise Refused(400)
    return inner(document)


@defect(respond, "VAL-1")
def null_inventories_200(_server: Server, inner: Handle, request: Request) -> Reply:
    """A null for `inventories` is an empty batch, and a 200."""
    if b'"inventories":null' in request.body.replace(b" ", b""):
        return Reply(200, {"status": "completed", "results": []}, "application/json")
    return inner(request)


@defect(unpack, "VAL-1")
def object_taken_for_one_record(_server: Server, inner: Unpack, document: object) -> list[object]:
    """An object for `inventories` is a batch of one."""
    if isinstance(document, dict) and isinstance(record := document.get("inventories"), dict):
        return [record]
    return inner(document)


@defect(unpack, "VAL-1")
def array_body_taken_for_batch(_server: Server, inner: Unpack, document: object) -> list[object]:
    """A body that is an array is taken for the records."""
    return inner({"inventories": document} if isinstance(document, list) else document)


@defect(unpack, "VAL-1")
def bare_record_taken_for_batch(_server: Server, inner: Unpack, document: object) -> list[object]:
    """A text for `inventories` is read as a batch of its characters."""
    if isinstance(document, dict) and isinstance(text := document.get("inventories"), str):
        return list(text[:MAX_RECORDS])
    return inner(document)


@on_422("VAL-2", "FMT-1")
def errors_as_text(reply: Reply) -> None:
    """A 422 says in plain text what is wrong."""
    reply.content, reply.media_type = "Unprocessable entity: inventories", PLAIN


@on_422("VAL-2")
def errors_by_field(reply: Reply) -> None:
    """`errors` is an object of fields and their messages."""
    reply.content = {"message": "The given data was invalid.", "errors": {"inventories": ["is required"]}}


@on_422("VAL-2")
def errors_called_detail(reply: Reply) -> None:
    """A 422 has `detail` and no `errors`."""
    reply.content = {"detail": [{"loc": ["body", "inventories"], "msg": "field required", "type": "value_error"}]}


@on_422("VAL-2")
def errors_empty(reply: Reply) -> None:
    """`errors` is an empty array."""
    reply.content = {"errors": []}


@on_422("VAL-2")
def errors_null(reply: Reply) -> None:
    """`errors` is null."""
    reply.content = {"errors": None}


@on_422("VAL-2")
def errors_of_strings(reply: Reply) -> None:
    """`errors` is an array of strings."""
    reply.content = {"errors": ["inventories is invalid"]}


@on_422("VAL-2")
def errors_without_code(reply: Reply) -> None:
    """The elements of `errors` have no code."""
    reply.content = {"errors": [{"title": "inventories is invalid"}]}


@on_422("VAL-2")
def errors_without_title(reply: Reply) -> None:
    """The elements of `errors` have no title."""
    reply.content = {"errors": [{"code": "invalid"}]}


@on_422("VAL-2")
def errors_with_numeric_code(reply: Reply) -> None:
    """The code of an error is a number."""
    reply.content = {"errors": [{"title": "inventories is invalid", "code": 422}]}


@on_422("VAL-2")
def errors_bare(reply: Reply) -> None:
    """A 422 is the array of errors alone."""
    reply.content = body_of(reply)["errors"]


@on_422("VAL-2", "FMT-1")
def errors_without_body(reply: Reply) -> None:
    """A 422 has no body."""
    reply.content, reply.media_type = b"", None


def _errors(reply: Reply) -> list[dict[str, str]]:
    """The elements of `errors`; a title begins with its record and its field."""
    errors = body_of(reply).get("errors")
    return errors if isinstance(errors, list) else []


@defect(finish, "VAL-2", speaks=("whole-batch-422",))
def errors_accumulate(
    server: Server, inner: Finish, request: Request, reply: Reply, allowance: Allowance | None
) -> Reply:
    """A 422 lists the faults of all refusals so far."""
    if reply.status == 422:
        kept: list[dict[str, str]] = server.memory.setdefault("errors", [])
        kept.extend(_errors(reply))
        reply.content = {"errors": list(kept)}
    return inner(request, reply, allowance)


@on_422("VAL-3", speaks=("whole-batch-422",))
def first_fault_only(reply: Reply) -> None:
    """A 422 lists the first of several faults and no others."""
    reply.content = {"errors": _errors(reply)[:1]}


@on_422("VAL-3", speaks=("whole-batch-422",))
def first_faulty_record_only(reply: Reply) -> None:
    """A 422 lists the faults of the first faulty record and of no other."""
    place = _errors(reply)[0]["title"].partition(":")[0]
    reply.content = {"errors": [error for error in _errors(reply) if error["title"].startswith(place)]}


@on_422("VAL-3", speaks=("whole-batch-422",))
def first_field_of_each_record_only(reply: Reply) -> None:
    """A 422 lists one fault of each faulty record."""
    by_record = {error["title"].partition(":")[0]: error for error in reversed(_errors(reply))}
    reply.content = {"errors": list(reversed(by_record.values()))}
