"""Broken bodies taken for good, answers that break off or do not come, and statuses that the document does not know."""

import re

from sandbox.batches import identify
from sandbox.message import Fault, Refused, Reply, Request
from sandbox.outcome import Outcome
from sandbox.records import Record
from sandbox.server import Server
from sandbox.signatures import Handle, Identify, Read, Refuse
from sandbox.stages import read, refuse, respond
from sandbox.variant import defect


@defect(read, "ERR-2", "ERR-3")
def not_json_500(_server: Server, inner: Read, request: Request) -> object:
    """A body that is not JSON is a 500."""
    try:
        return inner(request)
    except Refused as refused:
        raise (Refused(500) if refused.status == 400 else refused) from refused


@defect(read, "ERR-2")
def duplicate_name_500(_server: Server, inner: Read, request: Request) -> object:
    """The same property twice is a 500."""
    if request.body.count(b'"inventories"') > 1:
        raise Refused(500)
    return inner(request)


@defect(read, "ERR-3", "RES-1")
def not_json_200_with_error(_server: Server, inner: Read, request: Request) -> object:
    """A body that is not JSON is a 200 that says so inside."""
    try:
        return inner(request)
    except Refused as refused:
        raise (Refused(200, Fault("not JSON", "malformed")) if refused.status == 400 else refused) from refused


@not_json_200_with_error.also(refuse)
def _tell_in_200(_server: Server, inner: Refuse, refused: Refused) -> Reply:
    if refused.status == 200:
        return Reply(200, {"status": "error", "error": "not JSON"}, "application/json")
    return inner(refused)


@defect(read, "ERR-3")
def not_json_taken_for_records(server: Server, inner: Read, request: Request) -> object:
    """A body cut short is mended, and its batch accepted."""
    try:
        return inner(request)
    except Refused:
        product_ref, sku, store_ref = min(server.catalogue)
        record = {"product_ref": product_ref, "sku": sku, "store_ref": store_ref, "quantity": 1}
        return {"inventories": [record | {"at": "2021-01-01T00:00:00Z"}]}


@defect(respond, "ERR-2")
def large_answer_cut(_server: Server, inner: Handle, request: Request) -> Reply:
    """An answer to more than 10,000 bytes breaks off in the middle."""
    reply = inner(request)
    if len(request.body) > 10_000:
        reply.cut_at = 100
    return reply


@defect(respond, "ERR-2", "VAL-1")
def crash_on_nested_object(_server: Server, inner: Handle, request: Request) -> Reply:
    """An object where a string belongs breaks the connection after the head of the answer."""
    reply = inner(request)
    if re.search(rb'"(sku|at|quantity|product_ref|store_ref)": *\{', request.body):
        reply.cut_at = 0
    return reply


@defect(respond, "ERR-2")
def hang_on_long_reference(_server: Server, inner: Handle, request: Request) -> Reply:
    """A string of more than 200 equal letters keeps the server busy for ten minutes."""
    reply = inner(request)
    if re.search(rb"([A-Za-z])\1{200}", request.body):
        reply.delay_s = 600.0
    return reply


@defect(respond, "ERR-2", "VAL-1")
def hang_on_undated(_server: Server, inner: Handle, request: Request) -> Reply:
    """An `at` that does not begin with a digit keeps the server busy for ten minutes."""
    reply = inner(request)
    if re.search(rb'"at": *"[^0-9]', request.body):
        reply.delay_s = 600.0
    return reply


@defect(respond, "ERR-1")
def created_201(_server: Server, inner: Handle, request: Request) -> Reply:
    """A success is a 201."""
    reply = inner(request)
    reply.status = 201
    return reply


@defect(respond, "ERR-1")
def accepted_202(_server: Server, inner: Handle, request: Request) -> Reply:
    """A success is a 202."""
    reply = inner(request)
    reply.status = 202
    return reply


@defect(respond, "ERR-1")
def no_content_204(_server: Server, inner: Handle, request: Request) -> Reply:
    """A success is a 204."""
    inner(request)
    return Reply(204, b"", None)


@defect(respond, "ERR-1", "VAL-1")
def multi_status_207(_server: Server, inner: Handle, request: Request) -> Reply:
    """A success with an error among its results is a 207."""
    reply = inner(request)
    if '"error"' in str(reply.content).replace("'", '"'):
        reply.status = 207
    return reply


@defect(respond, "ERR-1")
def conflict_409(server: Server, inner: Handle, request: Request) -> Reply:
    """A batch that was sent before is a 409."""
    batches = server.memory.setdefault("batches", set())
    if request.body in batches:
        return Reply(409, "Conflict", "text/plain")
    reply = inner(request)
    batches.add(request.body)
    return reply


@defect(identify, "ERR-1")
def unknown_reference_409(_server: Server, inner: Identify, record: Record) -> Outcome:
    """A reference that is not in the catalogue refuses the whole batch by 409."""
    outcome = inner(record)
    if outcome.status == "error":
        raise Refused(409)
    return outcome
