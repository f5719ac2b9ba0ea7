"""Watches one request's connection: was it a kept one, is it still being dialled, and shuts it when time is up.

A socket's own time-out starts anew with every byte received, so that a server that drips holds its client for ever.
Knows HTTP only as far as `http.client` is too kind: a head that broke off or never ends, a length that is none.
"""

import io
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from http.client import HTTPException, HTTPResponse, IncompleteRead
from threading import Lock, Timer
from typing import Any, BinaryIO

from urllib3.connection import HTTPConnection, HTTPSConnection

MOST_RECEIVED_BYTES = 12 * 1024 * 1024  # of one answer, as they come: head, chunk sizes and trailers included
MOST_HEAD_LINES = 1_000  # interim answers included; `http.client` itself takes a hundred headers an answer


class TooMuchError(HTTPException):
    """More came than is read of one answer."""


class Attempt:
    """One request on one connection, with a deadline in seconds from its making."""

    def __init__(self) -> None:
        self.kept = False  # the connection had served before
        self.dialling = False  # connecting has begun, and not come to its end
        self.expired = False
        self._connection: HTTPConnection | None = None
        self._socket: socket.socket | None = None
        self._lock = Lock()

    def dials(self, connection: HTTPConnection) -> None:
        """A new connection is about to be made, its TLS included."""
        self._connection, self._socket, self.kept, self.dialling = connection, None, False, True

    def uses(self, connection: HTTPConnection) -> None:
        """The request goes out on this connection, which may yet have to be dialled."""
        if connection is not self._connection:
            self.kept = connection.sock is not None
        self.reaches(connection)

    def reaches(self, connection: HTTPConnection) -> None:
        """The connection stands, if it has a socket. The socket is remembered: the connection drops it at the head."""
        with self._lock:
            self._connection, self._socket, self.dialling = connection, connection.sock, False
            if self.expired:
                _shut(connection.sock)

    def expire(self) -> None:
        """Time is up: whoever waits for this connection wakes to find it closed."""
        with self._lock:
            self.expired = True
            _shut(self._socket or (self._connection.sock if self._connection else None))


_CURRENT: ContextVar[Attempt | None] = ContextVar("attempt", default=None)


@contextmanager
def watching(timeout_s: float) -> Iterator[Attempt]:
    """Watch whatever watched connection is used inside, for so many seconds; looking a name up cannot be cut short."""
    attempt = Attempt()
    timer = Timer(timeout_s, attempt.expire)
    timer.daemon = True
    token = _CURRENT.set(attempt)
    timer.start()
    try:
        yield attempt
    finally:
        timer.cancel()
        _CURRENT.reset(token)


def _shut(sock: socket.socket | None) -> None:
    if sock is not None:
        with suppress(OSError):
            socket.socket.shutdown(sock, socket.SHUT_RDWR)  # under TLS too: its own would take a lock of the reader


class _Lines:
    """A stream's lines as they are read, with how many came and which was the last."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.count = 0
        self.last: bytes | None = None

    def readline(self, limit: int = -1) -> bytes:
        if self.count > MOST_HEAD_LINES:
            raise HTTPException(f"more than {MOST_HEAD_LINES} lines and no end of the head")
        self.last = self.stream.readline(limit)
        self.count += bool(self.last)
        return self.last

    def close(self) -> None:
        self.stream.close()


class _Bounded(io.RawIOBase):
    """A socket's bytes, up to the bound; raises TooMuchError beyond it."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self._left = MOST_RECEIVED_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> Any:
        received = self._raw.readinto(buffer)
        self._left -= received or 0
        if self._left < 0:
            raise TooMuchError(f"more than {MOST_RECEIVED_BYTES} bytes came")
        return received

    def close(self) -> None:
        self._raw.close()
        super().close()


class _StrictResponse(HTTPResponse):
    """An answer by RFC 9112: its head ends with its empty line (2.1), its length is one number (6.3).

    Raises IncompleteRead where the head breaks off, HTTPException for what is no head.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        stream: Any = self.fp
        self.fp = io.BufferedReader(_Bounded(stream.detach()))

    def begin(self) -> None:
        stream = self.fp
        lines: Any = _Lines(stream)  # all that `begin` does is to read lines
        self.fp = lines
        try:
            self._begin()
        except ConnectionResetError as error:
            if lines.count:
                raise IncompleteRead(b"") from error
            raise
        finally:
            if self.fp is lines:
                self.fp = stream
        if lines.last == b"":
            raise IncompleteRead(b"")
        _check_length(self.headers.get_all("Content-Length") or [])

    def _begin(self) -> None:
        """The final answer's head: interim ones (RFC 9110, 15.2) are passed over, but for 101, which ends HTTP."""
        super().begin()
        while 100 <= self.status < 200 and self.status != 101:
            self.headers: Any = None  # for `begin` this means that it has not begun
            super().begin()


def _check_length(values: list[str]) -> None:
    """ "If a message is received without Transfer-Encoding and with an invalid Content-Length header field, then the
    message framing is invalid" (RFC 9112, 6.3); the same number twice is not.
    """
    numbers = {part.strip(" \t") for value in values for part in value.split(",")}
    if len(numbers) > 1 or not all(re.fullmatch(r"[0-9]{1,19}", number, re.ASCII) for number in numbers):
        raise HTTPException(f"the Content-Length is {', '.join(sorted(numbers))[:100]}")


class PlainConnection(HTTPConnection):
    """A connection that tells the current attempt what it does."""

    response_class = _StrictResponse

    def connect(self) -> None:
        with _dialling(self):
            super().connect()

    def putrequest(self, method: str, url: str, skip_host: bool = False, skip_accept_encoding: bool = False) -> None:
        _tell_use(self)
        super().putrequest(method, url, skip_host, skip_accept_encoding)


class TLSConnection(PlainConnection, HTTPSConnection):
    """The same under TLS."""


@contextmanager
def _dialling(connection: HTTPConnection) -> Iterator[None]:
    attempt = _CURRENT.get()
    if attempt:
        attempt.dials(connection)
    yield
    if attempt:
        attempt.reaches(connection)


def _tell_use(connection: HTTPConnection) -> None:
    attempt = _CURRENT.get()
    if attempt:
        attempt.uses(connection)
