"""Stock Schemathesis beside this harness, on the same sandboxes. Prints a Markdown table; no test depends on it.

Stock has whatever a user could give it without writing code: the effective document, the key, its own engine with all
phases and checks but the two that blame a correct server. It is credited with any failure or error that would make its
command line exit 1. The harness is credited only where it breaks a promise that the defect is known to break.
"""

import argparse
import copy
import socket
import statistics
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import requests
import schemathesis
from schemathesis.engine import Status, events, from_schema
from schemathesis.engine.run import PhaseName

from contracts.finding import Verdict
from openapi.document import load_document
from sandbox.app import create_app
from sandbox.defects import DEFECTS
from sandbox.dialects import DIALECTS
from sandbox.settings import Settings
from tests.inprocess import Conducted, InProcess, SharedClock

CHAPTERS = ("AUTH", "RATE", "ERR", "VAL", "RES", "UPS", "FMT")
MAX_EXAMPLES = 20
# A correct server may report a wrong record as a result of a 200, and may answer 404 to a method that it has not.
UNFAIR_CHECKS = ("negative_data_rejection", "unsupported_method")
COUNTED = [name for name, defect in DEFECTS.items() if defect.runs == "contracts"]


@dataclass(frozen=True, slots=True)
class Trial:
    """One whole run of one tool against one sandbox."""

    blamed: bool
    requests: int


@dataclass(slots=True)
class Comparison:
    """The trials so far, stock's first: by the chapter of a defect's foremost promise, and those of dialects."""

    defects: dict[str, list[tuple[Trial, Trial]]] = field(default_factory=lambda: {name: [] for name in CHAPTERS})
    dialects: list[tuple[Trial, Trial]] = field(default_factory=list)


class Counting(InProcess):
    """Counts what is sent. Waits out the window after a refusal, so that a user without pacing is not refused again."""

    def __init__(self, settings: Settings) -> None:
        clock = SharedClock()
        super().__init__(create_app(settings, clock.virtual), clock)
        self._shared, self._window_s = clock, settings.window_s
        self.sent = 0

    def send(  # type: ignore[override]  # as the adapter that it extends
        self, request: requests.PreparedRequest, timeout: Any = None, **_: Any
    ) -> requests.Response:
        self.sent += 1
        if isinstance(request.body, str):
            request.body = request.body.encode()
        response = super().send(request, timeout)
        if response.status_code == requests.codes.too_many_requests:
            self._shared.sleep(self._window_s)
        return response


def config(base_url: str, key: str, seed: int) -> schemathesis.Config:
    """Stock settings, but for the unfair checks and methods that the document has not; a failure need not be shrunk."""
    return schemathesis.Config.from_dict(
        {
            "base-url": base_url,
            "seed": seed,
            "headers": {"Authorization": f"Bearer {key}"},
            "generation": {"max-examples": MAX_EXAMPLES, "database": "none", "no-shrink": True},
            "phases": {"coverage": {"unexpected-methods": []}},
            "checks": {name: {"enabled": False} for name in UNFAIR_CHECKS},
        }
    )


def described() -> dict[str, Any]:
    """The effective document. A body is required: without that, stock blames a correct server for refusing none."""
    document = load_document()
    effective = copy.deepcopy(dict(document.effective))
    effective["paths"][document.operation_path]["post"]["requestBody"]["required"] = True
    return effective


def stock(settings: Settings, seed: int) -> Trial:
    """One run of Schemathesis' own engine, all it sends (its authentication probes too) handed to the sandbox.

    Raises KeyboardInterrupt, which the engine turns into an event.
    """
    adapter = Counting(settings)
    blamed = False
    # After a broken connection Schemathesis looks for itself whether something still listens at the address.
    with (
        socket.create_server(("127.0.0.1", 0)) as listening,
        patch.object(requests.Session, "get_adapter", lambda *_, **__: adapter),
    ):
        base_url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        schema = schemathesis.openapi.from_dict(described(), config=config(base_url, settings.keys[0], seed))
        for event in from_schema(schema).execute():
            if isinstance(event, events.Interrupted):
                raise KeyboardInterrupt
            blamed |= _fails_the_run(event)
    adapter.close()
    return Trial(blamed, adapter.sent)


def _fails_the_run(event: events.EngineEvent) -> bool:
    """Would this event make the command line exit 1?"""
    return (
        isinstance(event, events.PhaseFinished)
        and event.phase.is_enabled
        and event.phase.name is not PhaseName.AUTH_BOOTSTRAP
        and event.status in (Status.FAILURE, Status.ERROR)
    )


def harness(settings: Settings, seed: int) -> Trial:
    """One run of ours at standard depth. A defect counts as caught by a promise of its own only."""
    conducted = Conducted(settings, seed=seed)
    blamed = conducted.verdict is Verdict.BROKEN
    if settings.defect is not None:
        blamed &= not set(conducted.broken).isdisjoint(DEFECTS[settings.defect].promises)
    return Trial(blamed, conducted.requests)


def compare(found: Comparison, every: int, seed: int) -> None:
    """Fill `found` trial by trial, so that an interrupted run has something to show."""
    for name in _told(COUNTED[::every], "defects"):
        chapter = DEFECTS[name].promises[0].partition("-")[0]
        found.defects[chapter].append(_side_by_side(Settings(defect=name), seed))
    for name in _told(list(DIALECTS)[::every], "dialects"):
        found.dialects.append(_side_by_side(Settings(dialects=(name,)), seed))


def _side_by_side(settings: Settings, seed: int) -> tuple[Trial, Trial]:
    pair = stock(settings, seed), harness(settings, seed)
    blamed = [tool for tool, trial in zip(("stock", "harness"), pair, strict=True) if trial.blamed]
    print(f"blamed by {' and '.join(blamed) or 'none'}", file=sys.stderr)
    return pair


def _told(names: list[str], what: str) -> Iterator[str]:
    for number, name in enumerate(names, 1):
        print(f"{what} {number}/{len(names)} {name}: ", end="", file=sys.stderr, flush=True)
        yield name


def table(found: Comparison) -> str:
    """The defects as Markdown, the last row for all with the median requests of a run; a sentence on the dialects."""
    rows = [(chapter, found.defects[chapter]) for chapter in CHAPTERS]
    every = [pair for _, pairs in rows for pair in pairs]
    asked = [f" ({_median(trial.requests for trial in side)} requests a run)" for side in zip(*every, strict=True)]
    lines = ["| chapter | defects | stock caught | harness caught |", "|---|---|---|---|"]
    lines += [_row(chapter, pairs) for chapter, pairs in rows]
    lines.append(_row("**all**", every, asked or ["", ""]))
    by_stock, by_harness = _blamed(found.dialects)
    lines += ["", f"Of {len(found.dialects)} legal dialects stock blamed {by_stock}, the harness {by_harness}."]
    return "\n".join(lines)


def _row(title: str, pairs: list[tuple[Trial, Trial]], notes: Iterable[str] = ("", "")) -> str:
    cells = [f"{count}{note}" for count, note in zip(_blamed(pairs), notes, strict=True)]
    return f"| {title} | {len(pairs)} | {' | '.join(cells)} |"


def _blamed(pairs: list[tuple[Trial, Trial]]) -> tuple[int, int]:
    return sum(stocks.blamed for stocks, _ in pairs), sum(ours.blamed for _, ours in pairs)


def _median(requests_sent: Iterable[int]) -> int:
    return round(statistics.median(requests_sent))


def main() -> int:
    what = "Stock Schemathesis beside this harness, on the same sandboxes."
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.stock", description=what)
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every N-th defect and dialect")
    parser.add_argument("--seed", type=int, default=1, help="of both tools (default 1)")
    options = parser.parse_args()
    found = Comparison()
    try:
        compare(found, options.every, options.seed)
    except KeyboardInterrupt:
        print("stopped; this is the table so far", file=sys.stderr)
    print(table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
