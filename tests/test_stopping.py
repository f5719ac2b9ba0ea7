"""However a run is ended, what it wrote is whole as far as it goes, and a line says what happened."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contracts import judge
from contracts.history.story import RunFacts, read_history
from contracts.history.writer import HistoryWriter
from contracts.run.harness import Harness
from contracts.run.invocation import Options
from contracts.run.target import ROOT, SANDBOX_CATALOGUE, UsageError
from contracts.run.watermark import raise_watermark
from tests.commands import CATALOGUE, environment, locust_command, pytest_command, sandbox, started, under_way
from tests.test_loadtests import patiently

ROOM_KIB = 60  # on the disk that fills up


def test_ctrl_c_twice_ends_at_once(tmp_path: Path) -> None:
    levels = tmp_path / "levels.csv"
    levels.write_text("product_ref,sku,store_ref,quantity\n" + SANDBOX_CATALOGUE.read_text().splitlines()[1] + ",5\n")
    with sandbox("--limit", "6", "--window", "30") as url:
        # Giving back waits for an allowance, so that the second one finds the run still at its end.
        given = ("--base-url", url, *CATALOGUE, "--window", "30", "--restore", str(levels))
        process = started(pytest_command(tmp_path / "runs", *given))
        history = under_way(tmp_path / "runs")
        twice(process)
        said, _ = process.communicate(timeout=120)
    assert process.returncode == 2, said
    assert "interrupted again" in said
    assert "Traceback" not in said
    assert not (history.parent / "report.json").exists()
    assert judge.main([str(history)]) == 6


def test_so_it_does_in_the_midst_of_a_scenario(tmp_path: Path) -> None:
    with sandbox("--limit", "20", "--window", "1") as url:
        command = pytest_command(tmp_path, "loadtests", "--base-url", url, *CATALOGUE)
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True,
        )  # fmt: skip
        history = under_way(tmp_path, 1)
        child = patiently(history.parent, "loadtests/*/writes.csv")
        for _ in range(2):
            os.killpg(process.pid, signal.SIGINT)
            time.sleep(0.3)
        said, _ = process.communicate(timeout=120)
    assert process.returncode == 2, said
    assert "interrupted again" in said
    assert "Traceback" not in said
    assert not (history.parent / "report.json").exists()  # the scenario may have been quick enough to leave its own
    assert judge.main([str(child.with_name("history.jsonl"))]) == 6


def test_a_load_test_too(tmp_path: Path) -> None:
    with sandbox("--limit", "6", "--window", "5") as url:
        process = started(locust_command(tmp_path, "ThrottleProbe", "-H", url, *CATALOGUE, "--window", "5"))
        history = under_way(tmp_path)
        twice(process)
        said, _ = process.communicate(timeout=120)
    assert process.returncode == 2, said
    assert "Traceback" not in said
    assert len(read_history(history).exchanges) >= 5
    assert judge.main([str(history)]) == 6


def twice(process: subprocess.Popen[str]) -> None:
    """Ctrl-C, and again before the run can have ended in order."""
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)


def test_a_killed_run_leaves_a_history_to_judge(tmp_path: Path) -> None:
    with sandbox("--limit", "60", "--window", "1") as url:
        process = started(pytest_command(tmp_path, "--base-url", url, *CATALOGUE))
        history = under_way(tmp_path, 20)
        process.kill()
        process.communicate(timeout=120)
    assert judge.main([str(history)]) == 6
    assert len(read_history(history).exchanges) >= 20
    assert (history.parent / "writes.csv").read_text().count("\n") > 5


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_scenario_does_not_outlive_a_run_that_was_killed(number: signal.Signals, tmp_path: Path) -> None:
    """Else it would go on writing what another run may begin to write by now."""
    with sandbox("--limit", "20", "--window", "1") as url:
        process = started(pytest_command(tmp_path, "loadtests", "--base-url", url, *CATALOGUE))
        folder = patiently(tmp_path, "*/loadtests/*/writes.csv").parent
        process.send_signal(number)
        process.communicate(timeout=120)
        document = json.loads(patiently(folder, "report.json").read_text())
    assert (document["verdict"], document["reason"]) == ("undecided", "interrupted")


@pytest.mark.parametrize(
    ("command", "lacks"),
    [
        (pytest_command, "the history"),
        (
            lambda runs, *given: locust_command(runs, "Flood", "-t", "20s", *given),
            "the (rows|history)",
        ),  # the first to be full
    ],
    ids=["pytest", "locust"],
)
def test_a_full_disk_is_told_and_nothing_half_is_left(
    command: Callable[..., list[str]], lacks: str, tmp_path: Path
) -> None:
    with sandbox("--limit", "500", "--window", "1") as url:
        target = ("--base-url", url) if command is pytest_command else ("-H", url)
        process = started(command(tmp_path, *target, *CATALOGUE), limits=f"ulimit -f {ROOM_KIB}")
        said, _ = process.communicate(timeout=120)
    assert process.returncode == 6, said
    assert re.search(f"{lacks} cannot be written: File too large", said)
    assert "Traceback" not in said
    assert "INTERNALERROR" not in said
    history = next(tmp_path.glob("*/history.jsonl"))
    assert not read_history(history).torn
    assert history.stat().st_size <= ROOM_KIB * 1024
    report = history.parent / "report.json"
    assert not report.exists() or json.loads(report.read_text())["verdict"] == "undecided"
    assert judge.main([str(history)]) == 6


def test_of_a_report_that_does_not_fit_nothing_is_left(tmp_path: Path) -> None:
    with sandbox("--limit", "500", "--window", "1") as url:
        limits = "ulimit -f 8"
        process = started(pytest_command(tmp_path, "--base-url", url, *CATALOGUE, "--depth", "quick"), limits=limits)
        said, _ = process.communicate(timeout=120)
    assert process.returncode == 6, said
    assert "Traceback" not in said
    names = {path.name for path in tmp_path.glob("2*/*")}
    assert names <= {"history.jsonl", "writes.csv"}, said


@pytest.mark.parametrize(("command", "handles"), [("pytest", 14), ("pytest", 20), ("locust", 20)])
def test_no_file_handles_left_is_nobody_elses_fault(command: str, handles: int, tmp_path: Path) -> None:
    with sandbox("--limit", "500", "--window", "1") as url:
        limits = f"ulimit -n {handles}"
        if command == "pytest":
            process = started(pytest_command(tmp_path, "--base-url", url, *CATALOGUE), limits=limits)
        else:
            process = started(locust_command(tmp_path, "Flood", "-H", url, *CATALOGUE), limits=limits)
        said, _ = process.communicate(timeout=120)
    assert process.returncode in (4, 6), said
    assert "Too many open files" in said
    assert "Traceback" not in said
    assert "INTERNALERROR" not in said


def test_a_history_stops_at_its_last_whole_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = RunFacts("http://127.0.0.1", "", 0, datetime(2026, 1, 1, tzinfo=UTC), 10.0, (), "contracts")
    writer = HistoryWriter(tmp_path / "history.jsonl", facts, None)
    writer.owes("one", ("RES-1",))
    file = writer._file
    assert file is not None
    take = file.write

    class Full:
        """Takes a part, and then no more."""

        def write(self, raw: bytes) -> int:
            take(raw[:10])
            raise OSError(28, "No space left on device")

        def __getattr__(self, name: str) -> object:
            return getattr(file, name)

    monkeypatch.setattr(writer, "_file", Full())
    writer.owes("two", ("RES-2",))
    writer.owes("three", ("RES-3",))
    assert writer.unwritten == "the history cannot be written: No space left on device"
    story = read_history(tmp_path / "history.jsonl")
    assert (dict(story.owed), story.torn) == ({"one": ("RES-1",)}, False)
    assert set(writer.story().owed) == {"one", "two", "three"}


def test_a_clock_set_back_is_told_before_anything_is_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BSPK_API_KEY", "sandbox-key")
    url = "http://127.0.0.1:1/set-back"
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    raise_watermark(url, datetime.now(UTC) + timedelta(hours=1))
    with pytest.raises(UsageError, match=r"the clock says .* set it right, or remove"):
        Harness(Options(url, None, 9, "quick", 1, 1.0, 5, None, (), tmp_path, False, None), lambda _: None)
    assert not list(tmp_path.glob("*/history.jsonl"))


def test_a_folder_that_takes_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BSPK_API_KEY", "sandbox-key")
    given = Options("http://127.0.0.1:1", None, 9, "quick", 1, 1.0, 5, None, (), Path("/proc/runs"), False, None)
    with pytest.raises(UsageError, match="nothing can be written there"):
        Harness(given, lambda _: None)


FAILING = """\
from contracts.drivers import batches
def batch(*_, **__):
    raise OSError(24, "Too many open files")
batches.batch = batch
"""


FAILING_LATE = """\
from contracts.run import harness
def confirm(*_, **__):
    raise RuntimeError("a mistake of ours")
harness.confirm = confirm
"""


@pytest.mark.parametrize("failing", [FAILING, FAILING_LATE], ids=["a driver", "its retries"])
def test_where_the_harness_fails_nothing_is_said_to_be_broken_nor_held(failing: str, tmp_path: Path) -> None:
    (tmp_path / "failing.py").write_text(failing)
    command = [*pytest_command(tmp_path / "runs", "--depth", "quick"), "-p", "failing"]
    ended = subprocess.run(
        command,
        cwd=ROOT,
        env=environment() | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 3, ended.stdout + ended.stderr
    assert "verdict: undecided" in ended.stdout
    junit = next((tmp_path / "runs").glob("2*/junit.xml")).read_text()
    assert "<failure" not in junit
    assert "<error" in junit


PUT_OFF = """
import os, signal
from contracts.interrupts import Interrupts, put_off
interrupts = Interrupts(at_the_last=lambda: print("ended at once", flush=True))
try:
    with put_off(), put_off():
        for _ in range({times}):
            os.kill(os.getpid(), signal.SIGINT)
        print("the library is done", flush=True)
    print("never said")
except KeyboardInterrupt:
    print("then interrupted")
"""


@pytest.mark.parametrize(
    ("times", "said"), [(1, "the library is done\nthen interrupted\n"), (2, "ended at once\n")], ids=["once", "twice"]
)
def test_the_first_ctrl_c_waits_where_a_library_would_take_it_for_its_own(times: int, said: str) -> None:
    """Hypothesis takes it for a failing example, an import under way for a fault of the module."""
    command = [sys.executable, "-c", PUT_OFF.format(times=times)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == said
    assert done.returncode == (0 if times == 1 else 2)
