"""The faults: what each server does to a client's first request, and what may come of it.

A row names the outcomes that are true of the fault, as the exchange tells them: a status where an honest reader may
take the answer for whole, a cause where none came. More than one where a race decides, or the two wires read apart:
what has no end may meet any bound first.
"""

import gzip
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import NamedTuple

import trustme

from contracts.exchanges.exchange import Cause
from tests.faults.server import HEALTHY, HEALTHY_BODY, FaultServer, Peer, Play

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
MEGABYTE = bytes(1 << 20)


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to be a bad server."""

    name: str
    play: Play | None
    becomes: tuple[int | Cause, ...]
    keep: bool = False  # the connection may be used again
    tls: Callable[[], tuple[ssl.SSLContext | None, ssl.SSLContext]] | None = None

    def server(self, *, always: bool = False) -> FaultServer:
        """A server that plays it once, or to every connection."""
        tls = self.tls() if self.tls else None
        return FaultServer(self.play, keep=self.keep and not always, tls=tls, always=always)


def say(*parts: bytes) -> Play:
    """Read the request, say this, hang up."""

    def play(peer: Peer) -> None:
        peer.request()
        for part in parts:
            peer.send(part)

    return play


def then(act: Callable[[Peer], object], *parts: bytes) -> Play:
    """Read the request, say this, and then do that."""

    def play(peer: Peer) -> None:
        say(*parts)(peer)
        act(peer)

    return play


def pour(what: bytes, *parts: bytes) -> Play:
    """Read the request, say the parts, and then the same for ever."""
    return then(lambda peer: peer.pour(what), *parts)


def drip(what: bytes, *parts: bytes) -> Play:
    """Read the request, say the parts, and then single bytes with pauses."""
    return then(lambda peer: peer.drip(what), *parts)


def answer(body: bytes, *headers: bytes, status: bytes = b"200 OK") -> bytes:
    """A whole answer."""
    return b"\r\n".join((b"HTTP/1.1 " + status, b"Content-Length: %d" % len(body), *headers)) + b"\r\n\r\n" + body


def redirect(location: bytes, status: bytes = b"307 Elsewhere") -> Play:
    """An answer that leads elsewhere."""
    return say(answer(b"", b"Location: " + location, status=status))


@cache
def bomb(layers: int) -> bytes:
    """Zeros in gzip in gzip …: each layer a thousandth of what it holds."""
    body = bytes(64 << 20)
    for _ in range(layers):
        body = gzip.compress(body, 9)
    return body


class Certificates(NamedTuple):
    """An authority's file to trust, and how each server presents itself."""

    authority: trustme.CA
    good: ssl.SSLContext


@cache
def certificates() -> Certificates:
    """One authority for the whole process; nothing is written."""
    authority = trustme.CA()
    return Certificates(authority, _context(authority.issue_cert("127.0.0.1")))


def _context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def _wrong_name() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    authority, good = certificates()
    return _context(authority.issue_cert("elsewhere.test")), good


def _expired() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    authority, good = certificates()
    then_ = datetime.now(UTC) - timedelta(days=9)
    return _context(authority.issue_cert("127.0.0.1", not_before=then_, not_after=then_ + timedelta(days=1))), good


def _stranger() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    return _context(trustme.CA().issue_cert("127.0.0.1")), certificates().good


def _good() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    good = certificates().good
    return good, good


def _plain() -> tuple[None, ssl.SSLContext]:
    return None, certificates().good


def _part_of_a_handshake(peer: Peer) -> None:
    peer.sock.recv(5)


T, UNREACHABLE, CLOSED, CUT = Cause.TIMEOUT, Cause.UNREACHABLE, Cause.CLOSED, Cause.CUT
MALFORMED, LARGE = Cause.MALFORMED, Cause.TOO_LARGE


def _connections() -> Iterator[Fault]:
    yield Fault("refuses the connection", None, (UNREACHABLE,))
    yield Fault("accepts and is silent", lambda peer: peer.stall(), (T,))
    yield Fault("closes at once", lambda _: None, (CLOSED,))
    yield Fault("resets at once", Peer.reset, (CLOSED, UNREACHABLE))
    yield Fault("closes after the request", say(), (CLOSED,))
    yield Fault("resets after the request", then(Peer.reset), (CLOSED,))
    yield Fault("answers before it is asked, and closes", lambda peer: peer.send(HEALTHY), (200, CLOSED, CUT))
    yield Fault("closes within the status line", say(b"HTTP/1.1 2"), (CUT, MALFORMED))
    yield Fault("closes within the head", say(HEAD), (CUT,))
    yield Fault("closes within a header", say(HEAD + b"X-Rate"), (CUT,))
    yield Fault("resets within the head", then(Peer.reset, HEAD), (CUT, CLOSED))
    yield Fault("keeps the connection and then closes it", say(HEALTHY), (200,))


def _lengths() -> Iterator[Fault]:
    yield Fault("closes after the head", say(HEAD + b"Content-Length: 55\r\n\r\n"), (CUT,))
    yield Fault("half a body", say(HEALTHY[:-20]), (CUT,))
    yield Fault("half a body, then silence", then(Peer.stall, HEALTHY[:-20]), (T,))
    yield Fault("half a body, then a reset", then(Peer.reset, HEALTHY[:-20]), (CUT, CLOSED))
    yield Fault(
        "a Content-Length too small", say(HEAD + b"Content-Length: 5\r\n\r\n" + HEALTHY_BODY), (200,), keep=True
    )
    yield Fault("no Content-Length, closed", say(HEAD + b"\r\n" + HEALTHY_BODY), (200,))
    yield Fault("no Content-Length, not closed", then(Peer.stall, HEAD + b"\r\n" + HEALTHY_BODY), (T,))
    twice = HEAD + b"Content-Length: 55\r\nContent-Length: %s\r\n\r\n" + HEALTHY_BODY
    yield Fault("Content-Length doubled", say(twice % b"55"), (200, MALFORMED))
    yield Fault("two Content-Lengths", say(twice % b"5"), (MALFORMED,))
    for told, value in {
        "negative": b"-1", "a word": b"many", "signed": b"+55", "a fraction": b"55.0",
        "of 5,000 digits": b"9" * 5_000,
    }.items():  # fmt: skip
        yield Fault(f"Content-Length {told}", then(Peer.stall, HEAD + b"Content-Length: " + value + b"\r\n\r\n{}"),
                    (MALFORMED,))  # fmt: skip
    yield Fault("Content-Length of an exabyte, closed", say(HEAD + b"Content-Length: %d\r\n\r\n{}" % 10**18),
                (CUT, LARGE))  # fmt: skip
    both = HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    yield Fault("Content-Length and chunks", say(both), (200, MALFORMED))
    yield Fault("a body under a 204", say(answer(HEALTHY_BODY, status=b"204 No")), (204, MALFORMED), keep=True)


def _chunks() -> Iterator[Fault]:
    yield Fault("chunks without an end", pour(b"10000\r\n" + bytes(1 << 16) + b"\r\n", CHUNKED), (LARGE, T))
    yield Fault("chunks that stop", then(Peer.stall, CHUNKED + b"2\r\n{}\r\n"), (T,))
    yield Fault("chunks broken off", say(CHUNKED + b"2\r\n{}\r\n"), (CUT,))
    for size in (b"zz", b"-5", b"", b"f" * 40, b"0x10"):
        yield Fault(f"chunk size {size.decode() or 'empty'}"[:30], say(CHUNKED + size + b"\r\n{}\r\n0\r\n\r\n"),
                    (MALFORMED, CUT, LARGE))  # fmt: skip
    yield Fault("a chunk size line without an end", pour(b"0" * 65_536, CHUNKED), (MALFORMED, CUT, LARGE))
    yield Fault("an extension without an end", pour(b"x" * 65_536, CHUNKED + b"2;"), (MALFORMED, CUT, LARGE))
    yield Fault("trailers without an end", pour(b"X-T: 1\r\n" * 8192, CHUNKED + b"0\r\n"),
                (T, MALFORMED, CUT, LARGE))  # fmt: skip
    gzipped = HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    yield Fault("a transfer coding not asked for", then(Peer.stall, gzipped), (T, MALFORMED, 200))


def _sizes() -> Iterator[Fault]:
    gigabyte = HEAD + b"Content-Length: %d\r\n\r\n" % (1 << 30)
    coded = b"Content-Encoding: "
    yield Fault("a gigabyte", pour(MEGABYTE, gigabyte), (LARGE, T))
    yield Fault("a body without an end", pour(MEGABYTE, HEAD + b"\r\n"), (LARGE, T))
    yield Fault("a gzip bomb", say(answer(bomb(1), coded + b"gzip")), (LARGE, MALFORMED))
    yield Fault("a gzip bomb in gzip", say(answer(bomb(2), coded + b"gzip, gzip")), (LARGE, MALFORMED))
    many = b", ".join([b"gzip"] * 40)
    yield Fault("forty content codings", say(answer(bomb(2), coded + many)), (LARGE, MALFORMED))
    yield Fault("not the gzip it says", say(answer(HEALTHY_BODY, coded + b"gzip")), (MALFORMED,))
    half = gzip.compress(HEALTHY_BODY)[:-12]
    yield Fault("half a gzip", say(answer(half, coded + b"gzip")), (MALFORMED, 200))
    yield Fault("an unknown content coding", say(answer(HEALTHY_BODY, coded + b"rot13")), (200, MALFORMED))


def _heads() -> Iterator[Fault]:
    yield Fault("headers without an end", pour(b"X-More: and more\r\n" * 4096, HEAD), (MALFORMED, LARGE, T))
    yield Fault("a header without an end", pour(b"x" * 65_536, HEAD + b"X-Long: "), (MALFORMED, LARGE, T))
    yield Fault("a status line without an end", pour(b"x" * 65_536, b"HTTP/1.1 200 "), (MALFORMED, LARGE, T))
    yield Fault("empty lines without an end", pour(b"\r\n" * 4096), (MALFORMED, LARGE, T))
    for told, line in {
        "SSH": b"SSH-2.0-OpenSSH_9", "HTTP/0.9": b"<html>", "HTTP/2 frames": b"\0\0\x12\x04\0\0\0\0\0", "HTTP/9.9":
        b"HTTP/9.9 200 OK", "a status in words": b"HTTP/1.1 two OK", "a status of two digits": b"HTTP/1.1 20 OK",
        "a status of four digits": b"HTTP/1.1 2000 OK", "no status": b"HTTP/1.1",
        "a negative status": b"HTTP/1.1 -20 OK",
    }.items():  # fmt: skip
        yield Fault(f"speaks {told}", say(line + b"\r\n\r\n"), (MALFORMED,))
    yield Fault("status 999", say(answer(HEALTHY_BODY, status=b"999 What")), (999, MALFORMED))
    for told, line in {
        "without a colon": b"no colon here", "folded": b"X-A: 1\r\n 2", "with a space in its name": b"X A: 1",
        "with NUL": b"X-A: a\0b", "not UTF-8": b"X-A: \xff\xfe", "with a bare CR": b"X-A: a\rb",
    }.items():  # fmt: skip
        yield Fault(f"a header {told}", say(HEAD + line + b"\r\nContent-Length: 55\r\n\r\n" + HEALTHY_BODY),
                    (200, MALFORMED))  # fmt: skip
    yield Fault("HTTP/1.0", say(HEALTHY.replace(b"/1.1", b"/1.0")), (200,))
    yield Fault("HTTP/1.0 without a length", say(b"HTTP/1.0 200 OK\r\n\r\n" + HEALTHY_BODY), (200,))
    yield Fault("bare line feeds", say(HEALTHY.replace(b"\r\n", b"\n")), (200, MALFORMED))


def _interim() -> Iterator[Fault]:
    yield Fault("a flood of 100s", pour(b"HTTP/1.1 100 Continue\r\n\r\n" * 2048), (MALFORMED, LARGE, T))
    yield Fault("a flood of 103s", pour(b"HTTP/1.1 103 Hints\r\nLink: <a>\r\n\r\n" * 2048), (MALFORMED, LARGE, T))
    yield Fault("a 103, then the answer", say(b"HTTP/1.1 103 Hints\r\nLink: <a>\r\n\r\n" + HEALTHY), (200,), keep=True)
    yield Fault("a 102 and nothing more", then(Peer.stall, b"HTTP/1.1 102 Processing\r\n\r\n"), (T,))
    yield Fault("a 101 nobody asked for", say(b"HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\n\r\n"), (101, MALFORMED, CUT))
    yield Fault("two answers at once", say(HEALTHY + answer(b"stale", status=b"500 Old")), (200,), keep=True)


def _contents() -> Iterator[Fault]:
    for told, location in {
        "another host": b"http://127.0.0.1:9/", "itself": b"", "plain http": b"http://localhost/",
        "a file": b"file:///etc/hostname", "a javascript": b"javascript:alert(1)", "no scheme": b"//[", "text": b"\xff",
    }.items():  # fmt: skip
        yield Fault(f"redirects to {told}", redirect(location), (307,), keep=True)
    yield Fault("a Set-Cookie", say(answer(HEALTHY_BODY, b"Set-Cookie: sid=1; Path=/")), (200,), keep=True)
    deep = b'{"results":' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    for told, body in {
        "that is not UTF-8": b'{"status":"\xff\xfe"}', "200,000 deep": deep, "with NaN": b'{"status":NaN}',
        "with a doubled key": b'{"results":[],"results":[{}]}', "with a number of 5,000 digits": b"9" * 5_000,
        "of seven megabytes": b'{"results":[' + b'{"index":0,"status":"ok"},' * 270_000 + b"{}]}",
        "with 1e999": b'{"results":[{"index":1e999}]}', "that is empty": b"", "in UTF-16": '{"a":1}'.encode("utf-16"),
        "with lone surrogates": b'{"status":"\\ud800","results":[{"index":0,"status":"\\udfff"}]}',
    }.items():  # fmt: skip
        yield Fault(f"JSON {told}", say(answer(body, b"Content-Type: application/json")), (200,), keep=True)


def _slowness() -> Iterator[Fault]:
    yield Fault("drips its status line", drip(HEALTHY), (T,))
    yield Fault("drips its head", drip(b"X-A: 1\r\n", HEAD), (T,))
    yield Fault("drips its body", drip(b" ", HEAD + b"Content-Length: 99999\r\n\r\n"), (T,))
    yield Fault("drips its chunks", drip(b"1\r\n \r\n", CHUNKED), (T,))
    yield Fault("drips without an end", drip(b" ", HEAD + b"\r\n"), (T,))


def _tls() -> Iterator[Fault]:
    yield Fault("TLS with a wrong name", lambda _: None, (UNREACHABLE,), tls=_wrong_name)
    yield Fault("TLS expired", lambda _: None, (UNREACHABLE,), tls=_expired)
    yield Fault("TLS self-signed", lambda _: None, (UNREACHABLE,), tls=_stranger)
    yield Fault("TLS closed in mid-handshake", _part_of_a_handshake, (UNREACHABLE,), tls=_plain)
    yield Fault("TLS silent in the handshake", lambda peer: peer.stall(), (UNREACHABLE,), tls=_plain)
    yield Fault("plain HTTP on the TLS port", lambda peer: peer.send(HEALTHY), (UNREACHABLE,), tls=_plain)
    yield Fault("TLS garbage", lambda peer: peer.pour(b"\x16\x03\x03\xff\xff" + bytes(65_535), 1 << 20),
                (UNREACHABLE,), tls=_plain)  # fmt: skip
    yield Fault("TLS closed without goodbye within the body", say(HEALTHY[:-20]), (CUT,), tls=_good)
    yield Fault("TLS, and then silence", then(Peer.stall), (T,), tls=_good)


FAULTS: tuple[Fault, ...] = (
    *_connections(),
    *_lengths(),
    *_chunks(),
    *_sizes(),
    *_heads(),
    *_interim(),
    *_contents(),
    *_slowness(),
    *_tls(),
)
