"""Two runs compared: autocorrelated noise raises no alarm, a real shift is found, what cannot be told is said so."""

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from scipy.signal import lfilter

from contracts.history.rows import NAME, LoadRow
from loadtests import compare
from loadtests.figures.bootstrap import BLOCKS, Latencies, quantile_differences

QUANTILES = (0.5, 0.9, 0.99)


def latencies(seed: int, count: int = 4_000, slower: float = 1.0, tail: float = 1.0) -> Latencies:
    """About 20 ms, each answer much like the one before (AR(1), 0.95): slow spells are some twenty requests long."""
    random = np.random.default_rng(seed)
    walk = lfilter([0.05], [1, -0.95], random.normal(size=count + 200))
    run: Latencies = 20 * slower * np.exp(walk[200:] + 0.1 * random.normal(size=count))
    run[np.arange(count) % 40 == 39] *= tail
    return run


def write_run(folder: Path, series: Latencies, name: str = "SteadyRate", **changes: Any) -> Path:
    """A run's folder as the load tests leave it, as far as the comparison reads it."""
    folder.mkdir()
    behind = {"share": 0.0, "worst_s": 0.0, "saturated": False}
    figures = {"sent": len(series), "users": 4, "arrival": "constant", "offered_per_s": 100.0, "behind": behind}
    document = {"schema": 1, "load": {name: figures | changes}}
    (folder / "report.json").write_bytes(msgspec.json.encode(document))
    rows = (LoadRow(n, n / 100, n / 100, n / 100 + took / 1000, status=200) for n, took in enumerate(series.tolist()))
    (folder / NAME).write_bytes(b"".join(row.pack() for row in rows))
    return folder


def test_equal_servers_raise_no_alarm() -> None:
    """The interval of each quantile's difference holds zero; 99 of 100 would be honest, some are allowed to miss."""
    missed = sum(
        not found.low <= 0 <= found.high
        for seed in range(40)
        for found in quantile_differences(latencies(seed), latencies(1_000 + seed), QUANTILES)
    )
    assert missed <= 6, "5 % of 120"


def test_drawing_single_requests_would_have_raised_some() -> None:
    """What the blocks are for: without the order, the same runs look far more certain than they are."""
    random = np.random.default_rng(7)
    missed = 0
    for seed in range(40):
        a, b = (random.permutation(latencies(each)) for each in (seed, 1_000 + seed))
        (found,) = quantile_differences(a, b, (0.5,))
        missed += not found.low <= 0 <= found.high
    assert missed > 6


@pytest.mark.parametrize("seed", range(5))
def test_a_shift_is_found_and_its_size_told(seed: int) -> None:
    for found in quantile_differences(latencies(seed), latencies(1_000 + seed, slower=1.5), QUANTILES):
        assert found.low > 0
        assert found.low < found.b - found.a < found.high


def test_too_few_answers_are_refused() -> None:
    with pytest.raises(ValueError, match="fewer than"):
        quantile_differences(latencies(1, BLOCKS - 1), latencies(2), (0.5,))


PLAIN = latencies(1)
COMPARISONS = [  # the second run, what it changes of both runs' figures, the exit code, what is said
    (latencies(2), {}, {}, 0, "SteadyRate: p99 of latency is no worse"),
    (latencies(2, slower=1.5), {}, {}, 1, "SteadyRate: p50 of latency is worse: "),
    (latencies(2, slower=0.5), {}, {}, 0, "no worse"),
    (latencies(2, tail=5.0), {}, {}, 1, "SteadyRate: p99 of latency is worse: "),
    (latencies(2, 300), {}, {}, 6, "p99 cannot be told from 300 answers; it takes 1000"),
    (latencies(2, 0), {}, {}, 6, "p50 cannot be told from 0 answers"),
    (latencies(2), {}, {"users": 8}, 6, "the users differ: 4 and 8"),
    (latencies(2), {}, {"offered_per_s": 150.0}, 6, "the offered rates differ: 100/s and 150/s"),
    (latencies(2), {}, {"behind": {"saturated": True}}, 6, "the generator of the second run fell behind"),
    (latencies(2), {"workers_lost": 1}, {}, 6, "the first run lost workers"),
]


def told(a: Path, b: Path, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, str]:
    code = compare.main([str(a), str(b), *options])
    return code, capsys.readouterr().out


@pytest.mark.parametrize(("second", "of_a", "of_b", "code", "words"), COMPARISONS)
def test_two_runs(
    tmp_path: Path, second: Latencies, of_a: dict[str, Any], of_b: dict[str, Any], code: int, words: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    a, b = write_run(tmp_path / "a", PLAIN, **of_a), write_run(tmp_path / "b", second, **of_b)
    ended, said = told(a, b, capsys)
    assert ended == code, said
    assert words in said


def test_the_threshold_is_the_users(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = write_run(tmp_path / "a", PLAIN), write_run(tmp_path / "b", latencies(2, slower=1.5))
    assert told(a, b, capsys, "--threshold", "2")[0] == 0
    assert told(a, b, capsys, "--least-ms", "1000")[0] == 0


def sizes(value: float, low: float, high: float) -> dict[str, Any]:
    return {"batch_sizes": {"per_record_ms": value, "per_record_interval": [low, high]}}


def capacity(rate: float | None, lost_at: float, bound_by: str = "target") -> dict[str, Any]:
    steps = [{"rate_per_s": rate or 1.0, "kept": True}, {"rate_per_s": lost_at, "kept": False}]
    return {"capacity": {"rate_per_s": rate, "bound_by": bound_by, "steps": steps}}


@pytest.mark.parametrize(
    ("of_a", "of_b", "code", "words"),
    [
        (sizes(1.0, 0.98, 1.02), sizes(1.03, 1.01, 1.05), 0, "cost of a record is no worse: 1 ms, then 1.03 ms"),
        (sizes(1.0, 0.98, 1.02), sizes(1.5, 1.4, 1.6), 1, "cost of a record is worse"),
        (sizes(1.0, 0.5, 1.5), sizes(1.3, 0.8, 1.8), 6, "cost of a record cannot be told"),
        (capacity(100, 105), capacity(103, 108), 0, "capacity is no worse: 100/s, then 103/s"),
        (capacity(100, 105), capacity(60, 63), 1, "capacity is worse: 100/s, then 60/s"),
        (capacity(100, 130), capacity(95, 125), 6, "capacity cannot be told"),
        (capacity(100, 105), capacity(60, 63, "generator"), 6, "one run did not find the target's own"),
        (capacity(100, 105), capacity(None, 63), 6, "one run did not find the target's own"),
    ],
)
def test_cost_and_capacity(
    tmp_path: Path, of_a: dict[str, Any], of_b: dict[str, Any], code: int, words: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    a, b = write_run(tmp_path / "a", PLAIN, **of_a), write_run(tmp_path / "b", PLAIN, **of_b)
    ended, said = told(a, b, capsys, "--least-ms", "50")  # of latency, nothing is to be said here
    assert ended == code, said
    assert words in said


def test_a_scenario_of_one_run_alone_cannot_be_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = write_run(tmp_path / "a", PLAIN), write_run(tmp_path / "b", PLAIN, "Flood")
    assert told(a, b, capsys) == (
        6,
        "SteadyRate: only the first run has it.\nFlood: only the second run has it.\ncannot tell\n",
    )


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (None, "cannot be compared: No such file"),
        (b"[]", "is no report of schema 1"),
        (b'{"schema": 1, "load": null}', "holds no load scenario's figures"),
        (b"{", "cannot be compared"),
    ],
)
def test_what_is_no_load_run_is_refused(
    tmp_path: Path, report: bytes | None, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if report is not None:
        (tmp_path / "report.json").write_bytes(report)
    assert compare.main([str(tmp_path), str(tmp_path)]) == 4
    said = capsys.readouterr().err
    assert (words in said, said.count("\n")) == (True, 1)


@pytest.mark.parametrize(
    "options", [("--threshold", "-1"), ("--least-ms", "nan"), ("--threshold", "much"), ("--what",)]
)
def test_a_wrong_option_is_a_usage_error(tmp_path: Path, options: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as ended:
        compare.main([str(tmp_path), str(tmp_path), *options])
    assert ended.value.code == 4
