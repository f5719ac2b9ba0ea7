"""Between the application and the sockets: loopback only, quiet, patient with nobody.

The one place that touches uvicorn, and where a cut connection becomes one.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import ClassVar

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from sandbox.message import ConnectionCut

LOOPBACK = "127.0.0.1"
SLOWEST_REQUEST_S = 30.0  # from its first byte to its last
IDLE_CONNECTION_S = 75  # longer than any pacing waits between two requests
MAX_CONNECTIONS = 1_000
GRACE_S = 1  # for requests in flight when the server is asked to stop


class Protocol(HttpToolsProtocol):
    """uvicorn's own, with a deadline for the request and a transport that can be found by its client."""

    transports: ClassVar[dict[tuple[str, int], asyncio.Transport]]  # open connections; each Listener has its own
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in the base class
        super().connection_made(transport)
        if self.client is not None:
            self.transports[self.client] = transport
        self._set_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.client is not None:
            self.transports.pop(self.client, None)
        self._clear_deadline()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        self._clear_deadline()
        self._set_deadline()
        super().on_message_begin()

    def on_message_complete(self) -> None:
        self._clear_deadline()
        super().on_message_complete()

    def _set_deadline(self) -> None:
        self._deadline = self.loop.call_later(SLOWEST_REQUEST_S, self.transport.close)

    def _clear_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def bind(port: int) -> socket.socket:
    """A socket that listens on the loopback interface; port 0 picks a free one. OSError if it cannot."""
    # With its protocol named, asyncio sends small answers at once; else each would wait for the client's kernel.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((LOOPBACK, port))
        listener.listen(1024)
    except BaseException:
        listener.close()
        raise
    return listener


class Listener(uvicorn.Server):
    """uvicorn's server, which says when it really accepts."""

    def __init__(self, app: ASGIApp, when_ready: Callable[[], None]) -> None:
        class OwnProtocol(Protocol):
            transports: ClassVar = {}

        super().__init__(
            uvicorn.Config(
                _closing(app, OwnProtocol.transports),
                http=OwnProtocol,
                loop="asyncio",
                ws="none",
                lifespan="on",
                log_level="critical",
                access_log=False,
                server_header=False,
                limit_concurrency=MAX_CONNECTIONS,
                timeout_keep_alive=IDLE_CONNECTION_S,
                timeout_graceful_shutdown=GRACE_S,
            )
        )
        self._when_ready = when_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._when_ready()


def _closing(app: ASGIApp, transports: dict[tuple[str, int], asyncio.Transport]) -> ASGIApp:
    """`app`, with every ConnectionCut made true."""

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await app(scope, receive, send)
        except ConnectionCut:
            if (transport := transports.get(tuple(scope["client"]))) is not None:  # else the client was faster
                transport.close()
            await asyncio.sleep(0)  # uvicorn answers 500 for an application that says nothing, unless it sees the close

    return served
