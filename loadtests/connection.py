"""One kept HTTP/1.1 connection: ready bytes out, one whole answer in, or why there is none. Knows no key, no history.

Written on plain sockets, which Locust's patches turn into gevent's. As tolerant of an answer's form as the wire of the
contracts: what is no finding there is none here. Nothing is redirected, and nothing sent a second time.
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
import msgspec

from contracts.attempt import MOST_RECEIVED_BYTES
from contracts.exchange import Answer, Cause, NoAnswer
from contracts.transport import OUR_LACKS, CannotSendError
from loadtests.route import Route

LARGEST_ANSWER_BYTES = 8 * 1024 * 1024  # decoded, as for the contracts
LARGEST_HEAD_BYTES = 64 * 1024
MOST_CODINGS = 5
TICK_S = 0.05  # how often time-outs are looked for
_RECEIVED_AT_ONCE = 128 * 1024
_CODINGS = {b"gzip": 31, b"x-gzip": 31, b"deflate": 15}  # zlib's window bits

Header = tuple[bytes, bytes]


class Reply(msgspec.Struct):
    """A whole answer, its headers still bytes, its body decoded."""

    status: int
    headers: list[Header]
    body: bytes
    named: dict[bytes, bytes] = {}  # the value of each header by its name in lower case; several lines are one list

    def __post_init__(self) -> None:
        self.named = {name.lower(): value for name, value in self.headers}
        if len(self.named) < len(self.headers):
            self.named = dict.fromkeys(self.named, b"")
            for name, value in self.headers:
                before = self.named[name.lower()]
                self.named[name.lower()] = before + b", " + value if before else value

    def answer(self) -> Answer:
        """As the history keeps it."""
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in self.headers)
        return Answer(self.status, headers, self.body)


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
        self._incoming = _Incoming()

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
        except _TooLargeError as error:
            cause, detail = Cause.TOO_LARGE, str(error)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade, zlib.error, _MalformedError) as error:
            cause, detail = Cause.MALFORMED, f"{type(error).__name__}: {error}"[:300]
        self.close()
        return NoAnswer(cause, detail)

    def _failed(self, incoming: "_Incoming", kept: bool, detail: str) -> NoAnswer:
        self.close()
        so_far = f"after {incoming.size} bytes of a {incoming.status}" if incoming.headed else ""
        if self._expired:
            return NoAnswer(Cause.TIMEOUT, so_far)
        if incoming.received:
            return NoAnswer(Cause.CUT, f"{so_far} {detail}".strip())
        return NoAnswer(Cause.CLOSED_IDLE if kept else Cause.CLOSED, detail)


class _TooLargeError(Exception):
    """More than this harness reads."""


class _MalformedError(Exception):
    """What the parser lets pass, and is no HTTP."""


class _Incoming:
    """The answers of one connection as they come in, one after the other."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        # As `http.client` reads: bare line feeds, and both a length and chunks.
        self._parser.set_dangerous_leniencies(
            lenient_chunked_length=True, lenient_optional_cr_before_lf=True, lenient_data_after_close=True
        )
        self.begin()

    def begin(self) -> None:
        self.status = self.size = self.received = 0
        self.headers: list[Header] = []
        self._chunks: list[bytes] = []
        self.complete, self.kept = False, True

    @property
    def headed(self) -> bool:
        """Whether the head of the answer is whole; 100 Continue and the like are none (RFC 9110, 15.2)."""
        return self.status >= 200

    def feed(self, data: memoryview, by_us: bool) -> None:
        """Raises EOFError where the connection closed within an answer, or by us, and what the parser does."""
        if not data:
            self._end(by_us)
            return
        self.received += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            if not self.complete:
                raise
            self.kept = False  # what followed the answer is nobody's
        if self.size > LARGEST_ANSWER_BYTES or self.received > MOST_RECEIVED_BYTES:
            raise _TooLargeError(f"more than {LARGEST_ANSWER_BYTES} bytes of a {self.status}")
        if self.received > LARGEST_HEAD_BYTES and not self.headed:  # interim answers count too
            raise _MalformedError(f"a head of more than {LARGEST_HEAD_BYTES} bytes")

    def _end(self, by_us: bool) -> None:
        """The connection is closed, which ends an answer that tells no other end."""
        if (
            by_us
            or not self.headed
            or any(name.lower() in (b"content-length", b"transfer-encoding") for name, _ in self.headers)
        ):
            raise EOFError
        self.complete, self.kept = True, False

    # What the parser calls.

    def on_message_begin(self) -> None:
        if self.complete:
            self.kept = False  # a second answer to one request

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.complete:
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        if not self.complete:
            self.status = self._parser.get_status_code()

    def on_body(self, body: bytes) -> None:
        if self.complete:
            return
        self.size += len(body)
        if self.size <= LARGEST_ANSWER_BYTES:  # `feed` says where it is more: the parser swallows what is raised here
            self._chunks.append(body)

    def on_message_complete(self) -> None:
        if self.complete:
            return
        if not self.headed:
            self.headers = []
            return
        self.complete = True
        self.kept = self._parser.should_keep_alive()

    def reply(self) -> Reply:
        body = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        reply = Reply(self.status, self.headers, body)
        if b"transfer-encoding" in reply.named or b"content-encoding" in reply.named:
            reply.body = self._uncoded(body)
        return reply

    def _uncoded(self, body: bytes) -> bytes:
        for name, value in self.headers:
            if name.lower() == b"transfer-encoding" and value.strip().lower() != b"chunked":
                raise _MalformedError(f"a transfer coding that was not asked for: {value[:100]!r}")
            if name.lower() == b"content-encoding" and body:
                body = _decoded(body, value)
        return body


def _decoded(body: bytes, codings: bytes) -> bytes:
    """Decoded from gzip or deflate, the last one first, never far beyond the bound; another is left as it came."""
    applied = codings.lower().split(b",")
    if len(applied) > MOST_CODINGS:
        raise _MalformedError(f"{len(applied)} content codings")
    for coding in reversed(applied):
        bits = _CODINGS.get(coding.strip())
        if bits is None:
            return body
        decoder = zlib.decompressobj(bits)
        body = decoder.decompress(body, LARGEST_ANSWER_BYTES + 1)
        if len(body) > LARGEST_ANSWER_BYTES:
            raise _TooLargeError(f"more than {LARGEST_ANSWER_BYTES} bytes, decoded")
        if not decoder.eof:
            raise _MalformedError("the coded body breaks off")
    return body
