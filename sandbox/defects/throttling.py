"""Ways to tell the allowance wrongly, and to refuse a request too many wrongly. The counting itself is right."""

from collections.abc import Callable
from functools import wraps

from sandbox.message import Refused, Reply, Request
from sandbox.server import Server
from sandbox.signatures import Finish, Refuse
from sandbox.stages import Allowance, finish, refuse
from sandbox.variant import Defect, defect

LIMIT, REMAINING = "X-RateLimit-Limit", "X-RateLimit-Remaining"


def on_headers(*promises: str, runs: str = "contracts") -> Callable[[Callable[[Server, Reply], object]], Defect]:
    """The headers of an answer that has the rate headers, changed in place."""

    def decorate(change: Callable[[Server, Reply], object]) -> Defect:
        @wraps(change)
        def wrapper(
            server: Server, inner: Finish, request: Request, reply: Reply, allowance: Allowance | None
        ) -> Reply:
            finished = inner(request, reply, allowance)
            if LIMIT in finished.headers:
                change(server, finished)
            return finished

        return defect(finish, *promises, runs=runs)(wrapper)

    return decorate


def _drop(reply: Reply) -> None:
    del reply.headers[LIMIT], reply.headers[REMAINING]


@on_headers("RATE-3")
def rate_headers_missing_on_200(_server: Server, reply: Reply) -> None:
    """A 200 has no rate headers."""
    if reply.status == 200:
        _drop(reply)


@on_headers("RATE-3")
def rate_headers_missing_on_422(_server: Server, reply: Reply) -> None:
    """A 422 has no rate headers."""
    if reply.status == 422:
        _drop(reply)


@on_headers("RATE-3")
def limit_header_missing(_server: Server, reply: Reply) -> None:
    """There is a Remaining, but no Limit."""
    del reply.headers[LIMIT]


@on_headers("RATE-3")
def remaining_header_missing(_server: Server, reply: Reply) -> None:
    """There is a Limit, but no Remaining."""
    del reply.headers[REMAINING]


@on_headers("RATE-3")
def remaining_empty(_server: Server, reply: Reply) -> None:
    """Remaining is an empty string."""
    reply.headers[REMAINING] = ""


@on_headers("RATE-3")
def remaining_float(_server: Server, reply: Reply) -> None:
    """Remaining is written with a fraction."""
    reply.headers[REMAINING] += ".0"


@on_headers("RATE-3")
def remaining_negative(_server: Server, reply: Reply) -> None:
    """Remaining is counted from zero downwards."""
    reply.headers[REMAINING] = str(int(reply.headers[REMAINING]) - int(reply.headers[LIMIT]))


@on_headers("RATE-3")
def limit_unlimited(_server: Server, reply: Reply) -> None:
    """Limit is a word."""
    reply.headers[LIMIT] = "unlimited"


@on_headers("RATE-3")
def limit_with_policy(_server: Server, reply: Reply) -> None:
    """Limit carries its window, as an old draft had it."""
    reply.headers[LIMIT] += ", 100;w=10"


@on_headers("RATE-3")
def remaining_twice(_server: Server, reply: Reply) -> None:
    """Two layers write Remaining: a reader sees it twice, with a comma."""
    reply.headers[REMAINING] += f", {reply.headers[REMAINING]}"


@on_headers("RATE-3")
def rate_headers_now_and_then(server: Server, reply: Reply) -> None:
    """Every third answer has no rate headers."""
    server.tally["answers"] += 1
    if server.tally["answers"] % 3 == 0:
        _drop(reply)


@on_headers("RATE-3", "RATE-4")
def remaining_above_limit(_server: Server, reply: Reply) -> None:
    """Remaining is greater than Limit."""
    reply.headers[REMAINING] = str(int(reply.headers[REMAINING]) + int(reply.headers[LIMIT]))


@on_headers("RATE-4")
def remaining_frozen(_server: Server, reply: Reply) -> None:
    """Remaining is always one less than Limit."""
    reply.headers[REMAINING] = str(int(reply.headers[LIMIT]) - 1)


@on_headers("RATE-4")
def remaining_falls_by_two(_server: Server, reply: Reply) -> None:
    """Remaining falls by two at every request."""
    limit, remaining = int(reply.headers[LIMIT]), int(reply.headers[REMAINING])
    reply.headers[REMAINING] = str(max(0, limit - 2 * (limit - remaining)))


@on_headers("RATE-4")
def remaining_rises_without_cause(server: Server, reply: Reply) -> None:
    """At every fifth request Remaining is back at Limit for once."""
    server.tally["answers"] += 1
    if server.tally["answers"] % 5 == 0:
        reply.headers[REMAINING] = reply.headers[LIMIT]


@on_headers("RATE-4")
def remaining_counts_up(_server: Server, reply: Reply) -> None:
    """Remaining is what has been used."""
    reply.headers[REMAINING] = str(int(reply.headers[LIMIT]) - int(reply.headers[REMAINING]))


@on_headers("RATE-6")
def limit_changes(server: Server, reply: Reply) -> None:
    """Limit is another one at every third request."""
    server.tally["answers"] += 1
    if server.tally["answers"] % 3 == 0:
        reply.headers[LIMIT] = str(int(reply.headers[LIMIT]) + 50)


@on_headers("RATE-6")
def limit_is_remaining(_server: Server, reply: Reply) -> None:
    """Limit falls with Remaining."""
    reply.headers[LIMIT] = reply.headers[REMAINING]


@on_headers("RATE-5", runs="loadtests")
def rate_headers_missing_on_429(_server: Server, reply: Reply) -> None:
    """A 429 has no rate headers."""
    if reply.status == 429:
        _drop(reply)


@on_headers("RATE-5", runs="loadtests")
def remaining_full_on_429(_server: Server, reply: Reply) -> None:
    """A 429 says that the whole allowance is left."""
    if reply.status == 429:
        reply.headers[REMAINING] = reply.headers[LIMIT]


@on_headers("RATE-5", "RATE-6", runs="loadtests")
def remaining_negative_on_429(server: Server, reply: Reply) -> None:
    """A 429 counts on below zero."""
    server.tally["refused in a row"] = server.tally["refused in a row"] + 1 if reply.status == 429 else 0
    if reply.status == 429:
        reply.headers[REMAINING] = str(-server.tally["refused in a row"])


@on_headers("RATE-6", runs="loadtests")
def limit_zero_on_429(_server: Server, reply: Reply) -> None:
    """A 429 gives a Limit of zero."""
    if reply.status == 429:
        reply.headers[LIMIT] = "0"


def on_429(*promises: str) -> Callable[[Callable[[Reply], object]], Defect]:
    """The refusal of a request too many, changed in place."""

    def decorate(change: Callable[[Reply], object]) -> Defect:
        @wraps(change)
        def wrapper(_server: Server, inner: Refuse, refused: Refused) -> Reply:
            reply = inner(refused)
            if refused.status == 429:
                change(reply)
            return reply

        return defect(refuse, *promises, runs="loadtests")(wrapper)

    return decorate


@on_429("RATE-2", "ERR-2")
def throttled_503(reply: Reply) -> None:
    """Over the limit the answer is 503."""
    reply.status = 503


@on_429("RATE-2", "AUTH-3")
def throttled_403(reply: Reply) -> None:
    """Over the limit the answer is 403."""
    reply.status = 403


@on_429("RATE-2")
def throttled_400(reply: Reply) -> None:
    """Over the limit the answer is 400."""
    reply.status = 400


@on_429("RATE-2", "RES-1")
def throttled_200_with_error(reply: Reply) -> None:
    """Over the limit the answer is a 200 that says so inside."""
    reply.status, reply.media_type, reply.content = 200, "application/json", {"error": "throttled"}


@on_429("RATE-2", "ERR-2")
def throttled_cut(reply: Reply) -> None:
    """Over the limit the connection breaks without an answer."""
    reply.cut_at = -1


@on_429("RATE-2", "ERR-2")
def throttled_hang(reply: Reply) -> None:
    """Over the limit the answer takes two minutes."""
    reply.delay_s = 120.0
