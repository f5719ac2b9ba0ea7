"""How an answer is written: words, order, more properties, bytes on the wire."""

import json
from dataclasses import replace

from sandbox.decoding import load_json
from sandbox.message import JSON, Reply, Request
from sandbox.outcome import Result
from sandbox.server import Server
from sandbox.signatures import Encode, Finish, Handle, Render, Summarise
from sandbox.stages import Allowance, encode, finish, render, respond, summarise
from sandbox.variant import dialect


def body_of(reply: Reply) -> dict[str, object]:
    """The object in a reply of ours that is one."""
    return reply.content if isinstance(reply.content, dict) else {}


@dialect(render)
def results_unordered(_server: Server, inner: Render, results: list[Result]) -> Reply:
    """Results come in another order than their records, each with its right index."""
    return inner(results[1::2] + results[::2][::-1])


@dialect(render)
def more_properties(_server: Server, inner: Render, results: list[Result]) -> Reply:
    """The answer and each result have properties that the document does not name."""
    reply = inner(results)
    told = [{**result.as_json(), "id": None, "links": []} for result in results]
    reply.content = {"id": "batch-1", **body_of(reply), "results": told, "meta": {"count": len(results)}}
    return reply


@dialect(respond)
def at_echoed(_server: Server, inner: Handle, request: Request) -> Reply:
    """Each result gives back the text that it read as `at`, as it came."""
    reply = inner(request)
    results = body_of(reply).get("results")
    sent = load_json(request.body) if isinstance(results, list) else None
    for result in results if isinstance(results, list) else ():
        result["at"] = _at_of(sent["inventories"][result["index"]]) if isinstance(sent, dict) else None
    return reply


def _at_of(record: object) -> str | None:
    at = record.get("at") if isinstance(record, dict) else None
    return at if isinstance(at, str) else None


@dialect(render)
def message_null_on_ok(_server: Server, inner: Render, results: list[Result]) -> Reply:
    """A result without a message has null for it: fields without a value will return null."""
    reply = inner(results)
    reply.content = body_of(reply) | {
        "results": [{**result.as_json(), "message": result.message} for result in results]
    }
    return reply


@dialect(render)
def message_on_ok(_server: Server, inner: Render, results: list[Result]) -> Reply:
    """Every result has a message, ok ones too."""
    return inner([replace(result, message=result.message or "updated") for result in results])


@dialect(render)
def message_of_other_scripts(_server: Server, inner: Render, results: list[Result]) -> Reply:
    """Messages are not in ASCII."""
    return inner([replace(result, message=result.message and f"« {result.message} » – 在庫 🧥") for result in results])


@dialect(render)
def message_begins_with_a_moment(_server: Server, inner: Render, results: list[Result]) -> Reply:
    """A message begins with a moment that is written for people to read."""
    begin = "2018-07-21 17:32 – "
    return inner([replace(result, message=result.message and (begin + result.message)[:40]) for result in results])


@dialect(render)
def stored_at_a_place(_server: Server, inner: Render, results: list[Result]) -> Reply:
    """Each result says where the stock is stored, under `stored_at`."""
    reply = inner(results)
    reply.content = body_of(reply) | {"results": [{**result.as_json(), "stored_at": "shelf 7"} for result in results]}
    return reply


@dialect(summarise)
def status_success_or_partial(_server: Server, _inner: Summarise, results: list[Result]) -> str:
    """The batch's status is success, partial or failure."""
    told = {result.status for result in results}
    return "success" if told == {"ok"} else "failure" if told == {"error"} else "partial"


@dialect(summarise)
def status_of_the_worst(_server: Server, _inner: Summarise, results: list[Result]) -> str:
    """The batch's status is that of its worst record."""
    told = {result.status for result in results}
    return next(status for status in ("error", "warning", "ok") if status in told)


@dialect(summarise)
def status_empty(_server: Server, _inner: Summarise, _results: list[Result]) -> str:
    """The batch's status is an empty string."""
    return ""


@dialect(render)
def timestamp_in_utc(server: Server, inner: Render, results: list[Result]) -> Reply:
    """The answer says when the batch was processed, as 2018-07-21T17:32:28Z."""
    reply = inner(results)
    reply.content = body_of(reply) | {"processed_at": f"{server.clock.now():%Y-%m-%dT%H:%M:%SZ}"}
    return reply


@dialect(render)
def timestamp_with_offset(server: Server, inner: Render, results: list[Result]) -> Reply:
    """Each result says when it was updated, with a fraction and an offset."""
    reply = inner(results)
    updated_at = server.clock.now().isoformat(timespec="milliseconds")
    reply.content = body_of(reply) | {"results": [result.as_json() | {"updated_at": updated_at} for result in results]}
    return reply


@dialect(finish)
def charset_in_content_type(
    _server: Server, inner: Finish, request: Request, reply: Reply, allowance: Allowance | None
) -> Reply:
    """JSON is sent as application/json; charset=utf-8."""
    if reply.media_type == JSON:
        reply.media_type = f"{JSON}; charset=utf-8"
    return inner(request, reply, allowance)


@dialect(encode)
def indented_utf_8(_server: Server, inner: Encode, reply: Reply) -> bytes:
    """JSON is indented, ends in a line feed, and does not escape what UTF-8 can write."""
    if isinstance(reply.content, bytes | str):
        return inner(reply)
    return json.dumps(reply.content, indent=2, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


@dialect(finish)
def no_keep_alive(_server: Server, inner: Finish, request: Request, reply: Reply, allowance: Allowance | None) -> Reply:
    """The connection is closed after every answer."""
    reply.headers["Connection"] = "close"
    return inner(request, reply, allowance)


@dialect(finish)
def chunked(_server: Server, inner: Finish, request: Request, reply: Reply, allowance: Allowance | None) -> Reply:
    """Answers are sent in chunks, without a Content-Length."""
    reply.chunked = True
    return inner(request, reply, allowance)
