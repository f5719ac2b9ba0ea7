"""What is written to a target: no more than asked for, none but catalogued references, all of it noted, given back."""

import csv
import re
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from requests import PreparedRequest

from contracts.drivers.schedule import SCHEDULE, Driver
from contracts.exchanges.records import OURS, read_body
from contracts.history.story import read_history
from contracts.run.harness import Harness
from contracts.run.invocation import Options
from contracts.run.locks import lock
from contracts.run.target import ROOT, SANDBOX_CATALOGUE, UsageError, read_catalogue
from contracts.wire.transport import FencedAdapter, OutOfBoundsError, WatchedAdapter
from sandbox.store import Level, Store
from tests.commands import CATALOGUE, ended, pytest_command, sandbox, started, under_way

REFERENCES = read_catalogue(SANDBOX_CATALOGUE)
FEW = tuple(driver for driver in SCHEDULE if driver.name in ("past_moments", "open_records", "relations"))


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BSPK_API_KEY", "sandbox-key")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def options(base_url: str, runs: Path, *, restore: Path | None = None, max_requests: int = 400) -> Options:
    return Options(
        base_url, SANDBOX_CATALOGUE, max_requests, "quick", 1, 1.0, 5, None, (), runs, False, None, restore=restore
    )


def conduct(given: Options, drivers: tuple[Driver, ...] = SCHEDULE) -> Harness:
    harness = Harness(given, lambda _: None)
    harness.begin(drivers)
    for driver in drivers:
        harness.drive(driver)
    harness.confirm()
    harness.close()
    return harness


def levels(database: Path) -> dict[tuple[str, str, str], Level]:
    with closing(Store(str(database))) as store:
        return {(level.product_ref, level.sku, level.store_ref): level for level in store.levels()}


def to_restore(folder: Path) -> Path:
    """The first reference and the last, which the run keeps aside for odd moments."""
    path = folder / "before.csv"
    rows = [f"{','.join(reference)},{7000 + number}" for number, reference in enumerate(restored())]
    path.write_text("product_ref,sku,store_ref,quantity\n" + "\n".join(rows) + "\n")
    return path


def restored() -> list[tuple[str, str, str]]:
    return [*REFERENCES[:60], *REFERENCES[-9:]]


def test_a_run_notes_what_was_written_and_gives_it_back(tmp_path: Path) -> None:
    database = tmp_path / "levels.db"
    with sandbox("--database", str(database), "--limit", "500", "--window", "1") as url:
        harness = conduct(options(url, tmp_path, restore=to_restore(tmp_path)))
    assert harness.document["verdict"] == "held", harness.document["reason"]
    assert harness.restored == harness.document["restored"] == "restored 69 of 69 quantities"
    kept = levels(database)
    assert [kept[reference].quantity for reference in restored()] == [7000 + number for number in range(69)]
    with (harness.folder / "writes.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["product_ref", "sku", "store_ref", "quantity", "at", "seq", "writes"]
    written = {(row["product_ref"], row["sku"], row["store_ref"], row["quantity"], row["at"]) for row in rows}
    assert {(*reference, str(level.quantity), level.at) for reference, level in kept.items()} <= written
    seqs = [exchange.seq for exchange in read_history(harness.folder / "history.jsonl").exchanges]
    assert len(set(seqs)) == len(seqs) == harness.document["requests"]


def test_nothing_foreign_is_named(tmp_path: Path) -> None:
    """Every reference is catalogued, marked as ours, or no name at all."""
    with sandbox("--database", str(tmp_path / "levels.db"), "--limit", "500", "--window", "1") as url:
        harness = conduct(options(url, tmp_path))
    catalogued = set(REFERENCES)
    for exchange in harness.history.story().exchanges:
        for record in read_body(exchange.request).records:
            if record.reference is None or record.reference in catalogued:
                continue
            assert any(name.startswith(OURS) or not name.strip() for name in record.reference), exchange


def test_what_is_given_back_is_kept_back_from_the_cap(tmp_path: Path) -> None:
    with sandbox("--database", str(tmp_path / "levels.db"), "--limit", "500", "--window", "1") as url:
        harness = conduct(options(url, tmp_path, restore=to_restore(tmp_path), max_requests=94))
        assert harness.document["requests"] <= 94
        assert harness.stopped == "the cap of 17 requests is reached"
        assert harness.restored == "restored 69 of 69 quantities"
        with pytest.raises(UsageError, match="keeps 77 back"):
            Harness(options(url, tmp_path, restore=to_restore(tmp_path), max_requests=78), lambda _: None)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("product_ref,sku,store_ref\na,b,c\n", "record 1 has no quantity"),
        ("product_ref,sku,store_ref,quantity\na,b,c,-1\n", "'-1'"),
        ("product_ref,sku,store_ref,quantity\na,b,c,ten\n", "'ten'"),
        ("product_ref,sku,store_ref,quantity\na,b,c,1\n", "a/b/c is not in the catalogue"),
        ("", "is empty"),
    ],
)
def test_what_cannot_be_given_back_is_told_before_anything_is_sent(text: str, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "levels.csv"
    path.write_text(text)
    with pytest.raises(UsageError, match=complaint):
        Harness(options("http://127.0.0.1:1", tmp_path, restore=path), lambda _: None)


def test_two_runs_at_once_are_refused(tmp_path: Path) -> None:
    url = "http://127.0.0.1:1"
    with lock(url, [*REFERENCES[5:6], ("another", "one", "here")]):  # one in common is one too many
        with pytest.raises(UsageError, match=f"another run is writing this catalogue.*{REFERENCES[5][0]}"):
            Harness(options(url, tmp_path), lambda _: None)
        lock("http://127.0.0.1:2", REFERENCES).close()
        lock(url, REFERENCES[:5]).close()
    lock(url, REFERENCES).close()  # what is left of a run that ended stands in nobody's way


def test_a_lock_dies_with_its_process(tmp_path: Path) -> None:
    del tmp_path
    script = (
        "import time; from contracts.run.locks import lock; held = lock('u', [('a', 'b', 'c')]); "
        "print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(UsageError):
            lock("u", [("a", "b", "c")])
        process.kill()
        process.wait()
    lock("u", [("a", "b", "c")]).close()


@pytest.mark.parametrize(
    ("method", "url", "told"),
    [
        ("DELETE", "http://host.test/v1/api", "not allowed"),
        ("PUT", "http://host.test/v1/api", "not allowed"),
        ("POST", "http://other.test/v1/api", "not allowed"),
        ("POST", "https://host.test/v1/api", "not allowed"),
        ("POST", "http://host.test/v2/api", "not allowed"),
        ("POST", "http://host.test:81/v1/api", "not allowed"),
        ("POST", "http://host.test/v1/api", "the cap of 0 requests is reached"),
    ],
)
def test_the_fence_stands_below_everything(method: str, url: str, told: str) -> None:
    request = PreparedRequest()
    request.method, request.url = method, url
    fence = FencedAdapter(WatchedAdapter(), "http://host.test/v1", 0 if "cap" in told else 9)
    with pytest.raises(OutOfBoundsError, match=told):
        fence.send(request)
    assert fence.passed == 0


def test_a_dry_run_needs_nothing_and_sends_nothing(tmp_path: Path) -> None:
    rooms = ("contracts", "loadtests", "--max-requests", "900")
    done = ended(pytest_command(tmp_path / "runs", *rooms, "--dry-run", *CATALOGUE), key=None)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Nothing was sent" in done.stdout
    assert re.search(r"Stampede +\d+ +900\n", done.stdout)
    assert "acceptable_records" in done.stdout
    assert "VAL-4" in done.stdout
    assert '"inventories": [' in done.stdout
    assert "verdict:" not in done.stdout
    assert "held" not in done.stdout
    assert not (tmp_path / "runs").exists()


def test_after_ctrl_c_it_is_given_back_all_the_same(tmp_path: Path) -> None:
    database, runs = tmp_path / "levels.db", tmp_path / "runs"
    with sandbox("--database", str(database), "--limit", "4", "--window", "1") as url:
        given = ("--base-url", url, *CATALOGUE, "--restore", str(to_restore(tmp_path)))
        process = started(pytest_command(runs, *given))
        under_way(runs)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=120)
    assert process.returncode == 2, said
    assert "verdict: undecided (interrupted)" in said
    assert "--restore: restored 69 of 69 quantities" in said
    kept = levels(database)
    assert [kept[reference].quantity for reference in restored()] == [7000 + number for number in range(69)]


def test_a_later_run_is_later_wherever_it_is_kept(tmp_path: Path) -> None:
    with sandbox("--dialect", "stale-refused", "--limit", "1000", "--window", "1") as url:
        for runs in ("here", "here", "elsewhere"):
            done = ended(
                pytest_command(tmp_path / runs, "contracts", "--depth", "quick", "--base-url", url, *CATALOGUE)
            )
            assert done.returncode == 0, done.stdout
