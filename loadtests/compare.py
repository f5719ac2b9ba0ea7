"""`python -m loadtests.compare RUN_A RUN_B`: is the second run worse than the first, by more than a threshold?

Exit 0 no worse, 1 worse, 6 cannot tell, 4 for folders that hold no load runs. A plain sentence a line. Sends nothing.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from math import isfinite
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from contracts.command import USAGE_ERROR, Parser, run
from contracts.history.rows import NAME as ROWS
from contracts.history.rows import read_rows
from contracts.report.document import SCHEMA
from loadtests.figures.bootstrap import Latencies, quantile_differences

QUANTILES = {"p50": (0.5, 100), "p90": (0.9, 200), "p99": (0.99, 1000)}  # and the answers that each needs
SAME_RATE = 0.05  # two offered rates no farther apart are the same load


class Outcome(IntEnum):
    """What came of one comparison, by its exit code."""

    NO_WORSE = 0
    WORSE = 1
    CANNOT_TELL = 6


@dataclass(frozen=True)
class Said:
    """One sentence."""

    outcome: Outcome
    words: str


@dataclass(frozen=True)
class Tolerance:
    """What a person would not call worse: a share of the first run's figure; of latencies, at least so much."""

    share: float
    least_ms: float


@dataclass(frozen=True)
class Scenario:
    """One load scenario of a run: its figures, and the latencies of what was let in, in the order of sending."""

    figures: Mapping[str, Any]
    latencies_ms: Latencies


def compare(name: str, a: Scenario, b: Scenario, tolerance: Tolerance) -> Iterator[Said]:
    """All that can be said of one scenario in two runs."""
    if why := _unlike(a.figures, b.figures) or _unfit(a.figures, "first") or _unfit(b.figures, "second"):
        yield Said(Outcome.CANNOT_TELL, f"{name}: cannot tell, for {why}.")
        return
    yield from _latencies(name, a.latencies_ms, b.latencies_ms, tolerance)
    yield from _cost(name, a.figures, b.figures, tolerance)
    yield from _capacity(name, a.figures, b.figures, tolerance)


def _unlike(a: Mapping[str, Any], b: Mapping[str, Any]) -> str | None:
    """Two runs under another load say nothing of the target."""
    for key, words in {"users": "users", "arrival": "arrivals"}.items():
        if a.get(key) != b.get(key):
            return f"the {words} differ: {a.get(key)} and {b.get(key)}"
    rate_a, rate_b = (run.get("offered_per_s") for run in (a, b))
    if "capacity" not in a and rate_a and rate_b and abs(rate_b / rate_a - 1) > SAME_RATE:
        return f"the offered rates differ: {rate_a:.4g}/s and {rate_b:.4g}/s"
    return None


def _unfit(figures: Mapping[str, Any], which: str) -> str | None:
    if (figures.get("behind") or {}).get("saturated"):
        return f"the generator of the {which} run fell behind"
    if figures.get("workers_lost"):
        return f"the {which} run lost workers"
    return None


def _latencies(name: str, a: Latencies, b: Latencies, tolerance: Tolerance) -> Iterator[Said]:
    fewest = min(len(a), len(b))
    names = [each for each, (_, least) in QUANTILES.items() if fewest >= least]
    for each, (_, least) in QUANTILES.items():
        if each not in names:
            yield Said(Outcome.CANNOT_TELL, f"{name}: {each} cannot be told from {fewest} answers; it takes {least}.")
    if not names:
        return
    told = quantile_differences(a, b, tuple(QUANTILES[each][0] for each in names))
    for each, found in zip(names, told, strict=True):
        margin = max(tolerance.share * found.a, tolerance.least_ms)
        yield _said(f"{name}: {each} of latency", "ms", found.a, found.b, (found.low, found.high), margin)


def _cost(name: str, a: Mapping[str, Any], b: Mapping[str, Any], tolerance: Tolerance) -> Iterator[Said]:
    sizes = [run.get("batch_sizes") or {} for run in (a, b)]
    if all("per_record_interval" in each for each in sizes):
        values = [float(each["per_record_ms"]) for each in sizes]
        (low_a, high_a), (low_b, high_b) = (each["per_record_interval"] for each in sizes)
        span = (low_b - high_a, high_b - low_a)
        yield _said(f"{name}: cost of a record", "ms", values[0], values[1], span, tolerance.share * abs(values[0]))


def _capacity(name: str, a: Mapping[str, Any], b: Mapping[str, Any], tolerance: Tolerance) -> Iterator[Said]:
    found: list[Mapping[str, Any]] = [run["capacity"] for run in (a, b) if run.get("capacity")]
    if len(found) < 2:
        return
    for each in found:
        if each["rate_per_s"] is None or each["bound_by"] in ("generator", "not found"):
            yield Said(
                Outcome.CANNOT_TELL, f"{name}: capacity cannot be told, for one run did not find the target's own."
            )
            return
    (low_a, high_a), (low_b, high_b) = map(_between, found)
    span = (low_a - high_b, high_a - low_b)  # more is better: what was lost
    value_a, value_b = (float(each["rate_per_s"]) for each in found)
    yield _said(f"{name}: capacity", "/s", value_a, value_b, span, tolerance.share * value_a, more_is_better=True)


def _between(capacity: Mapping[str, Any]) -> tuple[float, float]:
    """A search ends between the highest rate that was kept and the lowest above it that was not."""
    kept = float(capacity["rate_per_s"])
    above = [float(step["rate_per_s"]) for step in capacity["steps"] if not step["kept"] and step["rate_per_s"] > kept]
    return kept, min(above, default=kept)


def _said(  # noqa: PLR0913, PLR0917 — what a sentence is made of
    what: str,
    unit: str,
    a: float,
    b: float,
    span: tuple[float, float],
    margin: float,
    *,
    more_is_better: bool = False,
) -> Said:
    """`span` is the interval of how much worse the second run is."""
    outcome = Outcome.CANNOT_TELL
    if span[0] > margin:
        outcome = Outcome.WORSE
    elif span[1] <= margin:
        outcome = Outcome.NO_WORSE
    words = {Outcome.WORSE: "is worse", Outcome.NO_WORSE: "is no worse", Outcome.CANNOT_TELL: "cannot be told"}[outcome]
    change = "lost" if more_is_better else "more"
    interval = f"{span[0]:+.3g} to {span[1]:+.3g}{_unit(unit)} {change}"
    figures = f"{a:.4g}{_unit(unit)}, then {b:.4g}{_unit(unit)}"
    return Said(outcome, f"{what} {words}: {figures} ({interval}; {margin:.3g}{_unit(unit)} are tolerated).")


def _unit(unit: str) -> str:
    return unit if unit.startswith("/") else f" {unit}"


def overall(said: list[Said]) -> Outcome:
    """Worse if anything is; else it cannot be told if anything cannot, or nothing could be compared."""
    outcomes = {each.outcome for each in said}
    if Outcome.WORSE in outcomes:
        return Outcome.WORSE
    return Outcome.NO_WORSE if outcomes == {Outcome.NO_WORSE} else Outcome.CANNOT_TELL


def read_run(folder: Path) -> dict[str, Scenario]:
    """The load scenarios of a run by name. Raises ValueError for what holds no load run, OSError as reading."""
    document: object = msgspec.json.decode((folder / "report.json").read_bytes())
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise ValueError(f"report.json is no report of schema {SCHEMA}")
    load = document.get("load") or {}
    scenarios = {name: Scenario(figures, _let_in(folder, name)) for name, figures in load.items() if "sent" in figures}
    if not scenarios:
        raise ValueError("it holds no load scenario's figures")
    return scenarios


def _let_in(folder: Path, name: str) -> Latencies:
    """From due time, of answers other than 429: a refusal is quick and would hide what the others took."""
    below = folder / "loadtests" / name
    rows = read_rows((below if below.is_dir() else folder) / ROWS)
    rows = rows[(rows["status"] > 0) & (rows["status"] != 429)]
    rows = rows[np.argsort(rows["sent_s"], kind="stable")]
    latencies: Latencies = (rows["answered_s"] - rows["due_s"]) * 1000
    return latencies


def main(arguments: list[str] | None = None) -> int:
    """The outcome's exit code; 4 for a mistake, in one line."""
    parser = Parser(
        prog="python -m loadtests.compare",
        description="Is the second run worse? Exit 0 no worse, 1 worse, 6 cannot tell.",
    )
    parser.add_argument("run_a", type=Path, metavar="RUN_A", help="the folder of the run to compare with")
    parser.add_argument("run_b", type=Path, metavar="RUN_B", help="the folder of the run in question")
    add = parser.add_argument
    add("--threshold", type=float, default=0.1, metavar="SHARE", help="how much worse is still no worse (default 0.1)")
    add("--least-ms", type=float, default=1.0, metavar="MS", help="the same for latencies, at the least (default 1)")
    options = parser.parse_args(arguments)
    for name, value in {"--threshold": options.threshold, "--least-ms": options.least_ms}.items():
        if not isfinite(value) or value < 0:
            parser.error(f"{name} {value:g}: give a number, not below 0")
    runs = []
    for folder in (options.run_a, options.run_b):
        try:
            runs.append(read_run(folder))
        except OSError as error:
            return _refuse(f"{folder} cannot be compared: {error.strerror}: {error.filename}")
        except ValueError as error:
            return _refuse(f"{folder} cannot be compared: {error}")
    said = list(_all(runs[0], runs[1], Tolerance(options.threshold, options.least_ms)))
    for each in said:
        print(each.words)
    outcome = overall(said)
    print({0: "no worse", 1: "worse", 6: "cannot tell"}[outcome])
    return outcome


def _all(a: Mapping[str, Scenario], b: Mapping[str, Scenario], tolerance: Tolerance) -> Iterator[Said]:
    for name in dict.fromkeys((*a, *b)):
        if name in a and name in b:
            yield from compare(name, a[name], b[name], tolerance)
        else:
            yield Said(Outcome.CANNOT_TELL, f"{name}: only the {'first' if name in a else 'second'} run has it.")


def _refuse(why: str) -> int:
    print(why, file=sys.stderr)
    return USAGE_ERROR


if __name__ == "__main__":
    run(main)
