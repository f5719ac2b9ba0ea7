"""The load scenarios as a person starts them, against the sandbox: honest, and with one defect at a time."""

import os
import signal
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts.history import HistoryWriter, RunFacts, read_history
from contracts.judge import judge, verdict_of
from contracts.records import Reference
from contracts.rows import RIGHT, read_rows
from contracts.secrets import Secret
from contracts.target import ROOT, EmbeddedSandbox, read_catalogue
from loadtests.batches import Share, divide
from loadtests.connection import Watch
from loadtests.keeping import Keeper
from loadtests.latencies import histogram_of, merged, percentiles_of
from loadtests.route import Route
from loadtests.wire import LoadWire, Tally, head_of, shown_headers
from sandbox.store import Store
from tests.test_loadtests import (
    BROKEN,
    CATALOGUE,
    HELD,
    LOCUST,
    UNDECIDED,
    environment,
    locust,
    patiently,
    report,
    verdicts,
)

PLENTY = ("--limit", "100000", "--window", "0.6")
LATEST = Path("runs") / "latest"


def run(
    folder: Path, scenario: str, seconds: int, *arguments: str, server: tuple[str, ...] = PLENTY
) -> tuple[int, dict[str, Any]]:
    """The exit code and the report of one scenario against a sandbox of its own."""
    with EmbeddedSandbox(*server) as sandbox:
        ended = locust(folder, scenario, "-t", f"{seconds}s", "-H", sandbox.base_url, *CATALOGUE, *arguments)
    assert ended.returncode in (HELD, BROKEN, UNDECIDED), ended.stdout + ended.stderr
    return ended.returncode, report(folder)


def test_a_flood_is_judged_whole(tmp_path: Path) -> None:
    code, document = run(tmp_path, "Flood", 2)
    assert code == HELD, document["reason"]
    figures = document["load"]["Flood"]
    assert figures["sent"] == figures["answered"] + figures["failed"] + figures["in_flight"]
    rows = read_rows(tmp_path / LATEST / "rows.bin")
    assert len(rows) == figures["sent"] > 100
    assert (rows["flags"] & RIGHT).mean() > 0.95, "whatever is not quickly seen to be right goes before the rules"
    story = read_history(tmp_path / LATEST / "history.jsonl")
    assert verdict_of(judge(story)).value == "held", "the history with its rows says the same"
    assert len(story.exchanges) < len(rows)
    assert sum(row["sent"] for row in figures["series"]) == figures["sent"]


def test_after_a_flood_the_store_holds_exactly_what_was_acknowledged(tmp_path: Path) -> None:
    database, users, catalogue = tmp_path / "store.sqlite", 8, read_catalogue(EmbeddedSandbox.catalogue)
    with EmbeddedSandbox(*PLENTY, "--database", str(database)) as sandbox, ThreadPoolExecutor(users) as pool:
        parts = divide(catalogue, users, 10)
        floods = [pool.submit(flood, sandbox.base_url, part, tmp_path / str(k)) for k, part in enumerate(parts)]
        acknowledged = {key: at for done in floods for key, at in done.result().items()}
    store = Store(str(database))
    held = {(level.product_ref, level.sku, level.store_ref): level.at for level in store.levels()}
    store.close()
    assert held == acknowledged
    assert len(held) == users * 10


def flood(base_url: str, part: tuple[Reference, ...], folder: Path) -> dict[Reference, str]:
    """One user's batches, without pause; the last `at` that was acknowledged for each reference."""
    folder.mkdir()
    secret, started_at = Secret(EmbeddedSandbox.key), datetime.now(UTC)
    route, began_s = Route(base_url), time.monotonic()
    history = HistoryWriter(None, RunFacts(base_url, "0" * 64, 0, started_at, 0.6, part, "Flood"), secret)
    keeper = Keeper(folder, history, "Flood", shown_headers(()), keep_all=False)
    wire = LoadWire(route, Watch(5), keeper, Tally(1_000, 1), lambda: time.monotonic() - began_s)
    share = Share(part, head_of(route, secret, ()), started_at - timedelta(minutes=2))
    last: dict[Reference, str] = {}
    for number in range(100):
        sending = wire.send(share.batch(1 + number % 10), "flood")
        assert sending.row.accepted == sending.batch.size, sending.outcome
        last.update(dict.fromkeys(part[: sending.batch.size], sending.at.decode()))
    wire.close()
    keeper.close()
    return last


@pytest.mark.parametrize(
    ("defect", "scenario", "promise"),
    [
        ("answers-swapped", "Stampede", "LOAD-1"),
        ("last-record-lost-under-load", "Stampede", "RES-3"),
        ("last-record-lost-under-load", "Flood", "RES-3"),
        ("fails-above-eight", "Stampede", "ERR-2"),
        ("rate-headers-missing-under-load", "Flood", "RATE-3"),
        ("valid-refused-under-load", "Stampede", "UPS-3"),
        ("time-quadratic-in-batch", "BatchSizes", "GATE-COST"),
        ("slow-tail", "SteadyRate", "GATE-P99"),
    ],
)
def test_a_defect_under_load_is_named(tmp_path: Path, defect: str, scenario: str, promise: str) -> None:
    seconds = {"Stampede": 3, "Flood": 2, "BatchSizes": 8, "SteadyRate": 5}[scenario]
    more = ("--rate", "60") if scenario == "SteadyRate" else ()
    code, document = run(tmp_path, scenario, seconds, *more, server=(*PLENTY, "--defect", defect))
    assert code == BROKEN, document["reason"]
    assert promise in verdicts(document, "broken")


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
            "40",
            "-u",
            "10",
            "-t",
            f"{seconds}s",
            "-H",
            base_url,
            *CATALOGUE,
        ),
    ]


def test_two_processes_say_what_one_says(tmp_path: Path) -> None:
    with EmbeddedSandbox(*PLENTY) as sandbox:
        ended = subprocess.run(
            [*steady(tmp_path, sandbox.base_url, 5), "--processes", "2"],
            cwd=ROOT, env=environment(EmbeddedSandbox.key), capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    document = report(tmp_path)
    assert ended.returncode == HELD, ended.stdout + ended.stderr
    figures = document["load"]["SteadyRate"]
    rows = read_rows(tmp_path / LATEST / "rows.bin")
    assert figures["sent"] == len(rows) == figures["answered"] > 100
    assert document["requests"] == len(rows) + 2, "the preflight's come on top"
    assert len(set(rows["seq"].tolist())) == len(rows)
    together = histogram_of(rows["answered_s"] - rows["due_s"])
    assert percentiles_of(merged([figures["histograms"]["due"]])) == percentiles_of(together)
    story = read_history(tmp_path / LATEST / "history.jsonl")
    assert verdict_of(judge(story)).value == document["verdict"]


def test_so_do_a_master_and_workers_that_were_started_apart(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    master = ["--master", "--expect-workers", "2", "--master-bind-host", "127.0.0.1", "--master-bind-port", port]
    worker = ["--worker", "--master-host", "127.0.0.1", "--master-port", port]
    with EmbeddedSandbox(*PLENTY) as sandbox, ExitStack() as stack:
        command, key = steady(tmp_path, sandbox.base_url, 4), environment(EmbeddedSandbox.key)
        processes = [
            stack.enter_context(subprocess.Popen([*command, *role], cwd=ROOT, env=key, stdout=subprocess.DEVNULL))
            for role in (master, worker, worker)
        ]
        codes = [process.wait(timeout=60) for process in processes]
    document = report(tmp_path)
    assert codes[0] == HELD, document["reason"]
    figures, rows = document["load"]["SteadyRate"], read_rows(tmp_path / LATEST / "rows.bin")
    assert figures["sent"] == len(rows) == figures["answered"] > 80
    assert figures["workers_lost"] == 0
    assert len(set(rows["seq"].tolist())) == len(rows)
    assert document["verdict"] == verdict_of(judge(read_history(tmp_path / LATEST / "history.jsonl"))).value
    assert all(code == 0 for code in codes[1:]), "a worker has no verdict of its own"


def test_a_worker_that_is_lost_leaves_the_run_undecided(tmp_path: Path) -> None:
    with EmbeddedSandbox(*PLENTY) as sandbox:
        command = [*steady(tmp_path, sandbox.base_url, 8), "--processes", "2"]
        key = environment(EmbeddedSandbox.key)
        with subprocess.Popen(command, cwd=ROOT, env=key, stdout=subprocess.PIPE, text=True) as master:
            patiently(tmp_path, "runs/*/rows.bin")
            time.sleep(3)
            children = Path(f"/proc/{master.pid}/task/{master.pid}/children").read_text().split()
            os.kill(int(children[0]), signal.SIGKILL)
            said, _ = master.communicate(timeout=60)
    document = report(tmp_path)
    assert master.returncode == UNDECIDED, said
    assert "workers were lost" in document["reason"]
    assert document["load"]["SteadyRate"]["workers_lost"] == 1
