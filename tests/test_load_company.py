"""A load test of several processes says what one process says, and a worker that is lost leaves it undecided."""

import csv
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from contracts.history.rows import read_rows
from contracts.history.story import read_history
from contracts.judge import judge, verdict_of
from contracts.run.target import ROOT, EmbeddedSandbox
from loadtests.figures.latencies import histogram_of, merged, percentiles_of
from tests.test_load_scenarios import LATEST, PLENTY
from tests.test_loadtests import (
    CATALOGUE,
    HELD,
    INTERRUPTED,
    LOCUST,
    UNDECIDED,
    USAGE,
    environment,
    locust,
    patiently,
    report,
)


def steady(folder: Path, base_url: str, seconds: int) -> list[str]:
    return [
        *(
            *LOCUST,
            "SteadyRate",
            "--headless",
            "--only-summary",
            "--loglevel",
            "WARNING",
            "--runs-dir",
            str(folder / "runs"),
        ),
        *(
            "--window",
            "0.6",
            "--timeout",
            "5",
            "--rate",
            "60",
            "-u",
            "10",
            "-t",
            f"{seconds}s",
            "-H",
            base_url,
            *CATALOGUE,
        ),
    ]


@pytest.mark.parametrize("scenario", ["ThrottleProbe", "Capacity"])
def test_who_steers_by_all_of_its_answers_runs_alone(scenario: str, tmp_path: Path) -> None:
    with EmbeddedSandbox(*PLENTY) as sandbox:
        ended = locust(tmp_path, scenario, "-H", sandbox.base_url, *CATALOGUE, "--processes", "2")
    assert ended.returncode == USAGE
    assert f"locust: {scenario} runs in one process: leave --processes and --master out\n" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_two_processes_say_what_one_says(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    with EmbeddedSandbox(*PLENTY) as sandbox:
        ended = subprocess.run(
            [*steady(tmp_path, sandbox.base_url, 3), "--processes", "2"],
            cwd=ROOT, env=environment(EmbeddedSandbox.key) | {"TMPDIR": str(kept)},
            capture_output=True, text=True, timeout=240, check=False,
        )  # fmt: skip
    document = report(tmp_path)
    assert ended.returncode == HELD, ended.stdout + ended.stderr
    assert not list(kept.glob("harness-worker-*")), "what a worker kept is with its master"
    figures = document["load"]["SteadyRate"]
    rows = read_rows(tmp_path / LATEST / "rows.bin")
    assert figures["sent"] == len(rows) == figures["answered"] > 100
    assert document["requests"] == len(rows) + 2, "the preflight's come on top"
    assert len(set(rows["seq"].tolist())) == len(rows)
    together = histogram_of(rows["answered_s"] - rows["due_s"])
    assert percentiles_of(merged([figures["histograms"]["due"]])) == percentiles_of(together)
    story = read_history(tmp_path / LATEST / "history.jsonl")
    assert verdict_of(judge(story)).value == document["verdict"]
    with (tmp_path / LATEST / "writes.csv").open(newline="") as file:
        writes = sum(int(row["writes"]) for row in csv.DictReader(file))
    assert writes == figures["records_accepted"] + 3, "the preflight's come on top"


def test_so_do_a_master_and_workers_that_were_started_apart(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    master = ["--master", "--expect-workers", "2", "--master-bind-host", "127.0.0.1", "--master-bind-port", port]
    worker = ["--worker", "--master-host", "127.0.0.1", "--master-port", port]
    with EmbeddedSandbox(*PLENTY) as sandbox, ExitStack() as stack:
        command, key = steady(tmp_path, sandbox.base_url, 3), environment(EmbeddedSandbox.key)
        processes = [
            stack.enter_context(subprocess.Popen([*command, *role], cwd=ROOT, env=key, stdout=subprocess.DEVNULL))
            for role in (master, worker, worker)
        ]
        codes = [process.wait(timeout=120) for process in processes]
    document = report(tmp_path)
    assert codes[0] == HELD, document["reason"]
    figures, rows = document["load"]["SteadyRate"], read_rows(tmp_path / LATEST / "rows.bin")
    assert figures["sent"] == len(rows) == figures["answered"] > 100
    assert figures["workers_lost"] == 0
    assert len(set(rows["seq"].tolist())) == len(rows)
    assert document["verdict"] == verdict_of(judge(read_history(tmp_path / LATEST / "history.jsonl"))).value
    assert all(code == 0 for code in codes[1:]), "a worker has no verdict of its own"


def workers_of(master: subprocess.Popen[str]) -> list[int]:
    return [*map(int, Path(f"/proc/{master.pid}/task/{master.pid}/children").read_text().split())]


def all_ended(workers: list[int], within_s: float = 15) -> bool:
    """Whether none of them is left, but perhaps as a row in the table of processes."""
    until_s = time.monotonic() + within_s
    while time.monotonic() < until_s:
        told = [path.read_text() for pid in workers if (path := Path(f"/proc/{pid}/stat")).exists()]
        if all(line.rpartition(")")[2].split()[0] == "Z" for line in told):
            return True
        time.sleep(0.1)
    return False


@contextmanager
def two_at_work(folder: Path) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """A master in a process group of its own, and its two workers, in the midst of a test of a minute."""
    with EmbeddedSandbox(*PLENTY) as sandbox:
        command = [*steady(folder, sandbox.base_url, 60), "--processes", "2"]
        with subprocess.Popen(
            command, cwd=ROOT, env=environment(EmbeddedSandbox.key), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, start_new_session=True,
        ) as master:  # fmt: skip
            rows = patiently(folder, "runs/*/rows.bin")
            while not rows.stat().st_size:
                time.sleep(0.1)
            yield master, workers_of(master)


@pytest.mark.parametrize("send", [os.kill, os.killpg], ids=["the master alone", "all, as a terminal does"])
def test_ctrl_c_ends_all_of_them_in_order(send: Callable[[int, int], None], tmp_path: Path) -> None:
    with two_at_work(tmp_path) as (master, workers):
        send(master.pid, signal.SIGINT)
        said, _ = master.communicate(timeout=120)
        assert all_ended(workers)
    document = report(tmp_path)
    assert (master.returncode, document["verdict"], document["reason"]) == (INTERRUPTED, "undecided", "interrupted")
    figures = document["load"]["SteadyRate"]
    assert figures["workers_lost"] == 0
    assert figures["sent"] == len(read_rows(tmp_path / LATEST / "rows.bin"))
    assert "Traceback" not in said
    assert "Interrupt" not in said


def test_ctrl_c_twice_ends_all_of_them_at_once(tmp_path: Path) -> None:
    with two_at_work(tmp_path) as (master, workers):
        os.killpg(master.pid, signal.SIGINT)
        time.sleep(0.2)
        os.killpg(master.pid, signal.SIGINT)
        said, _ = master.communicate(timeout=120)
        assert all_ended(workers)
    assert master.returncode == INTERRUPTED
    assert said.count("interrupted again") == 1
    assert "Traceback" not in said
    (history,) = tmp_path.glob("runs/*/history.jsonl")
    assert verdict_of(judge(read_history(history))).value == "undecided"


def test_workers_do_not_outlive_a_master_that_was_killed(tmp_path: Path) -> None:
    with two_at_work(tmp_path) as (master, workers):
        master.kill()
        assert all_ended(workers)
    (history,) = tmp_path.glob("runs/*/history.jsonl")
    assert verdict_of(judge(read_history(history))).value == "undecided"


def test_two_masters_on_one_machine_keep_their_workers_apart(tmp_path: Path) -> None:
    """And neither listens to other machines."""
    with two_at_work(tmp_path / "one") as (one, _), two_at_work(tmp_path / "other") as (other, _):
        listening = subprocess.run(["ss", "-Hltnp"], capture_output=True, text=True, check=True).stdout
        for master in (one, other):
            lines = [line for line in listening.splitlines() if f"pid={master.pid}," in line]
            assert lines
            assert all("127.0.0.1:" in line.split()[3] for line in lines)
            master.send_signal(signal.SIGINT)
        for master in (one, other):
            master.communicate(timeout=120)
            assert master.returncode == INTERRUPTED
    for folder in ("one", "other"):
        assert report(tmp_path / folder)["load"]["SteadyRate"]["workers_lost"] == 0


def test_a_worker_that_is_lost_leaves_the_run_undecided(tmp_path: Path) -> None:
    with EmbeddedSandbox(*PLENTY) as sandbox:
        command = [*steady(tmp_path, sandbox.base_url, 6), "--processes", "2"]
        key = environment(EmbeddedSandbox.key)
        with subprocess.Popen(command, cwd=ROOT, env=key, stdout=subprocess.PIPE, text=True) as master:
            patiently(tmp_path, "runs/*/rows.bin")
            time.sleep(1.5)
            os.kill(workers_of(master)[0], signal.SIGKILL)
            said, _ = master.communicate(timeout=120)
    document = report(tmp_path)
    assert master.returncode == UNDECIDED, said
    assert "workers were lost" in document["reason"]
    assert document["load"]["SteadyRate"]["workers_lost"] == 1
