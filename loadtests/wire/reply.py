"""One answer as it comes in over a kept connection, read by httptools into whole bytes. Opens no socket.

As tolerant of an answer's form as the wire of the contracts: what is no finding there is none here.
"""

import zlib

import httptools
import msgspec

from contracts.exchanges.exchange import Answer
from contracts.wire.attempt import MOST_RECEIVED_BYTES

LARGEST_ANSWER_BYTES = 8 * 1024 * 1024  # decoded, as for the contracts
LARGEST_HEAD_BYTES = 64 * 1024
MOST_CODINGS = 5
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


class TooLargeError(Exception):
    """More than this harness reads."""


class MalformedError(Exception):
    """What the parser lets pass, and is no HTTP."""


class Incoming:
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
            raise TooLargeError(f"more than {LARGEST_ANSWER_BYTES} bytes of a {self.status}")
        if self.received > LARGEST_HEAD_BYTES and not self.headed:  # interim answers count too
            raise MalformedError(f"a head of more than {LARGEST_HEAD_BYTES} bytes")

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
                raise MalformedError(f"a transfer coding that was not asked for: {value[:100]!r}")
            if name.lower() == b"content-encoding" and body:
                body = _decoded(body, value)
        return body


def _decoded(body: bytes, codings: bytes) -> bytes:
    """Decoded from gzip or deflate, the last one first, never far beyond the bound; another is left as it came."""
    applied = codings.lower().split(b",")
    if len(applied) > MOST_CODINGS:
        raise MalformedError(f"{len(applied)} content codings")
    for coding in reversed(applied):
        bits = _CODINGS.get(coding.strip())
        if bits is None:
            return body
        decoder = zlib.decompressobj(bits)
        body = decoder.decompress(body, LARGEST_ANSWER_BYTES + 1)
        if len(body) > LARGEST_ANSWER_BYTES:
            raise TooLargeError(f"more than {LARGEST_ANSWER_BYTES} bytes, decoded")
        if not decoder.eof:
            raise MalformedError("the coded body breaks off")
    return body
