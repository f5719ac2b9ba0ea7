"""Either wire against one fault: what became of the request, in which time and memory, and of the one after it."""

import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from contracts.exchanges.exchange import Answer, Cause, NoAnswer
from contracts.history.secrets import Secret
from contracts.history.story import RunFacts
from contracts.history.writer import HistoryWriter
from contracts.wire.attempt import MOST_RECEIVED_BYTES
from contracts.wire.clock import SystemClock
from contracts.wire.outgoing import Outgoing
from contracts.wire.wire import Wire
from loadtests.wire.connection import Connection, Lines, PlainLine, Watch
from loadtests.wire.reply import Reply
from loadtests.wire.route import Route
from loadtests.wire.wire import head_of
from tests.faults.cases import Fault, certificates
from tests.faults.server import FaultServer

TIMEOUT_S = 0.4
GRACE_S = 5.0  # for a busy machine: what never ends takes longer still
MOST_SENT = MOST_RECEIVED_BYTES + (16 << 20)  # bytes a server gets rid of: what is read, and both kernels' buffers
MOST_MEMORY = 64 << 20  # bytes at the peak of one exchange: an answer, its copies, its text


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of one fault; `after` of the healthy answer that followed."""

    became: int | Cause
    detail: str
    took_s: float
    sent: int  # bytes by the server
    peak: int  # bytes of memory
    after: Answer | NoAnswer

    @property
    def complaints(self) -> list[str]:
        """Bounds that were broken."""
        bounds = {
            f"took {self.took_s:.1f} s": self.took_s < TIMEOUT_S + GRACE_S,
            f"let the server send {self.sent} bytes": self.sent < MOST_SENT,
            f"took {self.peak} bytes of memory": self.peak < MOST_MEMORY,
            f"the next request came to {became(self.after)}": became(self.after) == 200,
        }
        return [told for told, kept in bounds.items() if not kept]


def became(outcome: Answer | NoAnswer) -> int | Cause:
    """Its status, or the cause for which there is none."""
    return outcome.status if isinstance(outcome, Answer) else outcome.cause


def write_authority(folder: Path) -> str:
    """The certificate to trust, as a file in the folder."""
    path = folder / "authority.pem"
    certificates().authority.cert_pem.write_to_path(str(path))
    return str(path)


Send = Callable[[], Answer | NoAnswer]


WireTo = Callable[[str], AbstractContextManager[Send]]  # an address


def try_wire(fault: Fault, wire_to: WireTo) -> tuple[Trial, FaultServer]:
    """The wire meets the fault, and then a healthy answer."""
    with fault.server() as server, wire_to(server.base_url) as send:
        began_s = time.monotonic()
        with _memory() as peak:
            outcome = send()
        took_s = time.monotonic() - began_s
        sent = server.sent
        server.revive()
        after = send()
        if isinstance(after, NoAnswer) and after.cause is Cause.CLOSED_IDLE:  # nobody's fault: both wires send again
            after = send()
    detail = "" if isinstance(outcome, Answer) else outcome.detail
    return Trial(became(outcome), detail, took_s, sent, peak[0], after), server


def contract_wire(authority: str) -> WireTo:
    """Of the contracts, trusting that authority."""

    @contextmanager
    def wire_to(base_url: str) -> Iterator[Send]:
        clock = SystemClock()
        secret = Secret("sandbox-key")
        history = HistoryWriter(None, RunFacts(base_url, "", 0, clock.now(), 10.0, (), "contracts"), secret)
        wire = Wire(base_url, secret, history, clock=clock, max_requests=4, timeout_s=TIMEOUT_S, verify=authority)
        yield lambda: wire.send(Outgoing(b"{}"), driver="tests", purpose="to see", wait=False).outcome
        wire.close()

    return wire_to


def load_wire(authority: str, watch: Watch, line: Lines = PlainLine) -> WireTo:
    """Of the load tests, without what it does of an answer."""

    @contextmanager
    def wire_to(base_url: str) -> Iterator[Send]:
        route = Route(base_url, authority)
        connection, request = Connection(route, watch, line), head_of(route, Secret("sandbox-key"), ())(2) + b"{}"

        def send() -> Answer | NoAnswer:
            outcome = connection.exchange(request)
            return outcome.answer() if isinstance(outcome, Reply) else outcome

        yield send
        connection.close()

    return wire_to


@contextmanager
def _memory() -> Iterator[list[int]]:
    """The peak of what Python took, in bytes, once it has ended."""
    peak: list[int] = []
    tracemalloc.start()
    try:
        yield peak
        peak.append(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()
