"""The wire sends what it was told and no more, and says truly what became of it. Against raw sockets on loopback."""

import errno
import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from contracts.clock import Clock, SystemClock, VirtualClock
from contracts.exchange import Answer, Cause, Exchange, NoAnswer
from contracts.history import HistoryWriter, RunFacts
from contracts.secrets import Secret
from contracts.transport import LARGEST_ANSWER_BYTES
from contracts.wire import WITHHELD, Outgoing, Stopped, Wire
from openapi.document import OPERATION_PATH

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


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Starts servers; no proxy of the environment stands before them."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    servers: list[Server] = []

    def start(*scripts: tuple[Deed, ...]) -> Server:
        servers.append(Server(*scripts))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def wire_to(
    base_url: str,
    *,
    clock: Clock | None = None,
    max_requests: int = 20,
    timeout_s: float = 5,
    extra_headers: tuple[tuple[str, str], ...] = (),
    on_event: Callable[[str], None] | None = None,
    first_seq: int = 1,
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
    )
    return wire, history


def send(wire: Wire, outgoing: Outgoing | None = None, *, wait: bool = False) -> Exchange:
    return wire.send(outgoing or Outgoing(b"{}"), driver="tests", purpose="to see", wait=wait)


def cause(exchange: Exchange) -> Cause | None:
    return exchange.outcome.cause if isinstance(exchange.outcome, NoAnswer) else None


def causes(history: HistoryWriter) -> list[Cause | None]:
    return [cause(exchange) for exchange in history.story().exchanges]


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
    assert 0.25 < exchange.answered_s - exchange.sent_s < 0.8
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
