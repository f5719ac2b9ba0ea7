"""Gates: a file's every mistake is told in one line, and no figure passes that was not really measured."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from contracts.history.rows import RESENT, RIGHT, LoadRow, from_bytes
from contracts.run.target import UsageError
from loadtests.figures.figures import Generator
from loadtests.figures.figures import figures as measured
from loadtests.figures.latencies import histogram_of, percentiles_of, written
from loadtests.figures.measures import MEASURES
from loadtests.gates import DEFAULT_GATES, Gate, read_gates, rule_on

NAMES = ("Flood", "SteadyRate", "BatchSizes", "Capacity", "FillAllowance")


def gates(folder: Path, text: str) -> tuple[Gate, ...]:
    path = folder / "gates.toml"
    path.write_text(text, encoding="utf-8")
    return read_gates(path, NAMES)


def test_the_default_gates() -> None:
    assert [(gate.id, gate.scenario, gate.what) for gate in read_gates(DEFAULT_GATES, NAMES)] == [
        ("GATE-P99", "SteadyRate", "p99 of latency from due time below 1 s"),
        ("GATE-ERRORS", "every", "share of requests without an answer or with a 5xx at most 0 %"),
        ("GATE-COST", "BatchSizes", "exponent of the cost of a batch in its size below 1.5"),
    ]


def test_the_files_own_page_names_every_measure() -> None:
    page = DEFAULT_GATES.read_text(encoding="utf-8")
    assert {name for name in MEASURES if name not in page} - {name for name in MEASURES if name[:5] == "sent_"} == set()


def test_a_file_without_gates_is_a_choice(tmp_path: Path) -> None:
    assert gates(tmp_path, "# none\n") == ()


P99 = '[P99]\nscenario = "Flood"\nmeasure = "p99_ms"\n'
MISTAKES = [
    ("[P99", "no TOML"),
    ("below = 1", "below stands outside of any gate"),
    ('[p99]\nscenario = "Flood"', "[p99] is no name"),
    ('[P99]\nmeasure = "p99_ms"', "[P99] has no scenario: give one of Flood"),
    ('[P99]\nscenario = "Flod"', "[P99] scenario 'Flod' is unknown"),
    ("[P99]\nscenario = 7", "[P99] scenario 7 is unknown"),
    ('[P99]\nscenario = ["Flood"]', "[P99] scenario ['Flood'] is unknown"),
    ('[P99]\nscenario = "Flood"', "[P99] has no measure: give one of p50_ms"),
    ('[P99]\nscenario = "Flood"\nmeasure = "p97_ms"', "[P99] measure 'p97_ms' is unknown"),
    (P99, "[P99] has no bound: give below or at_most"),
    (f"{P99}below = 1\nat_most = 1", "[P99] has two bounds"),
    (f"{P99}at_least = 1", "at_least does not fit p99_ms, of which less is better: give below or at_most"),
    (f"{P99}under = 1", "unknown key under: there are scenario, measure, below"),
    (f'{P99}below = "1 s"', "[P99] below '1 s': give a number"),
    (f"{P99}below = true", "[P99] below True: give a number"),
    (f"{P99}below = nan", "[P99] below nan: give a number"),
    (f"{P99}below = -1", "[P99] below -1: give a number"),
    (f"{P99}below = 1\nleast_samples = 0", "[P99] least_samples 0: give a whole number"),
    (f"{P99}below = 1\nleast_samples = 1.5", "[P99] least_samples 1.5: give a whole number"),
    ('[E]\nscenario = "every"\nmeasure = "error_share"\nat_most = 5', "a share is between 0 and 1"),
    ('[G]\nscenario = "Flood"\nmeasure = "goodput_per_s"\nbelow = 5', "of which more is better: give at_least"),
    (f"{P99}below = 1\n{P99}below = 2", "no TOML"),
]


@pytest.mark.parametrize(("text", "words"), MISTAKES)
def test_a_mistake_is_one_clear_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        gates(tmp_path, text)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_gates(tmp_path / "none.toml", NAMES)


def gate(measure: str, bound: float, relation: str = "below", least: int = 20, scenario: str = "Flood") -> Gate:
    return Gate("GATE-X", scenario, measure, relation, bound, least)


def figures(**changes: Any) -> dict[str, Any]:
    """A scenario's figures as a plain run has them."""
    quick = {"p50_ms": 4.0, "p99_ms": 40.0, "count": 300}
    return {
        "sent": 300, "answered": 300, "failed": 0, "in_flight": 0, "statuses": {"200": 280, "429": 20}, "refused": 20,
        "wrong": 0, "duration_s": 10.0, "records_accepted": 2800, "goodput_per_s": 28.0, "achieved_per_s": 30.0,
        "behind": {"share": 0.0, "worst_s": 0.001, "saturated": False}, "workers_lost": 0,
        "latency": {"due": quick | {"p99_ms": 60.0}, "sent": quick},
    } | changes  # fmt: skip


def sizes(exponent: float, low: float, high: float) -> dict[str, Any]:
    points = [{"records": size, "p50_ms": size, "n": 10} for size in (1, 10, 100)]
    return {"batch_sizes": {"points": points, "exponent": exponent, "exponent_interval": [low, high]}}


def lacking(exponent: float) -> dict[str, Any]:
    measured = sizes(exponent, exponent, exponent)["batch_sizes"]
    return {"batch_sizes": {**measured, "unmeasured": [500, 1000]}}


def capacity(rate_per_s: float | None) -> dict[str, Any]:
    return {"capacity": {"rate_per_s": rate_per_s, "steps": [{"kept": True}, {"kept": False}]}}


def timed(quick: int, slow: int) -> dict[str, Any]:
    """So many answers of 5 ms and of 2 s."""
    histogram = histogram_of(np.array([0.005] * quick + [2.0] * slow))
    return {"latency": {"due": percentiles_of(histogram)}, "histograms": {"due": written(histogram)}}


SATURATED = {"behind": {"share": 0.4, "worst_s": 2.0, "saturated": True}}
RULINGS = [
    (gate("p99_ms", 100), figures(), "held", None),
    (gate("p99_ms", 60), figures(), "broken", None),
    (gate("p99_ms", 60, "at_most"), figures(), "held", None),
    (gate("p99_ms", 50), figures(), "broken", None),  # from due time, as it was lived
    (gate("sent_p99_ms", 50), figures(), "held", None),
    (gate("p99_ms", 100, least=301), figures(), "undecided", "300 of the 301 samples"),
    (gate("p99_ms", 50, least=301), figures(), "undecided", "300 of the 301 samples"),
    (gate("p99_ms", 1000, least=100), figures(**timed(0, 3)), "broken", None),  # too few, and no doubt
    (gate("p99_ms", 1000, least=100), figures(**timed(25, 5)), "broken", None),
    (gate("p99_ms", 1000, least=100), figures(**timed(29, 1)), "undecided", "30 of the 100"),
    (gate("p99_ms", 1000, least=100), figures(**timed(30, 0)), "undecided", "30 of the 100"),
    (gate("p50_ms", 1000, least=100), figures(**timed(15, 16)), "undecided", "31 of the 100"),
    (gate("p99_ms", 1000, least=100), figures(**timed(0, 9), **SATURATED), "undecided", "fell behind"),
    (gate("p999_ms", 100), figures(), "undecided", "no figure"),
    (gate("p99_ms", 100), {}, "undecided", "no figure"),
    (gate("p99_ms", 100), figures(latency=None), "undecided", "no figure"),
    (gate("p99_ms", 100), figures(latency={"due": {"p99_ms": float("nan"), "count": 300}}), "undecided", "no figure"),
    (gate("p99_ms", 100), figures(**SATURATED), "undecided", "fell behind"),
    (gate("p99_ms", 10), figures(**SATURATED), "undecided", "fell behind"),
    (gate("goodput_per_s", 20, "at_least"), figures(**SATURATED), "undecided", "fell behind"),
    (gate("p99_ms", 100), figures(workers_lost=1), "undecided", "1 of Flood's workers were lost"),
    (gate("p99_ms", 50), figures(workers_lost=1), "broken", None),
    (gate("cost_exponent", 1.5), lacking(1.0), "undecided", "Flood saw no batch of 500, 1000 records accepted"),
    (gate("cost_exponent", 1.5), lacking(2.0), "broken", None),
    (gate("error_share", 0, "at_most"), figures(), "held", None),
    (gate("error_share", 0, "at_most"), figures(answered=299, failed=1), "broken", None),
    (gate("error_share", 0, "at_most"), figures(statuses={"200": 299, "503": 1}), "broken", None),
    (gate("error_share", 0, "at_most"), figures(statuses={"503": 300}, **SATURATED), "broken", None),
    (gate("error_share", 0, "at_most"), figures(answered=6, failed=1), "broken", None),
    (gate("error_share", 0.1, "at_most"), figures(answered=6, failed=1), "undecided", "7 of the 20"),
    (gate("error_share", 0.01, "below"), figures(answered=298, failed=2), "held", None),
    (gate("error_share", 0, "at_most"), figures(sent=0, answered=0, failed=0), "undecided", "no figure"),
    (gate("error_share", 0, "at_most"), figures(answered=7), "undecided", "7 of the 20"),
    (gate("wrong_share", 0, "at_most"), figures(), "held", None),
    (gate("wrong_share", 0, "at_most"), figures(wrong=1), "broken", None),
    (gate("refused_share", 0.1), figures(), "held", None),
    (gate("goodput_per_s", 28, "at_least"), figures(), "held", None),
    (gate("goodput_per_s", 29, "at_least"), figures(), "broken", None),
    (gate("records_per_s", 280, "at_least"), figures(), "held", None),
    (gate("cost_exponent", 1.5), figures(**sizes(1.0, 0.8, 1.2)), "held", None),
    (gate("cost_exponent", 1.5), figures(**sizes(2.0, 1.8, 2.2)), "broken", None),
    (gate("cost_exponent", 1.5), figures(**sizes(1.4, 1.1, 1.7)), "undecided", "1.1 to 1.7 in Flood is too wide"),
    (gate("cost_exponent", 1.5), figures(), "undecided", "no figure"),
    (gate("capacity_per_s", 50, "at_least", 2), figures(), "undecided", "no figure"),
    (gate("capacity_per_s", 50, "at_least", 2), figures(**capacity(None)), "undecided", "no figure"),
    (gate("capacity_per_s", 50, "at_least", 2), figures(**capacity(64.0)), "held", None),
    (gate("capacity_per_s", 80, "at_least", 2), figures(**capacity(64.0)), "broken", None),
    (gate("p99_ms", 100), {"left_out": "a limit of 4"}, "undecided", "Flood was left out: a limit of 4"),
    (gate("used_share", 0.98, "at_least"), figures(allowance={"limit": 100, "used_share": 0.99}), "held", None),
]  # fmt: skip


@pytest.mark.parametrize(("gate", "measured", "verdict", "words"), RULINGS)
def test_a_ruling(gate: Gate, measured: dict[str, Any], verdict: str, words: str | None) -> None:
    (row,) = rule_on([gate], "Flood", measured)
    assert (row["verdict"], (words or "") in (row["reason"] or "")) == (verdict, True), row
    assert (row["reason"] is None) == (verdict != "undecided")


def test_a_connection_closed_while_idle_is_no_failed_request() -> None:
    """The batch was sent again, and answered."""
    closed = [LoadRow(k, k, k, k + 0.001, cause=RESENT) for k in range(10)]
    answered = [LoadRow(10 + k, k, k + 0.001, k + 0.02, status=200, flags=RIGHT) for k in range(25)]
    told = measured(from_bytes(b"".join(row.pack() for row in (*closed, *answered))), Generator(users=4))
    assert (told["sent"], told["answered"], told["resent"], told["failed"]) == (35, 25, 10, 0)
    (row,) = rule_on([gate("error_share", 0, "at_most")], "Flood", told)
    assert (row["verdict"], row["samples"]) == ("held", 25)


def test_quick_refusals_hide_no_slow_answer() -> None:
    let_in = [LoadRow(k, k / 10, k / 10, k / 10 + 2, status=200, flags=RIGHT) for k in range(100)]
    refused = [LoadRow(100 + k, k / 99, k / 99, k / 99 + 0.001, status=429) for k in range(99_00)]
    told = measured(from_bytes(b"".join(row.pack() for row in (*let_in, *refused))), Generator(users=4))
    latency = told["latency"]
    assert (latency["due"]["count"], latency["refused"]["count"]) == (100, 9_900)
    assert latency["due"]["p50_ms"] == pytest.approx(2000, rel=0.01)
    assert latency["refused"]["p99_ms"] == pytest.approx(1, rel=0.01)
    (row,) = rule_on([gate("p99_ms", 1000)], "Flood", told)
    assert row["verdict"] == "broken"
    assert all(point["due_p50_ms"] in (None, pytest.approx(2000)) for point in told["series"])


def test_only_the_gates_of_a_scenario_speak_of_it() -> None:
    asked = [gate("p99_ms", 100), gate("p99_ms", 100, scenario="SteadyRate"), gate("p99_ms", 100, scenario="every")]
    assert [row["scenario"] for row in rule_on(asked, "Flood", figures())] == ["Flood", "Flood"]
    assert len(rule_on(asked, "Flood", {})) == 1, "where nothing was measured, only the scenario's own"


@pytest.mark.parametrize(
    ("measure", "value", "written"),
    [
        ("p99_ms", 1300.4, "1.3 s"),
        ("p99_ms", 4.1666, "4.17 ms"),
        ("error_share", 0.0, "0 %"),
        ("error_share", 0.5, "50 %"),
        ("error_share", 0.00123, "0.123 %"),
        ("goodput_per_s", 1234.5, "1234/s"),
        ("cost_exponent", 1.5, "1.5"),
    ],
)
def test_a_value_is_written_as_a_person_reads_it(measure: str, value: float, written: str) -> None:
    assert MEASURES[measure].written(value) == written
