"""One kept HTTP/1.1 connection: ready bytes out, one whole answer in, or why there is none. Knows no key, no history.

Written on plain sockets, which Locust's patches turn into gevent's. Nothing is redirected, and nothing sent again.
"""

import os
import socket
import threading
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

import httptools

from contracts.exchanges.exchange import Cause, NoAnswer
from contracts.wire.transport import OUR_LACKS, CannotSendError
from loadtests.wire.reply import Incoming, MalformedError, Reply, TooLargeError
from loadtests.wire.route import Route

TICK_S = 0.05  # how often time-outs are looked for
_RECEIVED_AT_ONCE = 128 * 1024


class Line(Protocol):
    """What a connection needs of its socket; each raises OSError as sockets do."""

    def send(self, request: bytes | bytearray, /) -> object: ...

    def receive_into(self, buffer: memoryview, /) -> int: ...

    def shut(self) -> None: ...

    def close(self) -> None: ...


class PlainLine:
    """A socket as it is, under TLS or not."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self.send = sock.sendall
        self.receive_into = sock.recv_into
        self.close = sock.close

    def shut(self) -> None:
        socket.socket.shutdown(self._socket, socket.SHUT_RDWR)  # under TLS too


Lines = Callable[[socket.socket], Line]


class Watch:
    """Shuts connections whose exchange takes too long, from a thread (under Locust a greenlet) of its own.

    One look every TICK_S at all of them costs less than a timer for each exchange.
    """

    def __init__(self, timeout_s: float) -> None:
        self.timeout_s = timeout_s
        self.connections: set[Connection] = set()  # those that are open, or about to be
        threading.Thread(target=self._look, daemon=True, name="time-outs").start()

    def _look(self) -> None:
        while True:
            time.sleep(TICK_S)
            late = time.monotonic() - self.timeout_s
            for connection in self.connections.copy():
                if connection.since_s is not None and connection.since_s <= late:
                    connection.expire()


class Connection:
    """Connects when it is needed, and again when it was closed. For one request at a time."""

    def __init__(self, route: Route, watch: Watch, line: Lines = PlainLine) -> None:
        self._route, self._watch, self._line_on = route, watch, line
        self._line: Line | None = None
        self._expired = False
        self._buffer = memoryview(bytearray(_RECEIVED_AT_ONCE))
        self.since_s: float | None = None  # when the exchange under way began, monotonic

    def exchange(self, request: bytes | bytearray) -> Reply | NoAnswer:
        """Send, and wait for one whole answer; the watch's time-out bounds it all, connecting included.

        Raises CannotSendError where this machine is at fault.
        """
        self._expired = False
        kept = self._line is not None
        self.since_s = time.monotonic()
        try:
            if not kept:
                self._watch.connections.add(self)
                try:
                    self._connect()
                except (OSError, ValueError) as error:
                    self.close()
                    if isinstance(error, OSError) and error.errno in OUR_LACKS:
                        raise CannotSendError(os.strerror(error.errno or 0)) from None
                    return NoAnswer(Cause.UNREACHABLE, f"{type(error).__name__}: {error}"[:300])
            return self._exchange(request, kept)
        except BaseException:
            self.close()  # somebody ended this user in the middle: what is on its way must not answer the next request
            raise
        finally:
            self.since_s = None

    def expire(self) -> None:
        """Time is up: whoever waits for this connection wakes to find it closed."""
        self._expired = True
        if self._line is not None:
            with suppress(OSError):
                self._line.shut()

    def close(self) -> None:
        """Drop the connection; the next exchange makes a new one."""
        if self._line is not None:
            with suppress(OSError):
                self._line.close()
        self._line = None
        self._watch.connections.discard(self)

    def _connect(self) -> None:
        sock = self._route.connect(self._watch.timeout_s)
        sock.settimeout(None)  # from here on the watch's
        self._line = self._line_on(sock)
        self._incoming = Incoming()

    def _exchange(self, request: bytes | bytearray, kept: bool) -> Reply | NoAnswer:
        line, incoming, buffer = self._line, self._incoming, self._buffer
        assert line is not None  # noqa: S101 — just connected
        incoming.begin()
        try:
            try:  # noqa: SIM105 — `suppress` costs more than the rest of the line
                line.send(request)
            except (BrokenPipeError, ConnectionResetError):
                pass  # an answer may lie there already
            while not incoming.complete:
                incoming.feed(buffer[: line.receive_into(buffer)], self._expired)
            if not incoming.kept:
                self.close()
            return incoming.reply()  # what is wrong with it closes the connection, below
        except (EOFError, OSError) as error:
            return self._failed(incoming, kept, f"{type(error).__name__}: {error}" if str(error) else "")
        except TooLargeError as error:
            cause, detail = Cause.TOO_LARGE, str(error)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade, zlib.error, MalformedError) as error:
            cause, detail = Cause.MALFORMED, f"{type(error).__name__}: {error}"[:300]
        self.close()
        return NoAnswer(cause, detail)

    def _failed(self, incoming: "Incoming", kept: bool, detail: str) -> NoAnswer:
        self.close()
        so_far = f"after {incoming.size} bytes of a {incoming.status}" if incoming.headed else ""
        if self._expired:
            return NoAnswer(Cause.TIMEOUT, so_far)
        if incoming.received:
            return NoAnswer(Cause.CUT, f"{so_far} {detail}".strip())
        return NoAnswer(Cause.CLOSED_IDLE if kept else Cause.CLOSED, detail)
