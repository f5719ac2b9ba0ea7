"""The wire sends what it was told and no more: no other host, no more than its cap, no key where it can be read."""

import errno
import socket
from datetime import UTC, datetime

import pytest

from contracts.exchanges.exchange import Cause
from contracts.history.secrets import Secret
from contracts.history.story import RunFacts
from contracts.history.writer import HistoryWriter
from contracts.wire.clock import SystemClock, VirtualClock
from contracts.wire.outgoing import Outgoing
from contracts.wire.wire import WITHHELD, Stopped, Wire
from openapi.document import OPERATION_PATH
from tests.scripted import KEY, NONE_LEFT, OK, Serve, answer, cause, causes, send, wire_to

GATEWAY = (("X-Gate", "s3cret"), ("content-type", "the driver's is the one that goes"))


def test_a_request_goes_out_as_told_and_is_written_without_the_key(serve: Serve) -> None:
    server = serve((answer("422 X", f'"{KEY}"'.encode(), "Set-Cookie: a=1", "Set-Cookie: b=2"),))
    wire, history = wire_to(server.base_url + "/v1/", extra_headers=GATEWAY, first_seq=41)
    outgoing = Outgoing(b'{"a": 1}', "Bearer ${BSPK_API_KEY%?}", (("Content-Type", "text/plain"),))
    exchange = send(wire, outgoing)
    send(wire)
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == f"POST /v1{OPERATION_PATH} HTTP/1.1"
    assert body == b'{"a": 1}'
    told = dict(line.split(": ", 1) for line in lines[1:])
    assert len(told) == len(lines) - 1
    assert told.pop("User-Agent").startswith("bspk-inventory-harness/")
    assert told == {
        "Host": server.base_url.removeprefix("http://"),
        "Accept": "application/json",
        "Accept-Encoding": "gzip, identity",
        "Authorization": f"Bearer {KEY[:-1]}",
        "Content-Type": "text/plain",
        "Content-Length": "8",
        "X-Gate": "s3cret",
    }
    assert b"Cookie" not in server.requests[1]
    assert exchange.seq == 41
    assert (exchange.driver, exchange.purpose) == ("tests", "to see")
    assert exchange.request.path == OPERATION_PATH
    assert exchange.request.header("Authorization") == "Bearer ${BSPK_API_KEY%?}"
    assert exchange.request.header("X-Gate") == WITHHELD
    assert exchange.request.header("Content-Type") == "text/plain"
    assert exchange.answer is not None
    assert exchange.answer.status == 422
    assert exchange.answer.body == b'"$BSPK_API_KEY"'
    assert [value for name, value in exchange.answer.headers if name == "Set-Cookie"] == ["a=1", "b=2"]
    assert 0 <= exchange.sent_s <= exchange.answered_s < 5
    assert history.story().exchanges[0] == exchange
    assert wire.sent == 2


def test_no_key_and_no_body(serve: Serve) -> None:
    server = serve((OK,))
    wire, _ = wire_to(server.base_url)
    send(wire, Outgoing(b"", None, (), "GET", "/elsewhere?x=1"))
    send(wire, Outgoing(b"", None, ()))
    assert server.requests[0].startswith(b"GET /elsewhere?x=1 HTTP/1.1\r\n")
    assert b"content-length" not in server.requests[0].lower()
    assert b"Content-Length: 0\r\n" in server.requests[1]
    assert all(b"authorization" not in request.lower() for request in server.requests)
    assert server.connections == 1


def test_a_netrc_is_not_read(
    serve: Serve, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    server = serve((OK,))
    send(wire_to(server.base_url)[0])
    assert f"Authorization: Bearer {KEY}\r\n".encode() in server.requests[0]


def test_a_redirect_is_an_answer_and_not_followed(serve: Serve) -> None:
    other = serve((OK,))
    server = serve((answer("307 Elsewhere", b"", f"Location: {other.base_url}/"),))
    exchange = send(wire_to(server.base_url)[0])
    assert exchange.status == 307
    assert other.connections == 0
    assert len(server.requests) == 1


def test_the_cap_is_below_everything(serve: Serve) -> None:
    server = serve((OK,), (None,), (OK,))
    told: list[str] = []
    wire, history = wire_to(server.base_url, max_requests=2, on_event=told.append)
    send(wire)
    for _ in range(2):
        with pytest.raises(Stopped, match="the cap of 2 requests is reached"):
            send(wire)
    assert len(server.requests) == wire.sent == 2
    assert history.story().stopped == "the cap of 2 requests is reached"
    assert told == ["stopped: the cap of 2 requests is reached"]


def test_what_a_run_holds_in_memory_is_bounded(serve: Serve) -> None:
    """A server that says much with every answer ends the run; what is given back at its end has room of its own."""
    large = answer("200 OK", b"x" * (1 << 20), "X-RateLimit-Limit: 9", "X-RateLimit-Remaining: 8")
    server = serve((large,))
    wire, history = wire_to(server.base_url, most_held=3 << 20)
    for _ in range(3):
        send(wire)
    with pytest.raises(Stopped, match="the answers so far take more than 3 MiB"):
        send(wire)
    assert history.held_bytes == wire.sent * len(b"{}") + (wire.sent << 20)
    assert wire.sent == len(server.requests) == 3
    last = Wire(server.base_url, Secret(KEY), history, clock=SystemClock(), max_requests=9, most_held=9 << 20)
    assert send(last).status == 200


def test_a_target_that_is_gone_ends_the_traffic(serve: Serve) -> None:
    server = serve((OK,))
    server.close()
    wire, history = wire_to(server.base_url)
    assert cause(send(wire)) is Cause.UNREACHABLE
    assert cause(send(wire)) is Cause.UNREACHABLE
    for _ in range(2):
        with pytest.raises(Stopped, match=r"target gone: .*refused"):
            send(wire)
    assert causes(history) == [Cause.UNREACHABLE] * 3


def test_a_machine_without_file_handles_is_not_the_targets_fault(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(*_: object, **__: object) -> socket.socket:
        raise OSError(errno.EMFILE, "Too many open files")

    wire, history = wire_to(serve((OK,)).base_url)
    monkeypatch.setattr("urllib3.util.connection.socket.socket", none_left)
    with pytest.raises(Stopped, match="this machine cannot send: Too many open files"):
        send(wire)
    assert history.story().exchanges == ()
    assert wire.sent == 0


def test_no_allowance_is_waited_for(serve: Serve) -> None:
    clock = VirtualClock(datetime(2026, 1, 1, tzinfo=UTC))
    told: list[str] = []
    wire, _ = wire_to(serve((NONE_LEFT,)).base_url, clock=clock, on_event=told.append)
    send(wire, wait=True)
    assert send(wire, wait=False).sent_s == 0.0
    assert send(wire, wait=True).sent_s >= 1.0
    assert len(told) == 1
    assert told[0].startswith("waiting ")


def test_an_allowance_that_never_comes_back_ends_the_traffic(serve: Serve) -> None:
    refused = answer("429 Too Many", b"", "X-RateLimit-Limit: 9", "X-RateLimit-Remaining: 0", "Retry-After: 1")
    clock = VirtualClock(datetime(2026, 1, 1, tzinfo=UTC))
    server = serve((refused,))
    wire, _ = wire_to(server.base_url, clock=clock)
    assert send(wire, wait=True).status == 429

    def go_on() -> None:
        while len(server.requests) < 10:
            send(wire, wait=True)

    with pytest.raises(Stopped, match="no allowance came back"):
        go_on()
    assert 1 < len(server.requests) < 6
    assert clock.monotonic_s() < 60


@pytest.mark.parametrize("foreign", ["Bearer bspk-harness-nobody", None])
def test_the_allowance_of_strangers_is_not_taken_for_ours(serve: Serve, foreign: str | None) -> None:
    """A 401 may be counted elsewhere, under a Remaining of its own."""
    clock = VirtualClock(datetime(2026, 1, 1, tzinfo=UTC))
    wire, _ = wire_to(serve((OK,), (NONE_LEFT.replace(b"200 OK", b"401 No"),), (OK,)).base_url, clock=clock)
    for authorization in ("Bearer $BSPK_API_KEY", foreign, "Bearer $BSPK_API_KEY"):
        send(wire, Outgoing(b"{}", authorization), wait=True)
    assert clock.monotonic_s() == 0.0


def test_wires_of_one_history_count_from_its_beginning(serve: Serve) -> None:
    clock = VirtualClock(datetime(2026, 1, 1, tzinfo=UTC))
    wire, history = wire_to(serve((OK,)).base_url, clock=clock)
    send(wire)
    clock.sleep(7)
    later = Wire(history.facts.base_url, Secret(KEY), history, clock=clock, max_requests=1, first_seq=2)
    exchange = send(later)
    assert (exchange.seq, exchange.sent_s) == (2, 7.0)


@pytest.mark.parametrize(
    ("authorization", "key", "near_miss"),
    [
        (None, KEY, True),
        ("Bearer $BSPK_API_KEY", KEY, False),
        ("Bearer ${BSPK_API_KEY~~}", KEY, True),
        ("Bearer ${BSPK_API_KEY~~}", "1234-5678", False),
        ("Bearer ${BSPK_API_KEY:0:8}", KEY, True),
        ("Bearer ${BSPK_API_KEY:0:8}", "12345678", False),
        ('Bearer $(printf %s "$BSPK_API_KEY" | rev)', "12344321", False),
    ],
)
def test_a_near_miss_is_none_where_it_gives_the_key(authorization: str | None, key: str, near_miss: bool) -> None:
    clock = VirtualClock(datetime(2026, 1, 1, tzinfo=UTC))
    history = HistoryWriter(None, RunFacts("", "", 0, clock.now(), 10.0, (), "contracts"), None)
    wire = Wire("http://127.0.0.1", Secret(key), history, clock=clock, max_requests=0)
    assert wire.is_near_miss(authorization) is near_miss


@pytest.mark.parametrize(
    "path",
    ["", "elsewhere", "@other.example/", "/a/../../b", "/%2e%2e/b", "/./b", "/a b", "/a#b", "/a\\b", "/é", "/a\r\nb"],
)
def test_nothing_goes_outside_the_base_url(serve: Serve, path: str) -> None:
    server = serve((OK,))
    wire, history = wire_to(server.base_url + "/v1")
    with pytest.raises(ValueError, match="does not lie plainly under the base URL"):
        send(wire, Outgoing(b"{}", path=path))
    assert not history.story().exchanges
    assert server.connections == wire.sent == 0


@pytest.mark.parametrize(
    "target",
    ["", "127.0.0.1:80", "ftp://host", "http://", "http://me@host", "http://host/?q", "http://host/#f"],
)
def test_a_base_url_that_cannot_be_meant_is_refused(target: str) -> None:
    with pytest.raises(ValueError, match="base URL"):
        wire_to(target)


@pytest.mark.parametrize("name", ["Authorization", "host", "Content-Length", "Transfer-Encoding"])
def test_a_gateways_header_may_not_change_the_request(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        wire_to("http://127.0.0.1", extra_headers=((name, "x"),))
