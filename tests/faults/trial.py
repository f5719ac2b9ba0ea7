"""One wire against one fault: what became of the request, in which time and memory, and of the one after it."""

import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from contracts.attempt import MOST_RECEIVED_BYTES
from contracts.clock import SystemClock
from contracts.exchange import Answer, Cause, Exchange
from contracts.history import HistoryWriter, RunFacts
from contracts.secrets import Secret
from contracts.wire import Outgoing, Wire
from tests.faults.cases import Fault, certificates
from tests.faults.server import FaultServer

TIMEOUT_S = 0.4
GRACE_S = 1.0  # for a busy machine
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
    after: Exchange

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


def became(exchange: Exchange) -> int | Cause:
    """Its status, or the cause for which there is none."""
    outcome = exchange.outcome
    return outcome.status if isinstance(outcome, Answer) else outcome.cause


def write_authority(folder: Path) -> str:
    """The certificate to trust, as a file in the folder."""
    path = folder / "authority.pem"
    certificates().authority.cert_pem.write_to_path(str(path))
    return str(path)


def try_contract_wire(fault: Fault, authority: str) -> tuple[Trial, FaultServer]:
    """The wire of `contracts` meets the fault, and then a healthy answer."""
    with fault.server() as server:
        wire = _wire_to(server.base_url, authority)
        began_s = time.monotonic()
        with _memory() as peak:
            exchange = _send(wire)
        took_s = time.monotonic() - began_s
        sent = server.sent
        server.revive()
        after = _send(wire)
        wire.close()
    detail = "" if isinstance(exchange.outcome, Answer) else exchange.outcome.detail
    return Trial(became(exchange), detail, took_s, sent, peak[0], after), server


def _wire_to(base_url: str, authority: str) -> Wire:
    clock = SystemClock()
    facts = RunFacts(base_url, "", 0, clock.now(), 10.0, (), "contracts")
    secret = Secret("sandbox-key")
    history = HistoryWriter(None, facts, secret)
    return Wire(base_url, secret, history, clock=clock, max_requests=4, timeout_s=TIMEOUT_S, verify=authority)


def _send(wire: Wire) -> Exchange:
    return wire.send(Outgoing(b"{}"), driver="tests", purpose="to see", wait=False)


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
