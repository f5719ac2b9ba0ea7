"""The user's own service levels: read and checked before anything is sent, then ruled on from a scenario's figures.

Pure but for reading the file. A gate with no data, or measured by a generator that fell behind, is undecided;
one with too few samples is never held, and broken only where chance cannot have made them so.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from operator import ge, le, lt
from pathlib import Path
from typing import Any

from contracts.finding import Verdict
from contracts.run.target import UsageError
from loadtests.figures.measures import MEASURES, Figures, Measure

DEFAULT_GATES = Path(__file__).with_name("gates.toml")
EVERY = "every"
HOLDS = {"below": lt, "at_most": le, "at_least": ge}
KEYS = ("scenario", "measure", *HOLDS, "least_samples")


@dataclass(frozen=True)
class Gate:
    """One service level: `measure` of `scenario` (or of every one) is to stand in `relation` to `bound`."""

    id: str
    scenario: str
    measure: str
    relation: str  # a key of HOLDS
    bound: float  # in the measure's own unit; a share is between 0 and 1
    least_samples: int

    @property
    def _measure(self) -> Measure:
        return MEASURES[self.measure]

    @property
    def what(self) -> str:
        """The gate as a phrase: "p99 of latency from due time below 1 s"."""
        return f"{self._measure.words} {self.relation.replace('_', ' ')} {self._measure.written(self.bound)}"

    def speaks_of(self, scenario: str, figures: Figures) -> bool:
        """A gate on every scenario speaks of those that measured something."""
        return self.scenario == scenario or (self.scenario == EVERY and "sent" in figures)

    def kept(self, value: float) -> bool:
        return bool(HOLDS[self.relation](value, self.bound))


def read_gates(path: Path, scenarios: Iterable[str]) -> tuple[Gate, ...]:
    """The gates of a file in its order; raises UsageError, in one line, for whatever is wrong in it."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"the gates {path} cannot be read: {error.strerror}") from None
    except ValueError as error:  # TOML's own errors, and what is no UTF-8
        raise UsageError(f"the gates {path} are no TOML: {error}") from None
    known = tuple(scenarios)
    try:
        return tuple(_gate(name, table, known) for name, table in tables.items())
    except _WrongGateError as error:
        raise UsageError(f"the gates {path}: {error}") from None


class _WrongGateError(ValueError):
    """What is wrong with one gate, and what to do."""


def _gate(name: str, table: object, scenarios: tuple[str, ...]) -> Gate:
    if not isinstance(table, dict):
        raise _WrongGateError(f"{name} stands outside of any gate: begin one by [NAME]")
    if not re.fullmatch(r"[A-Z0-9]+(-[A-Z0-9]+)*", name):
        raise _WrongGateError(f"[{name}] is no name: use upper-case letters, digits and hyphens, such as [P99]")
    for key in table:
        if key not in KEYS:
            raise _WrongGateError(f"[{name}] has the unknown key {key}: there are {', '.join(KEYS)}")
    _one_of(name, table, "scenario", (*scenarios, EVERY))
    _one_of(name, table, "measure", tuple(MEASURES))
    measure = MEASURES[table["measure"]]
    relation = _relation(name, table, measure)
    return Gate(
        id=f"GATE-{name}",
        scenario=table["scenario"],
        measure=table["measure"],
        relation=relation,
        bound=_bound(name, relation, table[relation], measure),
        least_samples=_least(name, table.get("least_samples", measure.least)),
    )


def _one_of(name: str, table: Mapping[str, Any], key: str, choices: tuple[str, ...]) -> None:
    if key not in table:
        raise _WrongGateError(f"[{name}] has no {key}: give one of {', '.join(choices)}")
    if table[key] not in choices:
        raise _WrongGateError(f"[{name}] {key} {table[key]!r} is unknown: give one of {', '.join(choices)}")


def _relation(name: str, table: Mapping[str, Any], measure: Measure) -> str:
    given = [relation for relation in HOLDS if relation in table]
    fitting = ("at_least",) if measure.more_is_better else ("below", "at_most")
    if len(given) != 1:
        raise _WrongGateError(f"[{name}] has {'no bound' if not given else 'two bounds'}: give {' or '.join(fitting)}")
    if given[0] not in fitting:
        better = "more" if measure.more_is_better else "less"
        unfit = f"{given[0]} does not fit {table['measure']}, of which {better} is better"
        raise _WrongGateError(f"[{name}] {unfit}: give {' or '.join(fitting)}")
    return given[0]


def _bound(name: str, relation: str, value: object, measure: Measure) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or value < 0:
        raise _WrongGateError(f"[{name}] {relation} {value!r}: give a number, not below 0")
    if measure.unit == "share" and value > 1:
        raise _WrongGateError(f"[{name}] {relation} {value!r}: a share is between 0 and 1")
    return float(value)


def _least(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise _WrongGateError(f"[{name}] least_samples {value!r}: give a whole number, 1 or more")
    return value


def rule_on(gates: Iterable[Gate], scenario: str, figures: Figures) -> list[dict[str, Any]]:
    """One row of the figures' `gates` for each gate that speaks of this scenario."""
    return [_row(gate, scenario, figures) for gate in gates if gate.speaks_of(scenario, figures)]


def _row(gate: Gate, scenario: str, figures: Figures) -> dict[str, Any]:
    measure = MEASURES[gate.measure]
    value, samples = measure.read(figures), measure.samples(figures)
    verdict, reason = _ruled(gate, measure, scenario, figures)
    return {
        "id": gate.id,
        "scenario": scenario,
        "what": gate.what,
        "value": value,
        "bound": gate.bound,
        "verdict": verdict.value,
        "reason": reason,
        "samples": samples,
        "seen": None if value is None else f"{measure.written(value)}{_about(measure, figures)} in {scenario}",
    }


def _about(measure: Measure, figures: Figures) -> str:
    interval = measure.interval(figures)
    return f" ({measure.written(interval[0])} to {measure.written(interval[1])})" if interval else ""


def _ruled(gate: Gate, measure: Measure, scenario: str, figures: Figures) -> tuple[Verdict, str | None]:
    """The verdict, and why it is undecided where it is."""
    value = measure.read(figures)
    if value is None:
        left_out = figures.get("left_out")
        return Verdict.UNDECIDED, f"{scenario} {f'was left out: {left_out}' if left_out else 'gave no figure for it'}"
    if doubt := _doubt(gate, measure, scenario, figures):
        return Verdict.UNDECIDED, doubt
    lowest, highest = measure.interval(figures) or (value, value)
    if gate.kept(lowest) != gate.kept(highest):
        span = f"{measure.written(lowest)} to {measure.written(highest)}"
        return Verdict.UNDECIDED, f"{span} in {scenario} is too wide to tell"
    if not gate.kept(value):
        return Verdict.BROKEN, None
    unseen = _unseen(measure, scenario, figures)
    return (Verdict.UNDECIDED, unseen) if unseen else (Verdict.HELD, None)


def _unseen(measure: Measure, scenario: str, figures: Figures) -> str | None:
    """What is lacking, so that no bound is surely kept by what was seen."""
    if lost := figures.get("workers_lost"):  # and with them what they saw
        return f"{lost} of {scenario}'s workers were lost"
    lacking = measure.lacking(figures)
    return f"{scenario} {lacking}" if lacking else None


def _doubt(gate: Gate, measure: Measure, scenario: str, figures: Figures) -> str | None:
    """Why the figure, whatever it is, says too little of the target."""
    samples = measure.samples(figures)
    if samples < gate.least_samples and not measure.surely_beyond(figures, gate.bound):
        return f"{scenario} gave {samples} of the {gate.least_samples} samples that it needs"
    if measure.timed and (figures.get("behind") or {}).get("saturated"):
        return f"this generator fell behind in {scenario}: its figures say nothing of the target"
    return None
