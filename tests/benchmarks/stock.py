"""Stock Schemathesis beside this harness, on the same sandboxes. Prints README's table.

Stock has whatever a user could give it without writing code: the effective document, the key, its own engine with all
phases and checks but the two that blame a correct server. It is credited with any failure or error that would make its
command line exit 1. The harness is credited only where it breaks a promise that the defect is known to break.

Each trial is kept in `stock.csv` beside this file, so that a sweep may be stopped, and taken up again when the
catalogue has grown; a test holds README's table against it.
"""

import argparse
import copy
import csv
import socket
import statistics
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import requests
import schemathesis
from schemathesis.core.version import SCHEMATHESIS_VERSION
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
SEED = 1
# A correct server may report a wrong record as a result of a 200, and may answer 404 to a method that it has not.
UNFAIR_CHECKS = ("negative_data_rejection", "unsupported_method")
COUNTED = [name for name, defect in DEFECTS.items() if defect.runs == "contracts"]
KEPT = Path(__file__).with_suffix(".csv")
COLUMNS = ("schemathesis", "kind", "name", "stock", "stock_requests", "harness", "harness_requests")


class Trial(NamedTuple):
    """One whole run of one tool against one sandbox."""

    blamed: bool
    requests: int


class Pair(NamedTuple):
    """Both tools on the same sandbox."""

    stock: Trial
    harness: Trial


@dataclass(slots=True)
class Comparison:
    """The trials so far, by the name of the defect or dialect."""

    defects: dict[str, Pair] = field(default_factory=dict)
    dialects: dict[str, Pair] = field(default_factory=dict)


def read_kept(path: Path = KEPT) -> Comparison:
    """What earlier sweeps with this Schemathesis found of today's defects and dialects."""
    kept: dict[tuple[str, str], Pair] = {}
    if path.exists():
        for version, kind, name, *trials in csv.reader(path.read_text(encoding="utf-8").splitlines()[1:]):
            if version == SCHEMATHESIS_VERSION:
                stocks, ours = (Trial(trials[at] == "blamed", int(trials[at + 1])) for at in (0, 2))
                kept[kind, name] = Pair(stocks, ours)
    today = (("defect", COUNTED), ("dialect", list(DIALECTS)))
    return Comparison(*({name: kept[kind, name] for name in names if (kind, name) in kept} for kind, names in today))


def keep(found: Comparison, path: Path = KEPT) -> None:
    """One line a trial, so that a diff reads well."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for kind, pairs in (("defect", found.defects), ("dialect", found.dialects)):
            for name, pair in pairs.items():
                trials = (("blamed" if trial.blamed else "passed", trial.requests) for trial in pair)
                writer.writerow([SCHEMATHESIS_VERSION, kind, name, *chain.from_iterable(trials)])


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


def config(base_url: str, key: str) -> schemathesis.Config:
    """Stock settings, but for the unfair checks and methods that the document has not; a failure need not be shrunk."""
    return schemathesis.Config.from_dict(
        {
            "base-url": base_url,
            "seed": SEED,
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


def stock(settings: Settings) -> Trial:
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
        schema = schemathesis.openapi.from_dict(described(), config=config(base_url, settings.keys[0]))
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


def harness(settings: Settings) -> Trial:
    """One run of ours at standard depth. A defect counts as caught by a promise of its own only."""
    conducted = Conducted(settings, seed=SEED)
    blamed = conducted.verdict is Verdict.BROKEN
    if settings.defect is not None:
        blamed &= not set(conducted.broken).isdisjoint(DEFECTS[settings.defect].promises)
    return Trial(blamed, conducted.requests)


def sweep(found: Comparison, every: int, afresh: bool) -> None:
    """Fill `found` trial by trial, each kept at once. `afresh` runs the harness again where stock's trial is known."""
    jobs = [(found.defects, name, Settings(defect=name)) for name in COUNTED[::every]]
    jobs += [(found.dialects, name, Settings(dialects=(name,))) for name in list(DIALECTS)[::every]]
    open_jobs = [job for job in jobs if afresh or job[1] not in job[0]]
    for number, (pairs, name, settings) in enumerate(open_jobs, 1):
        print(f"{number}/{len(open_jobs)} {name}: ", end="", file=sys.stderr, flush=True)
        known = pairs[name].stock if name in pairs else None
        pair = pairs[name] = Pair(known or stock(settings), harness(settings))
        keep(found)
        blaming = [tool for tool in ("stock", "harness") if getattr(pair, tool).blamed]
        print(f"blamed by {' and '.join(blaming) or 'none'}", file=sys.stderr)


def table(found: Comparison) -> str:
    """Markdown: a row for each chapter of foremost promises, one for all with a run's median requests; the dialects."""
    chapters: dict[str, list[Pair]] = {name: [] for name in CHAPTERS}
    for name, pair in found.defects.items():
        chapters[DEFECTS[name].promises[0].partition("-")[0]].append(pair)
    every = list(found.defects.values())
    lines = ["| chapter | defects | stock caught | harness caught |", "|---|---|---|---|"]
    lines += [_row(chapter, pairs) for chapter, pairs in chapters.items()]
    if every:
        lines.append(_row("**all**", every, [f" ({_median(side)} requests a run)" for side in _sides(every)]))
    by_stock, by_harness = map(_blamed, _sides(found.dialects.values()))
    lines += ["", f"Of {len(found.dialects)} legal dialects stock blamed {by_stock}, the harness {by_harness}."]
    return "\n".join(lines)


def _sides(pairs: Iterable[Pair]) -> tuple[list[Trial], list[Trial]]:
    every = list(pairs)
    return [pair.stock for pair in every], [pair.harness for pair in every]


def _row(title: str, pairs: list[Pair], notes: Iterable[str] = ("", "")) -> str:
    cells = [f"{_blamed(side)}{note}" for side, note in zip(_sides(pairs), notes, strict=True)]
    return f"| {title} | {len(pairs)} | {' | '.join(cells)} |"


def _blamed(trials: Iterable[Trial]) -> int:
    return sum(trial.blamed for trial in trials)


def _median(trials: Iterable[Trial]) -> int:
    return round(statistics.median(trial.requests for trial in trials))


def main() -> int:
    what = "Stock Schemathesis beside this harness, on the same sandboxes. What is known already is not run again."
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.stock", description=what)
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every N-th defect and dialect")
    parser.add_argument(
        "--afresh", action="store_true", help="run the harness again on all, as after a change of rules"
    )
    options = parser.parse_args()
    found = read_kept()
    try:
        sweep(found, options.every, options.afresh)
    except KeyboardInterrupt:
        print("stopped; this is the table so far", file=sys.stderr)
    print(table(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
