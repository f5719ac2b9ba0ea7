"""A server on raw sockets that follows a script, and a wire of the contracts to meet it."""

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from contracts.exchanges.exchange import Cause, Exchange, NoAnswer
from contracts.history.secrets import Secret
from contracts.history.story import RunFacts
from contracts.history.writer import HistoryWriter
from contracts.wire.clock import Clock, SystemClock
from contracts.wire.outgoing import Outgoing
from contracts.wire.wire import MOST_HELD_BYTES, Wire

KEY = "sandbox-key"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-RateLimit-Limit: 9\r\nX-RateLimit-Remaining: 8\r\n\r\n{}"
NONE_LEFT = OK.replace(b"Remaining: 8", b"Remaining: 0")

Deed = bytes | float | None  # send these bytes, wait so many seconds, or hang up


class Server:
    """Answers the requests that come, whichever the connection, by one list of deeds each; then as the last one."""

    def __init__(self, *scripts: tuple[Deed, ...]) -> None:
        self._scripts = list(scripts)
        self.requests: list[bytes] = []
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.base_url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        for sock in (self._listener, *self._open):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                self._open.append(connection)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError):
            while request := _read_request(connection):
                self.requests.append(request)
                script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
                for deed in script:
                    if deed is None:
                        connection.shutdown(socket.SHUT_RDWR)
                        return
                    if isinstance(deed, bytes):
                        connection.sendall(deed)
                    else:
                        time.sleep(deed)


def _read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        received = connection.recv(65536)
        if not received:
            return b""
        data += received
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def answer(status: str, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


Serve = Callable[..., Server]


def wire_to(
    base_url: str,
    *,
    clock: Clock | None = None,
    max_requests: int = 20,
    timeout_s: float = 5,
    extra_headers: tuple[tuple[str, str], ...] = (),
    on_event: Callable[[str], None] | None = None,
    first_seq: int = 1,
    most_held: int = MOST_HELD_BYTES,
) -> tuple[Wire, HistoryWriter]:
    clock = clock or SystemClock()
    secret = Secret(KEY)
    facts = RunFacts(base_url, "", 0, clock.now(), 10.0, (), "contracts")
    history = HistoryWriter(None, facts, secret)
    wire = Wire(
        base_url,
        secret,
        history,
        clock=clock,
        max_requests=max_requests,
        timeout_s=timeout_s,
        extra_headers=extra_headers,
        on_event=on_event,
        first_seq=first_seq,
        most_held=most_held,
    )
    return wire, history


def send(wire: Wire, outgoing: Outgoing | None = None, *, wait: bool = False) -> Exchange:
    return wire.send(outgoing or Outgoing(b"{}"), driver="tests", purpose="to see", wait=wait)


def cause(exchange: Exchange) -> Cause | None:
    return exchange.outcome.cause if isinstance(exchange.outcome, NoAnswer) else None


def causes(history: HistoryWriter) -> list[Cause | None]:
    return [cause(exchange) for exchange in history.story().exchanges]
