"""What became of a request is told truly: an answer, or for what cause there is none. Against scripted servers."""

import gzip
import time

import pytest

from contracts.exchanges.exchange import Answer, Cause
from contracts.wire.transport import LARGEST_ANSWER_BYTES
from tests.scripted import OK, Deed, Serve, answer, cause, causes, send, wire_to

GZIPPED = answer("200 OK", gzip.compress(b'{"a": 1}'), "Content-Encoding: gzip")
BOMB = answer("200 OK", gzip.compress(bytes(LARGEST_ANSWER_BYTES + 1)), "Content-Encoding: gzip")
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ((GZIPPED,), b'{"a": 1}'),
        ((CHUNKED + b"0\r\n\r\n",), b"abc"),
        ((b"HTTP/1.1 200 OK\r\n\r\nup to the end", None), b"up to the end"),
        ((b"HTTP/1.1 100 Continue\r\n\r\n" + OK,), b"{}"),
        ((b"HTTP/1.1 20", 0.05, OK[11:]), b"{}"),
        ((None,), Cause.CLOSED),
        ((b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n", None), Cause.CUT),
        ((b"HTTP/1.1 200 OK\r\nConte", None), Cause.CUT),
        ((answer("200 OK", b"whole")[:-1], None), Cause.CUT),
        ((CHUNKED, None), Cause.CUT),
        ((b"SSH-2.0-OpenSSH_9\r\n", None), Cause.MALFORMED),
        ((answer("200 OK", b"not gzip", "Content-Encoding: gzip"),), Cause.MALFORMED),
        ((BOMB,), Cause.TOO_LARGE),
    ],
)
def test_what_became_of_a_request(serve: Serve, script: tuple[Deed, ...], expected: bytes | Cause) -> None:
    exchange = send(wire_to(serve(script).base_url)[0])
    if isinstance(expected, bytes):
        assert isinstance(exchange.outcome, Answer), exchange.outcome
        assert exchange.outcome.body == expected
    else:
        assert cause(exchange) is expected, exchange.outcome


DRIP: tuple[Deed, ...] = tuple(deed for _ in range(12) for deed in (b" ", 0.08))


@pytest.mark.parametrize(
    "script",
    [
        (1.0,),
        (b"HTTP/1.1 200 OK\r\nX:", *DRIP),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n", *DRIP),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", *DRIP),
    ],
    ids=["silence", "a slow head", "a slow body", "a slow body without an end"],
)
def test_the_time_out_bounds_the_whole(serve: Serve, script: tuple[Deed, ...]) -> None:
    wire, _ = wire_to(serve(script, (OK,)).base_url, timeout_s=0.3)
    exchange = send(wire)
    assert cause(exchange) is Cause.TIMEOUT, exchange.outcome
    assert exchange.answered_s - exchange.sent_s > 0.25
    assert send(wire).status == 200


def test_a_kept_connection_closed_while_idle_is_nobodys_fault(serve: Serve) -> None:
    server = serve((OK,), (None,), (OK,))
    wire, history = wire_to(server.base_url)
    send(wire)
    assert send(wire).status == 200
    assert causes(history) == [None, Cause.CLOSED_IDLE, None]
    assert [exchange.seq for exchange in history.story().exchanges] == [1, 2, 3]
    assert wire.sent == len(server.requests) == 3
    assert server.connections == 2


def test_a_new_connection_closed_before_the_first_byte_is_not_resent(serve: Serve) -> None:
    server = serve((OK,), (None,))
    wire, history = wire_to(server.base_url)
    send(wire)
    assert cause(send(wire)) is Cause.CLOSED
    assert causes(history) == [None, Cause.CLOSED_IDLE, Cause.CLOSED]


def test_a_connection_found_closed_before_sending_is_dialled_anew(serve: Serve) -> None:
    """The close was seen in time: the second request never met the old connection, whose end is then no idle one."""
    server = serve((OK, None), (None,), (OK,))
    wire, history = wire_to(server.base_url)
    send(wire)
    time.sleep(0.05)
    send(wire)
    assert causes(history) == [None, Cause.CLOSED]
    assert server.connections == 2


def test_a_kept_connection_cut_within_its_answer_is_a_cut(serve: Serve) -> None:
    wire, history = wire_to(serve((OK,), (b"HTTP/1.1 200 OK\r\n", None), (OK,)).base_url)
    send(wire)
    send(wire)
    assert causes(history) == [None, Cause.CUT]
