"""The sandbox as an ASGI application: reads a request whole, runs the stages, puts the reply on the wire.

Opens no socket and reads no clock of its own, so that a test can drive it in one process without waiting.
"""

import difflib
from collections.abc import Mapping
from typing import TypeVar

from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from sandbox.catalogue import load_catalogue
from sandbox.clock import SYSTEM_CLOCK, Clock
from sandbox.defects import DEFECTS
from sandbox.dialects import DIALECTS
from sandbox.limiter import LIMITERS
from sandbox.message import ConnectionCut, Reply, Request
from sandbox.server import Server
from sandbox.settings import MAX_BODY_BYTES, Settings
from sandbox.stages import answer, encode
from sandbox.store import Store

T = TypeVar("T")

__all__ = ["Application", "ConnectionCut", "Settings", "create_app"]


def create_app(settings: Settings, clock: Clock = SYSTEM_CLOCK) -> "Application":
    """One sandbox. ValueError: an unknown dialect, defect or limiter. sqlite3.Error: an unusable database."""
    _named("limiter", settings.limiter, LIMITERS)
    defects = [_named("defect", name, DEFECTS) for name in (settings.defect,) if name is not None]
    spoken = [*settings.dialects, *(name for defect in defects for name in defect.speaks)]
    dialects = [_named("dialect", name, DIALECTS) for name in dict.fromkeys(spoken)]
    server = Server(settings, clock, Store(settings.database), load_catalogue())
    for variant in (*dialects, *defects):
        variant.install(server)
    return Application(server)


def _named(what: str, name: str, known: Mapping[str, T]) -> T:
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
        hint = f"perhaps {' or '.join(near)}" if near else "see --list"
        raise ValueError(f"no {what} is called {name!r}; {hint}")
    return known[name]


class Application:
    """The ASGI side of one server. `server.store` tells what was kept."""

    def __init__(self, server: Server) -> None:
        self.server = server

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ConnectionCut: the reply says that the connection breaks; whoever serves the application must close it."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            self.server.in_flight += 1
            try:
                await self._exchange(scope, receive, send)
            finally:
                self.server.in_flight -= 1

    async def _exchange(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _read(receive)
        if body is None:
            return
        headers = Headers(raw=scope["headers"])
        client = tuple(scope["client"]) if scope.get("client") else None
        request = Request(scope["method"], scope["path"], headers, body, client, self.server.in_flight)
        reply = await self.server[answer](request)
        if reply.delay_s:
            await self.server.clock.sleep(reply.delay_s)
        await self._reply(reply, send)

    async def _reply(self, reply: Reply, send: Send) -> None:
        body = self.server[encode](reply)
        if reply.cut_at is not None and reply.cut_at < 0:
            raise ConnectionCut
        headers = dict(reply.headers)
        if reply.media_type is not None:
            headers["Content-Type"] = reply.media_type
        if not reply.chunked and reply.status != 204:  # RFC 9110 section 8.6
            headers["Content-Length"] = str(len(body))
        raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": reply.status, "headers": raw})
        if reply.cut_at is not None:
            await send({"type": "http.response.body", "body": body[: reply.cut_at], "more_body": True})
            raise ConnectionCut
        await send({"type": "http.response.body", "body": body})

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self.server.store.close()
        await send({"type": "lifespan.shutdown.complete"})


async def _read(receive: Receive) -> bytes | None:
    """The body, cut off one byte beyond what is taken; None if the client went away before its end."""
    chunks = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunks += message.get("body", b"")
        if len(chunks) > MAX_BODY_BYTES:
            return bytes(chunks[: MAX_BODY_BYTES + 1])
        if not message.get("more_body", False):
            return bytes(chunks)
