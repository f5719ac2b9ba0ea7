"""Who pays how much of which allowance, and which headers tell."""

import copy
import math
from collections.abc import Callable

from sandbox.limiter import LIMITERS, Limiter
from sandbox.message import Refused, Reply, Request
from sandbox.server import Server
from sandbox.signatures import Admit, Answer, Finish, Handle
from sandbox.stages import Allowance, admit, answer, authenticate, finish, handle, new_limiter, refuse
from sandbox.variant import Dialect, dialect


def _limited_by(name: str) -> Dialect:
    def wrapper(server: Server, _inner: Callable[[], Limiter]) -> Limiter:
        return LIMITERS[name](server.settings.limit, server.settings.window_s)

    wrapper.__name__ = f"limiter-{name}"
    wrapper.__doc__ = f"The limiter is: {LIMITERS[name].__doc__}"
    return dialect(new_limiter)(wrapper)


limiter_fixed_first_restarting = _limited_by("fixed-first-restarting")
limiter_fixed_clock = _limited_by("fixed-clock")
limiter_sliding_log = _limited_by("sliding-log")
limiter_sliding_log_counting = _limited_by("sliding-log-counting")
limiter_sliding_counter = _limited_by("sliding-counter")
limiter_token_bucket = _limited_by("token-bucket")
limiter_token_bucket_lumps = _limited_by("token-bucket-lumps")
limiter_leaky = _limited_by("leaky")


@dialect(admit)
def one_allowance_for_all_keys(server: Server, inner: Admit, request: Request, _key: str) -> Allowance:
    """All keys draw on one allowance."""
    return inner(request, server.settings.keys[0])


@dialect(handle)
def unauthorized_costs(server: Server, inner: Handle, request: Request) -> Reply:
    """A 401 costs the first key's allowance, as if it were counted by address."""
    if server[authenticate](request) is None:
        server[admit](request, server.settings.keys[0])
    return inner(request)


@dialect(handle)
def unauthorized_throttled(server: Server, inner: Handle, request: Request) -> Reply:
    """Requests without the key have an allowance of their own; beyond it they are answered 429."""
    if server[authenticate](request) is None:
        allowance = server[admit](request, "")
        if not allowance.admitted:
            return server[finish](request, server[refuse](Refused(429)), allowance)
    return inner(request)


@dialect(admit)
def refusals_cost_nothing(server: Server, inner: Admit, request: Request, key: str) -> Allowance:
    """A 400, 404, 405, 413, 415 or 422 gives back what it cost."""
    server.memory["before"] = key, copy.deepcopy(server.limiters.get(key))
    return inner(request, key)


@refusals_cost_nothing.also(finish)
def _give_back(server: Server, inner: Finish, request: Request, reply: Reply, allowance: Allowance | None) -> Reply:
    if allowance is not None and reply.status in (400, 404, 405, 413, 415, 422):
        key, limiter = server.memory["before"]
        if limiter is None:
            del server.limiters[key]
        else:
            server.limiters[key] = limiter
        allowance.remaining = min(allowance.limit, allowance.remaining + 1)
    return inner(request, reply, allowance)


@dialect(answer)
async def remaining_read_late(server: Server, inner: Answer, request: Request) -> Reply:
    """Remaining is read off as the answer leaves: what came meanwhile has been counted by then."""
    reply = await inner(request)
    await server.clock.sleep(0.01)
    limiter = copy.deepcopy(server.limiters.get(server[authenticate](request) or ""))
    if limiter is not None and reply.status != 429 and "X-RateLimit-Remaining" in reply.headers:
        admitted, remaining = limiter.admit(server.clock.monotonic_s())
        reply.headers["X-RateLimit-Remaining"] = str(remaining + admitted)
    return reply


@dialect(finish)
def retry_after(server: Server, inner: Finish, request: Request, reply: Reply, allowance: Allowance | None) -> Reply:
    """A 429 says in Retry-After to wait for two windows, which is enough for any limiter."""
    if reply.status == 429:
        reply.headers["Retry-After"] = str(math.ceil(2 * server.settings.window_s))
    return inner(request, reply, allowance)


@dialect(finish)
def draft_headers(server: Server, inner: Finish, request: Request, reply: Reply, allowance: Allowance | None) -> Reply:
    """The headers of the IETF's draft on rate limits stand beside the documented ones."""
    if allowance is not None:
        window_s = math.ceil(server.settings.window_s)
        reply.headers["RateLimit-Policy"] = f'"default";q={allowance.limit};w={window_s}'
        reply.headers["RateLimit"] = f'"default";r={allowance.remaining};t={window_s}'
    return inner(request, reply, allowance)


@dialect(finish)
def rate_headers_on_401(
    server: Server, inner: Finish, request: Request, reply: Reply, allowance: Allowance | None
) -> Reply:
    """A 401 carries the rate headers, with a full allowance: it has spent nothing."""
    limit = server.settings.limit
    return inner(request, reply, allowance or Allowance(admitted=True, limit=limit, remaining=limit))


@dialect(finish)
def rate_headers_where_promised(
    _server: Server, inner: Finish, request: Request, reply: Reply, allowance: Allowance | None
) -> Reply:
    """Only a 200, a 422 and a 429 carry the rate headers."""
    return inner(request, reply, allowance if reply.status in (200, 422, 429) else None)
