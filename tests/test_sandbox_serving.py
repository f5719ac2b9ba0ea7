"""The sandbox and slow senders, over real sockets in this process."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from sandbox import serving
from sandbox.app import Settings, create_app
from sandbox.settings import PATH

PATIENCE_S = 5.0
HEAD = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer sandbox-key\r\n"
WHOLE = f"{HEAD}Content-Length: 2\r\n\r\n{{}}".encode()


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A sandbox that waits a fifth of a second for a request to come in."""
    monkeypatch.setattr(serving, "SLOWEST_REQUEST_S", 0.2)
    ready = threading.Event()
    listening = serving.bind(0)
    listener = serving.Listener(create_app(Settings(defect="hang-on-undated")), ready.set)
    thread = threading.Thread(target=listener.run, kwargs={"sockets": [listening]})
    thread.start()
    assert ready.wait(PATIENCE_S)
    yield listening.getsockname()[1]
    listener.should_exit = True
    thread.join(PATIENCE_S)
    assert not thread.is_alive()


SLOW = [
    (b"", b""),
    (b"POS", b""),
    (HEAD.encode(), b""),
    (HEAD.encode() + b"Content-Length: 10\r\n\r\n{", b""),
    (HEAD.encode() + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{", b""),
    (WHOLE + b"POS", b"HTTP/1.1 422 "),
    (WHOLE + HEAD.encode() + b"Content-Length: 10\r\n\r\n{", b"HTTP/1.1 422 "),
]


@pytest.mark.parametrize(("sent", "beginning"), SLOW)
def test_a_request_that_does_not_end_is_cut_off(port: int, sent: bytes, beginning: bytes) -> None:
    with closing(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)) as connection:
        connection.sendall(sent)
        received = b"".join(iter(lambda: connection.recv(65_536), b""))
        assert received.startswith(beginning)
        assert received.count(b"HTTP/1.1") == bool(beginning)


def test_a_request_that_has_come_in_may_take_its_time(port: int) -> None:
    body = b'{"inventories":[{"at":"never"}]}'
    with closing(socket.create_connection(("127.0.0.1", port), timeout=0.6)) as connection:
        connection.sendall(f"{HEAD}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        with pytest.raises(TimeoutError):
            connection.recv(1)
