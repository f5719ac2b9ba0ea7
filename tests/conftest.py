"""What tests of several files begin with."""

import signal
from collections.abc import Iterator

import pytest

from tests.scripted import Deed, Serve, Server

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell begins what it puts in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)  # what we start is to hear Ctrl-C all the same


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
