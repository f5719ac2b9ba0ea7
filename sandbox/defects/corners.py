"""What goes wrong in one corner only: one place of a batch, one form of a body, the second time, one size."""

import json
import re
from collections.abc import Callable

from sandbox.batches import read_at, settle
from sandbox.decoding import load_json
from sandbox.defects.forms import body_of, on_422, refuses_body, refuses_record
from sandbox.message import Fault, Refused, Reply, Request
from sandbox.outcome import Outcome, Result
from sandbox.records import Instant
from sandbox.server import Server
from sandbox.signatures import Authenticate, Handle, Read, ReadAt, Settle
from sandbox.stages import authenticate, handle, read, respond
from sandbox.variant import defect

SOME_DAY = Instant(1_612_137_600, 0)  # 2021-02-01
BUSY = Fault("cannot be processed", "busy", "business")


def _refused(result: Result) -> Result:
    outcome = Outcome("error", (BUSY,))
    return Result(result.index, outcome.status, BUSY.title, outcome.faults)


@defect(settle, "RES-6", "RES-7", "UPS-3")
def tenth_record_refused(_server: Server, inner: Settle, items: list[object]) -> list[Result]:
    """The tenth record of a batch is an error."""
    return [_refused(result) if result.index == 9 else result for result in inner(items)]


@defect(settle, "RES-6", "RES-7", "UPS-3")
def records_beyond_200_refused(_server: Server, inner: Settle, items: list[object]) -> list[Result]:
    """Records beyond the two hundredth are errors."""
    return [_refused(result) if result.index >= 200 else result for result in inner(items)]


@defect(read_at, "VAL-1")
def at_in_american_order(_server: Server, inner: ReadAt, value: object) -> Instant | Fault:
    """An `at` may be written as 01/31/2021."""
    return SOME_DAY if isinstance(value, str) and re.match(r"\d\d?/\d\d?/\d{4}", value) else inner(value)


@defect(read_at, "VAL-1")
def at_as_in_headers(_server: Server, inner: ReadAt, value: object) -> Instant | Fault:
    """An `at` may be written as in the headers of HTTP."""
    return SOME_DAY if isinstance(value, str) and re.match(r"[A-Z][a-z]{2}, \d\d ", value) else inner(value)


@defect(read_at, "VAL-1")
def at_as_epoch_text(_server: Server, inner: ReadAt, value: object) -> Instant | Fault:
    """An `at` may be a number of seconds in quotes."""
    return SOME_DAY if isinstance(value, str) and re.fullmatch(r"\d{10}", value) else inner(value)


def _or_refused(read_it: Callable[[], object]) -> object:
    try:
        return read_it()
    except (ValueError, RecursionError) as error:
        raise Refused(400) from error


@defect(read, "ERR-3")
def what_follows_not_read(_server: Server, inner: Read, request: Request) -> object:
    """The body is read to the end of its first JSON value, and no further."""
    try:
        return inner(request)
    except Refused:
        return _or_refused(lambda: json.JSONDecoder().raw_decode(request.body.decode())[0])


@defect(read, "ERR-3")
def last_bracket_not_missed(_server: Server, inner: Read, request: Request) -> object:
    """A body without its last bracket is read as if it were there."""
    try:
        return inner(request)
    except Refused:
        return _or_refused(lambda: json.loads(request.body + b"}"))


@refuses_body(500, "ERR-2")
def indented_json_500(body: bytes) -> bool:
    """JSON over several lines is a 500."""
    return b"\n" in body.strip()


@refuses_record(500, "ERR-2")
def new_line_500(record: dict[str, object]) -> bool:
    """A line feed in a reference is a 500."""
    return any(isinstance(value, str) and "\n" in value for value in record.values())


@refuses_record(500, "ERR-2")
def year_9999_500(record: dict[str, object]) -> bool:
    """An `at` in the year 9999 is a 500."""
    return str(record.get("at")).startswith("9999-")


@defect(respond, "VAL-1", speaks=("whole-batch-422",))
def refused_once_only(server: Server, inner: Handle, request: Request) -> Reply:
    """A batch that was refused is taken when it is sent again, to the letter."""
    refused: set[bytes] = server.memory.setdefault("refused bodies", set())
    if request.body in refused:
        count = request.body.count(b'"product_ref"')
        results = [{"index": index, "status": "ok"} for index in range(count)]
        return Reply(200, {"status": "completed", "results": results}, "application/json")
    try:
        return inner(request)
    except Refused as refusal:
        if refusal.status == 422 and b'"product_ref"' in request.body:
            refused.add(request.body)
        raise


@on_422("VAL-3", speaks=("whole-batch-422",))
def three_faults_at_most(reply: Reply) -> None:
    """A 422 lists three faults and no more."""
    errors = body_of(reply).get("errors")
    reply.content = {"errors": errors[:3]} if isinstance(errors, list) else reply.content


@defect(authenticate, "AUTH-1")
def large_body_needs_no_key(server: Server, inner: Authenticate, request: Request) -> str | None:
    """A body of more than 4,000 bytes is read before anybody is asked for a key."""
    return server.settings.keys[0] if len(request.body) > 4_000 else inner(request)


@defect(handle, "AUTH-1")
def media_type_before_key(_server: Server, inner: Handle, request: Request) -> Reply:
    """A body that does not call itself JSON is a 415 for anybody."""
    if not request.headers.get("content-type", "").startswith("application/json"):
        return Reply(415, "Unsupported Media Type", "text/plain")
    return inner(request)


@defect(authenticate, "AUTH-1")
def no_array_needs_no_key(server: Server, inner: Authenticate, request: Request) -> str | None:
    """A document without an array of records is refused for that, whoever asks."""
    try:
        document = load_json(request.body)
    except ValueError:
        return inner(request)
    has_array = isinstance(document, dict) and isinstance(document.get("inventories"), list)
    return inner(request) if has_array else server.settings.keys[0]


@defect(handle, "AUTH-1")
def no_body_before_key(_server: Server, inner: Handle, request: Request) -> Reply:
    """A request without a body is a 400 for anybody."""
    return inner(request) if request.body else Reply(400, "Bad Request", "text/plain")


@defect(authenticate, "AUTH-1")
def first_character_not_compared(server: Server, _inner: Authenticate, request: Request) -> str | None:
    """A token that differs from a key in its first character gets in."""
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    return next((key for key in server.settings.keys if len(key) == len(token) and key[1:] == token[1:]), None)


@defect(authenticate, "AUTH-1")
def refusal_leaves_the_door_open(server: Server, inner: Authenticate, request: Request) -> str | None:
    """After a 422 the next request is not asked for a key."""
    return server.settings.keys[0] if server.tally["ajar"] else inner(request)


@refusal_leaves_the_door_open.also(handle)
def _ajar(server: Server, inner: Handle, request: Request) -> Reply:
    reply = inner(request)
    server.tally["ajar"] = int(reply.status == 422)
    return reply


@refuses_body(500, "ERR-2")
def digits_by_the_thousand_500(body: bytes) -> bool:
    """A number of more digits than the language converts is a 500."""
    return re.search(rb"[0-9]{4301}", body) is not None


@defect(settle, "RES-7", "UPS-3")
def properties_of_the_first_required(_server: Server, inner: Settle, items: list[object]) -> list[Result]:
    """Whatever the first record has, all others have to have: the statement's columns are read off it."""
    results, first = inner(items), items[0]
    if not isinstance(first, dict):
        return results
    lacking = [isinstance(item, dict) and not first.keys() <= item.keys() for item in items]
    return [
        Result(index, "error", "a column is missing") if lacks and result.status != "error" else result
        for index, (lacks, result) in enumerate(zip(lacking, results, strict=True))
    ]
