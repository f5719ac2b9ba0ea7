"""The load scenarios as a person starts them, against the sandbox: honest, and with one defect at a time."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from contracts.exchanges.records import Reference
from contracts.history.rows import RIGHT, read_rows
from contracts.history.secrets import Secret
from contracts.history.story import RunFacts, read_history
from contracts.history.writer import HistoryWriter
from contracts.judge import judge, verdict_of
from contracts.run.target import EmbeddedSandbox, read_catalogue
from loadtests.wire.batches import Share, divide
from loadtests.wire.connection import Connection, Watch
from loadtests.wire.keeping import Keeper
from loadtests.wire.route import Route
from loadtests.wire.wire import LoadWire, Tally, head_of, shown_headers
from sandbox.store import Store
from tests.test_loadtests import BROKEN, CATALOGUE, HELD, UNDECIDED, locust, report, verdicts

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
    wire = LoadWire(Connection(route, Watch(5)), keeper, Tally(1_000, 1), lambda: time.monotonic() - began_s)
    share = Share(part, head_of(route, secret, ()), started_at - timedelta(minutes=2))
    last: dict[Reference, str] = {}
    for number in range(100):
        sending = wire.send(share.batch(1 + number % 10), "flood")
        assert sending.row.accepted == sending.batch.size, sending.outcome
        last.update(dict.fromkeys(part[: sending.batch.size], sending.at.decode()))
    wire.close()
    keeper.close()
    return last


# As little as shows it: what limiter it was is searched for, and takes longer the more requests there are at once.
FEW = {
    "answers-swapped": ("-u", "6", "--max-requests", "100"),
    "fails-above-eight": ("-u", "9", "--max-requests", "40"),
    "stranger-let-in-under-load": ("-u", "6", "--max-requests", "100"),
    "new-connections-fail-under-load": ("--max-requests", "200"),
    "last-record-lost-under-load": ("-u", "4"),
    "slow-tail": ("--rate", "60"),
    "faults-reach-others": ("-u", "6", "--max-requests", "100"),
    "large-batches-collide": ("-u", "6", "--max-requests", "100"),
    "remaining-read-too-soon": ("-u", "3", "--max-requests", "80"),
}
# Of what is told in a crowd little can be said where much flows in meanwhile.
SLOW = {"remaining-read-too-soon": ("--limit", "60", "--window", "10")}


@pytest.mark.parametrize(
    ("defect", "scenario", "promise"),
    [
        ("answers-swapped", "Stampede", "LOAD-1"),
        ("fails-above-eight", "Stampede", "ERR-2"),
        ("stranger-let-in-under-load", "Stampede", "AUTH-1"),
        ("new-connections-fail-under-load", "Stampede", "ERR-2"),
        ("faults-reach-others", "Stampede", "LOAD-1"),
        ("large-batches-collide", "Stampede", "ERR-2"),
        ("remaining-read-too-soon", "Stampede", "RATE-4"),
        ("last-record-lost-under-load", "Flood", "RES-3"),
        ("rate-headers-missing-under-load", "Flood", "RATE-3"),
        ("time-quadratic-in-batch", "BatchSizes", "GATE-COST"),
        ("slow-tail", "SteadyRate", "GATE-P99"),
    ],
)
def test_a_defect_under_load_is_named(tmp_path: Path, defect: str, scenario: str, promise: str) -> None:
    seconds = {"Stampede": 2, "Flood": 1, "BatchSizes": 8, "SteadyRate": 4}[scenario]
    server = (*SLOW.get(defect, PLENTY), "--defect", defect)
    code, document = run(tmp_path, scenario, seconds, *FEW.get(defect, ()), server=server)
    assert code == BROKEN, document["reason"]
    assert promise in verdicts(document, "broken")


def test_a_stampede_lasts_its_time_within_its_cap(tmp_path: Path) -> None:
    code, document = run(tmp_path, "Stampede", 3, "-u", "6", "--max-requests", "120")
    assert code == HELD, document["reason"]
    assert document["requests"] <= 120
    assert document["duration_s"] > 2.5  # the cap spaces the bursts out, and is not spent at once


def test_a_remaining_that_is_read_off_late_is_no_fault(tmp_path: Path) -> None:
    server = ("--limit", "60", "--window", "1", "--dialect", "remaining-read-late")
    code, document = run(tmp_path, "Stampede", 4, server=server)
    assert code == HELD, document["reason"]
    assert "RATE-4" in verdicts(document, "held")


def test_few_references_are_shared_by_fewer_users(tmp_path: Path) -> None:
    few = tmp_path / "few.csv"
    few.write_text("".join(EmbeddedSandbox.catalogue.read_text().splitlines(keepends=True)[:4]))
    code, document = run(tmp_path, "Stampede", 2, "--catalogue", str(few), "--max-requests", "100")
    assert code in (HELD, UNDECIDED), document["reason"]
    assert document["load"]["Stampede"]["users"] == 3
    assert {"LOAD-1", "RES-3"} <= verdicts(document, "held")


def test_an_ideal_integrator_is_never_refused(tmp_path: Path) -> None:
    code, document = run(tmp_path, "FillAllowance", 4, server=("--limit", "30", "--window", "0.6"))
    assert code == HELD, document["reason"]
    allowance = document["load"]["FillAllowance"]["allowance"]
    assert allowance["refused"] == 0
    assert 0.5 < allowance["used_share"] <= 1.01
