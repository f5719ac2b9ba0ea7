"""However a run is ended, what it wrote is whole as far as it goes, and a line says what happened."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contracts import judge
from contracts.harness import Harness, Options
from contracts.history import HistoryWriter, RunFacts, read_history
from contracts.target import UsageError
from contracts.watermark import raise_watermark

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = ROOT / "sandbox" / "catalogue.csv"
ROOM_KIB = 60  # on the disk that fills up


@contextmanager
def sandbox(*options: str) -> Iterator[str]:
    """A sandbox in a process of its own; yields its address."""
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--exit-with-stdin", *options]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split()[1]
        finally:
            process.terminate()


def started(url: str, runs: Path, *more: str, limit: str = "unlimited") -> subprocess.Popen[str]:
    """`pytest` against the sandbox, not waited for."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--base-url", url, "--runs-dir", str(runs)]
    environment = {**os.environ, "BSPK_API_KEY": "sandbox-key", "BSPK_CATALOGUE": str(CATALOGUE)}
    return subprocess.Popen(
        ["bash", "-c", f'ulimit -f {limit}; exec "$@"', "bash", *command, *more], cwd=ROOT, env=environment,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def under_way(runs: Path, exchanges: int = 5) -> Path:
    """The history, once so much is in it."""
    for _ in range(600):
        for history in runs.glob("*/history.jsonl"):
            if history.read_text().count('"kind":"exchange"') >= exchanges:
                return history
        time.sleep(0.1)
    raise AssertionError("no run is under way after 60 s")


def test_ctrl_c_twice_ends_at_once(tmp_path: Path) -> None:
    levels = tmp_path / "levels.csv"
    levels.write_text("product_ref,sku,store_ref,quantity\n" + CATALOGUE.read_text().splitlines()[1] + ",5\n")
    with sandbox("--limit", "6", "--window", "30") as url:
        # Giving back waits for an allowance, so that the second one finds the run still at its end.
        process = started(url, tmp_path / "runs", "--window", "30", "--restore", str(levels))
        history = under_way(tmp_path / "runs")
        process.send_signal(signal.SIGINT)
        time.sleep(1.5)
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=10)
    assert process.returncode == 2, said
    assert "interrupted again" in said
    assert "Traceback" not in said
    assert not (history.parent / "report.json").exists()
    assert read_history(history).stopped == "interrupted"
    assert judge.main([str(history)]) == 6


def test_a_killed_run_leaves_a_history_to_judge(tmp_path: Path) -> None:
    with sandbox("--limit", "60", "--window", "1") as url:
        process = started(url, tmp_path, "--window", "1")
        history = under_way(tmp_path, 20)
        process.kill()
        process.communicate(timeout=10)
    assert judge.main([str(history)]) == 6
    assert len(read_history(history).exchanges) >= 20
    assert (history.parent / "writes.csv").read_text().count("\n") > 5


def test_a_full_disk_is_told_and_nothing_half_is_left(tmp_path: Path) -> None:
    with sandbox("--limit", "500", "--window", "1") as url:
        process = started(url, tmp_path, "--window", "1", limit=str(ROOM_KIB))
        said, _ = process.communicate(timeout=90)
    assert process.returncode == 6, said
    assert "the history cannot be written: File too large" in said
    assert "Traceback" not in said
    assert "INTERNALERROR" not in said
    history = next(tmp_path.glob("*/history.jsonl"))
    story = read_history(history)
    assert not story.torn
    assert history.stat().st_size <= ROOM_KIB * 1024
    report = history.parent / "report.json"
    assert not report.exists() or json.loads(report.read_text())["verdict"] == "undecided"


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
    url = "http://127.0.0.1:1"
    raise_watermark(tmp_path, url, datetime.now(UTC) + timedelta(hours=1))
    with pytest.raises(UsageError, match=r"the clock says .* set it right, or remove"):
        Harness(Options(url, None, 9, "quick", 1, 1.0, 5, None, (), tmp_path, False, None), lambda _: None)
    assert not list(tmp_path.glob("*/history.jsonl"))


def test_a_folder_that_takes_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BSPK_API_KEY", "sandbox-key")
    given = Options("http://127.0.0.1:1", None, 9, "quick", 1, 1.0, 5, None, (), Path("/proc/runs"), False, None)
    with pytest.raises(UsageError, match="nothing can be written there"):
        Harness(given, lambda _: None)
