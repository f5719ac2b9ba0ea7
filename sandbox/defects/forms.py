"""Short forms for defects of one shape: each turns a small function of what it looks at into a wrapper of a stage.

What the small function is called and says becomes the name and the sentence of the defect.
"""

from collections.abc import Callable
from functools import wraps
from typing import TypeAlias

from sandbox.batches import parse
from sandbox.message import Refused, Reply, Request
from sandbox.outcome import Result
from sandbox.server import Server
from sandbox.signatures import Answer, Finish, Handle, Parse, Parsed, Render, Unpack
from sandbox.stages import Allowance, answer, finish, render, respond, unpack
from sandbox.variant import Defect, defect

Told: TypeAlias = dict[str, object]  # one element of `results`, or the whole 200, as JSON
BUSY_S = 0.005  # what a request takes on a server whose defect shows only when requests overlap


class Absent:
    """Stands for a property that a record does not have."""


ABSENT = Absent()


def body_of(reply: Reply) -> Told:
    """The object in a reply of ours that is one."""
    return reply.content if isinstance(reply.content, dict) else {}


def results_of(reply: Reply) -> list[Told]:
    """The results in a 200 of ours."""
    results = body_of(reply).get("results")
    return results if isinstance(results, list) else []


def on_result(*promises: str) -> Callable[[Callable[[Result], Told]], Defect]:
    """How one result is written."""

    def decorate(tell: Callable[[Result], Told]) -> Defect:
        @wraps(tell)
        def wrapper(_server: Server, inner: Render, results: list[Result]) -> Reply:
            reply = inner(results)
            reply.content = body_of(reply) | {"results": [tell(result) for result in results]}
            return reply

        return defect(render, *promises)(wrapper)

    return decorate


def on_results(*promises: str) -> Callable[[Callable[[list[Told]], object]], Defect]:
    """What stands under `results`."""

    def decorate(change: Callable[[list[Told]], object]) -> Defect:
        @wraps(change)
        def wrapper(_server: Server, inner: Render, results: list[Result]) -> Reply:
            reply = inner(results)
            reply.content = body_of(reply) | {"results": change(results_of(reply))}
            return reply

        return defect(render, *promises)(wrapper)

    return decorate


def on_success(*promises: str) -> Callable[[Callable[[Reply], object]], Defect]:
    """The 200, changed in place."""

    def decorate(change: Callable[[Reply], object]) -> Defect:
        @wraps(change)
        def wrapper(_server: Server, inner: Render, results: list[Result]) -> Reply:
            reply = inner(results)
            change(reply)
            return reply

        return defect(render, *promises)(wrapper)

    return decorate


def on_422(*promises: str, speaks: tuple[str, ...] = ()) -> Callable[[Callable[[Reply], object]], Defect]:
    """The 422, changed in place."""

    def decorate(change: Callable[[Reply], object]) -> Defect:
        @wraps(change)
        def wrapper(
            _server: Server, inner: Finish, request: Request, reply: Reply, allowance: Allowance | None
        ) -> Reply:
            if reply.status == 422:
                change(reply)
            return inner(request, reply, allowance)

        return defect(finish, *promises, speaks=speaks)(wrapper)

    return decorate


def refuses_document(status: int, *promises: str) -> Callable[[Callable[[object], bool]], Defect]:
    """The JSON documents that are answered by `status`."""

    def decorate(hits: Callable[[object], bool]) -> Defect:
        @wraps(hits)
        def wrapper(_server: Server, inner: Unpack, document: object) -> list[object]:
            if hits(document):
                raise Refused(status)
            return inner(document)

        return defect(unpack, *promises)(wrapper)

    return decorate


def refuses_record(status: int, *promises: str) -> Callable[[Callable[[dict[str, object]], bool]], Defect]:
    """The records, objects all, for which a whole batch is answered by `status`."""

    def decorate(hits: Callable[[dict[str, object]], bool]) -> Defect:
        @wraps(hits)
        def wrapper(_server: Server, inner: Unpack, document: object) -> list[object]:
            items = inner(document)
            if any(hits(item) for item in items if isinstance(item, dict)):
                raise Refused(status)
            return items

        return defect(unpack, *promises)(wrapper)

    return decorate


def refuses_body(status: int, *promises: str) -> Callable[[Callable[[bytes], bool]], Defect]:
    """The bodies, as bytes, that are answered by `status` whatever they say."""

    def decorate(hits: Callable[[bytes], bool]) -> Defect:
        @wraps(hits)
        def wrapper(_server: Server, inner: Handle, request: Request) -> Reply:
            if hits(request.body):
                raise Refused(status)
            return inner(request)

        return defect(respond, *promises)(wrapper)

    return decorate


def reads_value(name: str, *promises: str) -> Callable[[Callable[[object], object]], Defect]:
    """What a record's property `name` is taken for; it is given ABSENT, and returns it, where there is none."""

    def decorate(read_as: Callable[[object], object]) -> Defect:
        @wraps(read_as)
        def wrapper(_server: Server, inner: Parse, item: object) -> Parsed:
            if not isinstance(item, dict):
                return inner(item)
            value = read_as(item.get(name, ABSENT))
            return inner(item if value is ABSENT else item | {name: value})

        return defect(parse, *(promises or ("VAL-1",)))(wrapper)

    return decorate


def under_load(*promises: str) -> Callable[[Callable[[Server, Request, Reply], object]], Defect]:
    """What happens to an answer, in place, while more than one request is under way."""

    def decorate(change: Callable[[Server, Request, Reply], object]) -> Defect:
        @wraps(change)
        async def wrapper(server: Server, inner: Answer, request: Request) -> Reply:
            crowded = server.in_flight > 1
            await server.clock.sleep(BUSY_S)
            reply = await inner(request)
            if crowded or server.in_flight > 1:
                change(server, request, reply)
            return reply

        return defect(answer, *promises, runs="loadtests")(wrapper)

    return decorate
