"""The honest stages, from the outermost in: what a server does that keeps the document, read plainly."""

import hmac
import json
from dataclasses import dataclass

from sandbox.batches import settle
from sandbox.decoding import load_json
from sandbox.limiter import LIMITERS, Limiter
from sandbox.message import JSON, PLAIN, Fault, Refused, Reply, Request
from sandbox.outcome import Result
from sandbox.server import Server, Stage
from sandbox.settings import MAX_BODY_BYTES, MAX_RECORDS, PATH

REASONS = {
    400: "Bad Request",
    401: "Unauthorized - Invalid BSPK API key",
    404: "Not Found - Resource not found",
    405: "Method Not Allowed",
    409: "Conflict",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable entity",
    429: "Throttle Limit reached",
    500: "BSPK Internal Server Error",
}


@dataclass(slots=True)
class Allowance:
    """What the limiter said about one request."""

    admitted: bool
    limit: int
    remaining: int


@Stage
async def answer(server: Server, request: Request) -> Reply:
    """The whole of it. The only stage that may wait."""
    return server[handle](request)


@Stage
def handle(server: Server, request: Request) -> Reply:
    """First the key, then the allowance, then everything else; every authenticated answer tells the allowance."""
    key = server[authenticate](request)
    if key is None:
        return server[finish](request, server[refuse](Refused(401)), None)
    allowance = server[admit](request, key)
    try:
        reply = server[respond](request) if allowance.admitted else server[refuse](Refused(429))
    except Refused as refused:
        reply = server[refuse](refused)
    return server[finish](request, reply, allowance)


@Stage
def authenticate(server: Server, request: Request) -> str | None:
    """The key that the request carries, None if it carries none of ours: `Authorization: Bearer [API_KEY]`."""
    values = request.headers.getlist("authorization")
    if len(values) != 1:
        return None
    scheme, _, token = values[0].strip(" \t").partition(" ")
    sent = token.strip(" ").encode("latin-1")
    if scheme.lower() != "bearer":
        return None
    return next((key for key in server.settings.keys if hmac.compare_digest(key.encode(), sent)), None)


@Stage
def admit(server: Server, request: Request, key: str) -> Allowance:  # noqa: ARG001 - wrappers look at the request
    """Count the request against its key, whatever becomes of it."""
    if key not in server.limiters:
        server.limiters[key] = server[new_limiter]()
    return Allowance(*_counted(server, key))


def _counted(server: Server, key: str) -> tuple[bool, int, int]:
    admitted, remaining = server.limiters[key].admit(server.clock.monotonic_s())
    return admitted, server.settings.limit, remaining


@Stage
def new_limiter(server: Server) -> Limiter:
    """The limiter for a key seen for the first time."""
    return LIMITERS[server.settings.limiter](server.settings.limit, server.settings.window_s)


@Stage
def respond(server: Server, request: Request) -> Reply:
    """An admitted request. One batch is one transaction, kept before it is answered."""
    server[route](request)
    items = server[unpack](server[read](request))
    with server.store.transaction():
        results = server[settle](items)
    return server[render](results)


@Stage
def route(server: Server, request: Request) -> None:  # noqa: ARG001 - a stage is given its server
    """There is one resource, and one thing to do with it."""
    if request.path != PATH:
        raise Refused(404)
    if request.method != "POST":
        raise Refused(405)


@Stage
def read(server: Server, request: Request) -> object:  # noqa: ARG001 - a stage is given its server
    """The JSON document in the body."""
    if len(request.body) > MAX_BODY_BYTES:
        raise Refused(413)
    try:
        return load_json(request.body)
    except ValueError as error:
        raise Refused(400) from error


@Stage
def unpack(server: Server, document: object) -> list[object]:
    """The records of a batch, each still unseen. "Empty inventory data" is a 422."""
    if not isinstance(document, dict):
        raise Refused(422, Fault("The body must be a JSON object", "invalid_type"))
    if "inventories" not in document:
        raise Refused(422, Fault("inventories is missing", "missing"))
    items = document["inventories"]
    if not isinstance(items, list):
        raise Refused(422, Fault("inventories must be an array", "invalid_type"))
    if not items:
        raise Refused(422, Fault("inventories must not be empty", "empty"))
    server[measure](items)
    return items


@Stage
def measure(server: Server, items: list[object]) -> None:  # noqa: ARG001 - a stage is given its server
    """Refuse a batch that is too large."""
    if len(items) > MAX_RECORDS:
        raise Refused(422, Fault(f"inventories must hold at most {MAX_RECORDS} records", "too_many"))


@Stage
def render(server: Server, results: list[Result]) -> Reply:
    """The 200. Only a result that has something to say has a message."""
    return Reply(200, {"status": server[summarise](results), "results": [result.as_json() for result in results]}, JSON)


@Stage
def summarise(server: Server, results: list[Result]) -> str:  # noqa: ARG001 - wrappers look at the results
    """The batch's own status: the document names no words for it."""
    return "completed"


@Stage
def refuse(server: Server, refused: Refused) -> Reply:  # noqa: ARG001 - a stage is given its server
    """A refusal in words: `errors` on a 422 as the document shows it, plain text elsewhere."""
    if refused.status == 422:
        return Reply(422, {"errors": [{"title": fault.title, "code": fault.code} for fault in refused.faults]}, JSON)
    return Reply(refused.status, REASONS[refused.status], PLAIN)


@Stage
def finish(server: Server, request: Request, reply: Reply, allowance: Allowance | None) -> Reply:  # noqa: ARG001 - as above
    """The headers: the allowance on every authenticated answer, the one permitted method on a 405."""
    if allowance is not None:
        reply.headers["X-RateLimit-Limit"] = str(allowance.limit)
        reply.headers["X-RateLimit-Remaining"] = str(allowance.remaining)
    if reply.status == 405:
        reply.headers["Allow"] = "POST"
    if reply.status == 401:
        reply.headers["WWW-Authenticate"] = "Bearer"
    return reply


@Stage
def encode(server: Server, reply: Reply) -> bytes:  # noqa: ARG001 - a stage is given its server
    """The body as it goes out."""
    if isinstance(reply.content, bytes):
        return reply.content
    if isinstance(reply.content, str):
        return reply.content.encode()
    return json.dumps(reply.content, separators=(",", ":")).encode()
