"""What tests of several files begin with."""

import shutil
import signal
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.scripted import Deed, Serve, Server

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell begins what it puts in the background
    signal.signal(signal.SIGINT, signal.default_int_handler)  # what we start is to hear Ctrl-C all the same


QUIET = ("--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-default-apps")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium, which asks for nothing by itself."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        pytest.fail("the browser tests need Chromium; on Debian: apt-get install chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=[*QUIET])
        yield opened
        opened.close()


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
