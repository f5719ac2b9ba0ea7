"""What a load test writes: shown before, noted, given back, by one run at a time."""

import csv
import signal
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from contracts.history.story import read_history
from contracts.run.target import SANDBOX_CATALOGUE, read_catalogue
from sandbox.store import Store
from tests.commands import CATALOGUE, ended, locust_command, sandbox, started, under_way
from tests.test_loadtests import report

REFERENCES = read_catalogue(SANDBOX_CATALOGUE)
GIVEN_BACK = REFERENCES[:60]
PLENTY = ("--limit", "100000", "--window", "1")


def quantities(database: Path) -> dict[tuple[str, str, str], int]:
    with closing(Store(str(database))) as store:
        return {(level.product_ref, level.sku, level.store_ref): level.quantity for level in store.levels()}


def to_restore(folder: Path) -> Path:
    path = folder / "before.csv"
    rows = [f"{','.join(reference)},{7000 + number}\n" for number, reference in enumerate(GIVEN_BACK)]
    path.write_text("product_ref,sku,store_ref,quantity\n" + "".join(rows))
    return path


def journal(folder: Path) -> list[dict[str, str]]:
    with (folder / "writes.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def reference(row: dict[str, str]) -> tuple[str, str, str]:
    return row["product_ref"], row["sku"], row["store_ref"]


def test_a_flood_notes_what_it_wrote_in_two_rows_a_reference(tmp_path: Path) -> None:
    database = tmp_path / "levels.db"
    with sandbox(*PLENTY, "--database", str(database)) as url:
        done = ended(locust_command(tmp_path / "runs", "Flood", "-t", "2s", "-H", url, *CATALOGUE))
    assert done.returncode == 0, done.stdout + done.stderr
    latest = tmp_path / "runs" / "latest"
    rows, exchanges = journal(latest), read_history(latest / "history.jsonl").exchanges
    assert {reference(row): int(row["quantity"]) for row in rows} == quantities(database)
    before = {exchange.seq for exchange in exchanges if exchange.driver == "preflight"}
    flood = [row for row in rows if int(row["seq"]) not in before]
    assert set(Counter(map(reference, flood)).values()) <= {1, 2}
    assert sum(int(row["writes"]) for row in flood) == report(tmp_path)["load"]["Flood"]["records_accepted"] > 1000


def test_after_ctrl_c_a_load_test_gives_back_and_another_may_not_begin_before(tmp_path: Path) -> None:
    database, runs = tmp_path / "levels.db", tmp_path / "runs"
    with sandbox("--limit", "20", "--window", "1", "--database", str(database)) as url:
        given = ("-H", url, *CATALOGUE, "--restore", str(to_restore(tmp_path)))
        process = started(locust_command(runs, "Flood", "-t", "60s", *given))
        history = under_way(runs, 20)
        second = ended(locust_command(runs, "Stampede", *given))
        assert second.returncode == 4
        assert second.stderr.startswith(f"locust: another run is writing this catalogue to {url}")
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=120)
    assert process.returncode == 2, said
    assert "--restore: restored 60 of 60 quantities" in said
    assert "Traceback" not in said
    kept = quantities(database)
    assert [kept[reference] for reference in GIVEN_BACK] == [7000 + number for number in range(60)]
    document = report(tmp_path)
    assert (document["verdict"], document["reason"]) == ("undecided", "interrupted")
    last = read_history(history).exchanges[-1]
    assert (last.driver, last.status) == ("restore", 200)
    assert [int(row["quantity"]) for row in journal(history.parent)[-10:]] == [7050 + number for number in range(10)]


@pytest.mark.parametrize("scenario", ["Flood", "ThrottleProbe"])
def test_a_dry_run_of_a_scenario_needs_nothing_and_sends_nothing(scenario: str, tmp_path: Path) -> None:
    done = ended(locust_command(tmp_path / "runs", scenario, "--dry-run", *CATALOGUE), key=None)
    assert done.returncode == 0, done.stderr
    assert "Nothing was sent: this is no verdict." in done.stdout
    assert "RATE-4" in done.stdout
    assert '{"inventories":[' in done.stdout
    assert not (tmp_path / "runs").exists()
