"""`pytest contracts loadtests`: what suits is planned, one report comes of it, and no child is left behind."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts.run.harness import Harness
from contracts.run.invocation import Options
from contracts.run.target import ROOT, EmbeddedSandbox
from loadtests.run import runner
from loadtests.run.plan import PARTS, SCENARIOS, STARTUP_S, Planned, Terms, plan, steady_rate_per_s
from loadtests.run.runner import HungError, run_scenario
from loadtests.scenarios.shapes import of_all_sizes, of_large_sizes, of_one_size
from openapi.ledger import LEDGER
from tests.test_loadtests import CATALOGUE, environment, patiently

SMALL, LARGE, UNTOLD = Terms(4, 10.0), Terms(6000, 10.0), Terms(None, 10.0)


def left_out(terms: Terms, budget_s: float = 300) -> set[str]:
    return {each.name for each in plan(SCENARIOS, terms, budget_s) if each.left_out}


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        (Terms(1, 10.0), {"Flood", "Capacity", "Stampede", "BatchSizes", "SteadyRate"}),
        (SMALL, {"Flood", "Capacity", "BatchSizes", "SteadyRate"}),
        (Terms(100, 10.0), {"Flood", "Capacity"}),
        (LARGE, set()),
        (UNTOLD, set()),
    ],
)
def test_what_suits_is_asked_from_the_limit(terms: Terms, expected: set[str]) -> None:
    assert left_out(terms) == expected


def test_why_a_scenario_is_left_out_is_told() -> None:
    (flood,) = plan(["Flood"], SMALL, 300)
    assert flood.left_out == "the limit of 4 in 10 s is too small: nearly all of a flood would be refused"
    (probe,) = plan(["ThrottleProbe"], LARGE, 60)
    assert probe.left_out == "no time is left for it within the 60 s of --load-time"


@pytest.mark.parametrize("budget_s", [30, 100, 170, 230, 300, 900])
@pytest.mark.parametrize("terms", [SMALL, LARGE, Terms(100, 1.0)])
def test_the_time_is_shared_out(terms: Terms, budget_s: float) -> None:
    planned = [each for each in plan(SCENARIOS, terms, budget_s) if not each.left_out]
    assert sum(each.seconds + STARTUP_S for each in planned) <= budget_s + 0.001
    for each in planned:
        part = PARTS[each.name]
        silent_s = part.windows * terms.window_s
        assert part.least_s + silent_s <= each.seconds <= part.own_s + silent_s
        assert each.ends_by_itself == (part.windows > 0)


@pytest.mark.parametrize(
    ("terms", "rate_per_s"),
    [
        (UNTOLD, 20.0),
        (LARGE, 300.0),  # half of the allowance
        (Terms(60, 10.0), 110 / 30),  # enough for a p99 in the 30 s
        (Terms(20, 10.0), 1.6),  # four fifths: no legal limiter refuses
    ],
)
def test_a_steady_rate_is_within_the_allowance(terms: Terms, rate_per_s: float) -> None:
    assert steady_rate_per_s(terms, 30.0) == pytest.approx(rate_per_s)


@pytest.mark.parametrize(
    ("users", "known", "unlike"),
    [(12, 20, 12), (12, 14, 12), (12, 4, 12), (100, 7, 100), (12, 3, 8), (6, 2, 4), (2, 1, 2), (1, 1, 1)],
)
def test_no_two_batches_of_a_burst_are_alike(users: int, known: int, unlike: int) -> None:
    """As far as so few references can be told apart."""
    for burst in ([of_all_sizes(place, known) for place in range(users)],
                  [of_large_sizes(place, users, known) for place in range(users)],
                  [of_one_size(place, users, known) for place in range(users)]):  # fmt: skip
        assert all(size <= known and all(index < size for index in faulty) for size, faulty in burst)
        assert len(set(burst)) >= unlike


def test_a_probe_never_gets_a_floods_cap() -> None:
    most = {each.name: each.most for each in plan(SCENARIOS, LARGE, 900)}
    assert most["ThrottleProbe"] == 20_000 < most["Flood"]


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    """A run against the sandbox in which nothing has been sent."""
    options = Options(None, None, 100, "quick", 1, 0.5, 0.2, None, (), tmp_path / "runs", False, None, None, 300)
    opened = Harness(options, lambda _: None)
    yield opened
    opened.close()


DEAF = """
import signal, shutil, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
shutil.copy({history!r}, {folder!r})
time.sleep(60)
"""


def test_a_hung_child_is_ended_and_what_it_wrote_is_undecided(
    harness: Harness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with EmbeddedSandbox("--limit", "4", "--window", "0.5") as sandbox:
        pushed = tmp_path / "pushed"
        command = [sys.executable, "-m", "locust", "Stampede", "--headless", "-t", "1s", "-u", "4", "--window", "0.5"]
        command += ["-H", sandbox.base_url, "--catalogue", str(sandbox.catalogue), "--runs-dir", str(pushed)]
        subprocess.run(command, cwd=ROOT, env=environment(sandbox.key), capture_output=True, check=False, timeout=120)
    history = pushed / "latest" / "history.jsonl"
    monkeypatch.setattr(runner, "GRACE_S", 1.0)
    monkeypatch.setattr(runner, "ENDING_S", 0.3)

    def deaf(_planned: Planned, _harness: Harness, folder: Path) -> list[str]:
        return [sys.executable, "-c", DEAF.format(history=str(history), folder=str(folder))]

    monkeypatch.setattr(runner, "_command", deaf)
    with pytest.raises(HungError, match="Stampede did not end within 2 s, and was ended"):
        run_scenario(Planned("Stampede", 1.0), harness)
    document = harness.document
    assert document["verdict"] == "undecided"
    rows = {row["id"]: row for row in document["promises"]}
    assert (rows["RES-1"]["verdict"], rows["RES-1"]["in_scope"]) == ("undecided", True)
    assert document["requests"] > 4, "what it had sent counts"


def release_gate(folder: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "pytest", "--runs-dir", str(folder / "runs"), "--window", "0.6", *arguments]


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command, key = release_gate(folder, *arguments), environment(EmbeddedSandbox.key)
    return subprocess.run(command, cwd=ROOT, env=key, capture_output=True, text=True, timeout=240, check=False)


def report(folder: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((folder / "runs" / "latest" / "report.json").read_bytes())
    return document


def test_each_promise_is_one_item_whichever_rooms_run(tmp_path: Path) -> None:
    for rooms in (("contracts",), ("loadtests",), ("contracts", "loadtests")):
        listed = run(tmp_path, *rooms, "--collect-only", "-q").stdout.splitlines()
        for promise in LEDGER:
            assert sum(line.endswith(f"test_promise[{promise.id}]") for line in listed) == 1, rooms
        assert sum("test_gate[GATE-P99]" in line for line in listed) == ("loadtests" in rooms)


def test_one_report_of_contracts_and_load(tmp_path: Path) -> None:
    gates = tmp_path / "gates.toml"
    gates.write_text('[RUSH]\nscenario = "ThrottleProbe"\nmeasure = "p99_ms"\nbelow = 1000\n')
    chosen = ("-k", "sizes and not BatchSizes or ThrottleProbe or promise or gate", "--gates", str(gates))
    with EmbeddedSandbox("--limit", "12", "--window", "0.6") as sandbox:  # pacing by a smaller one takes a minute
        done = run(tmp_path, "contracts", "loadtests", *chosen, "--base-url", sandbox.base_url, *CATALOGUE)
    document = report(tmp_path)
    rows = {row["id"]: row for row in document["promises"]}
    assert {rows["RATE-2"]["verdict"], rows["RES-3"]["verdict"]} == {"held"}, done.stdout
    if rows["GATE-RUSH"]["verdict"] == "undecided":  # the probe measures no latency
        assert done.returncode == 6, done.stdout
        assert "GATE-RUSH: ThrottleProbe gave" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--gates", "nowhere.toml"), "the gates nowhere.toml cannot be read"),
        (("--load-time", "0"), "--load-time 0 is no sensible number"),
    ],
)
def test_a_mistake_is_a_usage_error(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    done = run(tmp_path, "loadtests", *arguments)
    assert done.returncode == 4
    assert words in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_what_is_left_out_is_told_and_its_gate_undecided(tmp_path: Path) -> None:
    done = run(tmp_path, "loadtests", "-k", "ThrottleProbe or gate", "--load-time", "5")
    assert done.returncode == 6
    assert "left out   ThrottleProbe: no time is left for it within the 5 s" in done.stdout


def test_ctrl_c_ends_the_child_in_order(tmp_path: Path) -> None:
    command = release_gate(tmp_path, "loadtests", "-k", "Stampede")
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, env=environment(None), stdout=pipe, text=True) as process:
        patiently(tmp_path, "runs/*/loadtests/Stampede/history.jsonl")
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=120)
    assert process.returncode == 2, said
    document = report(tmp_path)
    assert (document["verdict"], document["reason"]) == ("undecided", "interrupted")
    assert document["requests"] > 2, "what the child had sent counts"
    remaining = next(row for row in document["promises"] if row["id"] == "RATE-4")
    assert "no limiter was searched for" in remaining["reason"], "whoever pressed Ctrl-C waits"
    assert (tmp_path / "runs" / "latest" / "loadtests" / "Stampede" / "report.json").is_file()
