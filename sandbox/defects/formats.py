"""Answers that are not what their content type says, and timestamps that are not ISO 8601."""

import json
from collections.abc import Callable
from functools import wraps

from sandbox.defects.forms import body_of, on_422, on_success
from sandbox.message import Reply, Request
from sandbox.outcome import Result
from sandbox.server import Server
from sandbox.signatures import Encode, Finish, Render
from sandbox.stages import Allowance, encode, finish, render
from sandbox.variant import Defect, defect


def on_bytes(*promises: str) -> Callable[[Callable[[bytes], bytes]], Defect]:
    """The bytes of a JSON body."""

    def decorate(change: Callable[[bytes], bytes]) -> Defect:
        @wraps(change)
        def wrapper(_server: Server, inner: Encode, reply: Reply) -> bytes:
            return inner(reply) if isinstance(reply.content, bytes | str) else change(inner(reply))

        return defect(encode, *promises)(wrapper)

    return decorate


@on_success("FMT-1")
def success_as_text_plain(reply: Reply) -> None:
    """A 200 calls itself text/plain."""
    reply.media_type = "text/plain"


@on_success("FMT-1")
def success_as_text_html(reply: Reply) -> None:
    """A 200 calls itself text/html."""
    reply.media_type = "text/html; charset=utf-8"


@on_success("FMT-1")
def success_as_text_json(reply: Reply) -> None:
    """A 200 calls itself text/json."""
    reply.media_type = "text/json"


@on_success("FMT-1")
def success_without_content_type(reply: Reply) -> None:
    """A 200 has no content type."""
    reply.media_type = None


@on_success("FMT-1", "RES-1")
def success_without_body(reply: Reply) -> None:
    """A 200 has no body."""
    reply.content = b""


@on_422("FMT-1")
def refusal_as_text_html(reply: Reply) -> None:
    """A 422 calls itself text/html."""
    reply.media_type = "text/html"


@on_422("FMT-1")
def refusal_as_problem(reply: Reply) -> None:
    """A 422 calls itself application/problem+json."""
    reply.media_type = "application/problem+json"


@on_bytes("FMT-1")
def trailing_garbage(body: bytes) -> bytes:
    """A warning of the server's own follows the JSON."""
    return body + b"\n<br />\n<b>Notice</b>: Undefined index"


@on_bytes("FMT-1")
def leading_notice(body: bytes) -> bytes:
    """A notice of the server's own precedes the JSON."""
    return b"Deprecated: strftime()\n" + body


@on_bytes("FMT-1")
def byte_order_mark(body: bytes) -> bytes:
    """JSON begins with a byte order mark."""
    return b"\xef\xbb\xbf" + body


@on_bytes("FMT-1")
def single_quotes(body: bytes) -> bytes:
    """Strings are in single quotes."""
    return str(json.loads(body)).encode()


@on_bytes("FMT-1")
def trailing_comma(body: bytes) -> bytes:
    """There is a comma before the last bracket."""
    return body[:-1] + b"," + body[-1:]


@on_bytes("FMT-1")
def json_cut_short(body: bytes) -> bytes:
    """The last character of the JSON is missing."""
    return body[:-1]


@on_bytes("FMT-1")
def answer_in_latin_1(body: bytes) -> bytes:
    """JSON is written in ISO 8859-1."""
    text = json.dumps(json.loads(body), ensure_ascii=False)
    return (
        text.replace('"status"', '"note": "traité", "status"', 1)
        .replace('"title"', '"note": "é", "title"', 1)
        .encode("latin-1")
    )


@on_success("FMT-1")
def not_a_number_in_answer(reply: Reply) -> None:
    """The answer holds a NaN."""
    reply.content = body_of(reply) | {"duration": float("nan")}


@defect(finish, "FMT-1")
def html_unless_json_is_asked_for(
    _server: Server, inner: Finish, request: Request, reply: Reply, allowance: Allowance | None
) -> Reply:
    """Whoever asks for anything gets a page with the JSON in it."""
    if "json" not in request.headers.get("accept", "") and reply.status in (200, 422):
        reply.content, reply.media_type = f"<pre>{json.dumps(reply.content)}</pre>", "text/html"
    return inner(request, reply, allowance)


@defect(finish, "ERR-1")
def sent_back_unless_json_is_asked_for(
    _server: Server, inner: Finish, request: Request, reply: Reply, allowance: Allowance | None
) -> Reply:
    """Whoever asks for anything, and is refused by a 422, is sent back to a form."""
    if "json" not in request.headers.get("accept", "") and reply.status == 422:
        reply.status, reply.content, reply.media_type = 302, "", "text/html"
        reply.headers["Location"] = "/"
    return inner(request, reply, allowance)


def on_timestamp(*promises: str) -> Callable[[Callable[[Server], object]], Defect]:
    """How an instant is written, in a property that the document does not name."""

    def decorate(write: Callable[[Server], object]) -> Defect:
        @wraps(write)
        def wrapper(server: Server, inner: Render, results: list[Result]) -> Reply:
            reply = inner(results)
            reply.content = body_of(reply) | {"processed_at": write(server)}
            return reply

        return defect(render, *promises)(wrapper)

    return decorate


@on_timestamp("FMT-2")
def timestamp_as_epoch(server: Server) -> object:
    """A timestamp is a number of seconds."""
    return int(server.clock.now().timestamp())


@on_timestamp("FMT-2")
def timestamp_as_text_of_seconds(server: Server) -> object:
    """A timestamp is a number of seconds with a fraction, as text."""
    return f"{server.clock.now().timestamp():.3f}"


@on_timestamp("FMT-2")
def timestamp_as_sql(server: Server) -> object:
    """A timestamp is written as 2018-07-21 17:32:28 UTC."""
    return f"{server.clock.now():%Y-%m-%d %H:%M:%S UTC}"


@on_timestamp("FMT-2")
def timestamp_as_in_america(server: Server) -> object:
    """A timestamp is written as 07/21/2018 05:32 PM."""
    return f"{server.clock.now():%m/%d/%Y %I:%M %p}"


@on_timestamp("FMT-2")
def timestamp_as_in_headers(server: Server) -> object:
    """A timestamp is written as Sat, 21 Jul 2018 17:32:28 GMT."""
    return f"{server.clock.now():%a, %d %b %Y %H:%M:%S GMT}"


@on_timestamp("FMT-2")
def timestamp_as_list(server: Server) -> object:
    """A timestamp is a list of its parts."""
    return list(server.clock.now().timetuple()[:6])


@on_timestamp("FMT-2")
def timestamp_as_object(server: Server) -> object:
    """A timestamp is an object of seconds and nanoseconds."""
    return {"seconds": int(server.clock.now().timestamp()), "nanos": 0}


@on_timestamp("FMT-2")
def timestamp_without_zeros(server: Server) -> object:
    """A timestamp is written as 2018-7-21T5:2:8Z."""
    now = server.clock.now()
    return f"{now.year}-{now.month}-{now.day}T{now.hour}:{now.minute}:{now.second}Z"


@defect(render, "FMT-2")
def creation_as_epoch(server: Server, inner: Render, results: list[Result]) -> Reply:
    """A timestamp in `created` is a number of milliseconds."""
    reply = inner(results)
    reply.content = body_of(reply) | {"created": int(1000 * server.clock.now().timestamp())}
    return reply


@defect(render, "FMT-2")
def synchronised_as_epoch(server: Server, inner: Render, results: list[Result]) -> Reply:
    """A timestamp in `lastSync` is a number of milliseconds."""
    reply = inner(results)
    reply.content = body_of(reply) | {"lastSync": int(1000 * server.clock.now().timestamp())}
    return reply


@defect(render, "FMT-2")
def timestamp_under_another_name(server: Server, inner: Render, results: list[Result]) -> Reply:
    """A timestamp stands in `last_modified`, written as in the header of that name."""
    reply = inner(results)
    reply.content = body_of(reply) | {"last_modified": f"{server.clock.now():%a, %d %b %Y %H:%M:%S GMT}"}
    return reply
