"""The whole chain in one process on a virtual clock: the harness's wire, a sandbox behind it, no socket."""

import asyncio
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import requests
from requests.adapters import BaseAdapter
from starlette.types import ASGIApp
from urllib3 import HTTPResponse
from urllib3.exceptions import ProtocolError, ReadTimeoutError

from contracts.drivers.references import References
from contracts.drivers.run import Probe, Run
from contracts.drivers.schedule import SCHEDULE, conduct
from contracts.finding import Ruling, Verdict
from contracts.history.secrets import Secret
from contracts.history.story import RunFacts
from contracts.history.writer import HistoryWriter
from contracts.judge import first_finding_at, rule, verdict_of
from contracts.wire.attempt import Attempt
from contracts.wire.wire import Wire
from openapi.document import load_document
from sandbox.app import create_app
from sandbox.catalogue import load_catalogue
from sandbox.clock import VirtualClock
from sandbox.inprocess import exchange
from sandbox.settings import Settings

START = datetime(2026, 6, 1, 12, tzinfo=UTC)
ROUND_TRIP_S = 0.004


class SharedClock:
    """The sandbox's virtual clock as the wire wants it: sleeping only moves it on."""

    def __init__(self) -> None:
        self.virtual = VirtualClock(0.0, START)

    def monotonic_s(self) -> float:
        return self.virtual.monotonic_s()

    def now(self) -> datetime:
        return self.virtual.now()

    def sleep(self, seconds: float) -> None:
        self.virtual.advance(seconds)


class InProcess(BaseAdapter):
    """Hands a prepared request to the ASGI application. Time-outs and cuts are as a socket would show them."""

    def __init__(self, app: Any, clock: SharedClock) -> None:
        super().__init__()
        self._app, self._clock = app, clock
        self._loop = asyncio.new_event_loop()

    def send(  # type: ignore[override]  # the wire passes these, and no more
        self, request: requests.PreparedRequest, timeout: Any = None, **_: Any
    ) -> requests.Response:
        began_s = self._clock.monotonic_s()
        self._clock.sleep(ROUND_TRIP_S / 2)
        headers = {str(name): str(value) for name, value in request.headers.items()}
        body = request.body if isinstance(request.body, bytes) else b""
        call = exchange(self._app, body, headers, method=request.method or "", path=request.path_url)
        received = self._loop.run_until_complete(call)
        self._clock.sleep(ROUND_TRIP_S / 2)
        allowed_s = timeout[1] if isinstance(timeout, tuple) else timeout
        if allowed_s is not None and self._clock.monotonic_s() - began_s > allowed_s:
            raise requests.exceptions.ReadTimeout(_timed_out(allowed_s))
        if received.status is None:
            raise requests.exceptions.ConnectionError(ProtocolError("Connection aborted.", ConnectionResetError()))
        return _response(request, received.status, received.headers, received.body, received.cut)

    def close(self) -> None:
        self._loop.close()


def _timed_out(allowed_s: float) -> ReadTimeoutError:
    """In urllib3's words, which Schemathesis reads."""
    return ReadTimeoutError(None, "", f"Read timed out. (read timeout={allowed_s})")  # type: ignore[arg-type]


class _Cut(io.BytesIO):
    def read(self, *_: Any) -> bytes:
        raise ProtocolError("Connection broken: IncompleteRead")

    read1 = read


def _response(
    request: requests.PreparedRequest, status: int, headers: Mapping[str, str], body: bytes, cut: bool
) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response.request = request
    response.url = request.url or ""
    response.headers.update(headers)
    response.raw = HTTPResponse(_Cut() if cut else io.BytesIO(body), dict(headers), status, preload_content=False)
    return response


@contextmanager
def _unwatched(_: float) -> Iterator[Attempt]:
    """There is no connection to watch: time-outs are the adapter's own, on the virtual clock."""
    yield Attempt()


class Conducted:
    """One whole run against one sandbox, with what came of it."""

    def __init__(
        self,
        settings: Settings,
        *,
        depth: str = "standard",
        seed: int = 1,
        max_requests: int = 5000,
        examples: Sequence[Probe] = (),
        before: Callable[[ASGIApp], ASGIApp] = lambda app: app,  # what stands between the harness and the sandbox
    ) -> None:
        self.clock = SharedClock()
        secret = Secret(settings.keys[0])
        catalogue = tuple(sorted(load_catalogue()))
        base_url = "http://sandbox.test"
        facts = RunFacts(base_url, load_document().sha256, seed, START, settings.window_s, catalogue, "contracts")
        self.history = HistoryWriter(None, facts, secret)
        adapter = InProcess(before(create_app(settings, self.clock.virtual)), self.clock)
        wire = Wire(base_url, secret, self.history, clock=self.clock, adapter=adapter, max_requests=max_requests)
        self.run = Run(wire, self.history, References(catalogue, START), seed, depth)
        self.run.examples = examples
        try:
            with (
                patch("contracts.wire.transport.watching", _unwatched),
                patch("contracts.wire.transport.get_environ_proxies"),
            ):
                conduct(self.run, SCHEDULE)
        finally:
            adapter.close()
        self.rulings: tuple[Ruling, ...] = rule(self.run.evidence, self.history.story())
        self.requests = wire.sent
        self.first_finding_at = first_finding_at(self.rulings, self.run.evidence)

    @property
    def verdict(self) -> Verdict:
        return verdict_of(self.rulings)

    @property
    def budgeted(self) -> int:
        """Requests without the retries of findings."""
        return self.requests if self.run.confirmed_from is None else self.run.confirmed_from

    @property
    def broken(self) -> tuple[str, ...]:
        return tuple(ruling.promise.id for ruling in self.rulings if ruling.verdict is Verdict.BROKEN)

    def told(self) -> str:
        """Each promise that was not held, with its first finding or reason."""
        lines = []
        for ruling in self.rulings:
            if ruling.findings:
                finding = ruling.findings[0]
                seen = next(seen for seen in self.run.evidence.seen if seen.seq == finding.witness[-1])
                lines.append(
                    f"{ruling.promise.id} x{len(ruling.findings)} [{seen.exchange.purpose}] "
                    f"expected {finding.expected}; got {finding.actual}"
                )
            elif ruling.in_scope and ruling.verdict is not Verdict.HELD:
                lines.append(f"{ruling.promise.id} undecided: {ruling.reason}")
        return "\n".join(lines)
