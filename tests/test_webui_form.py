"""The web UI asked as its form asks it: what is chosen there takes effect, also where workers do the pressing."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

from contracts.run.target import EmbeddedSandbox
from tests.test_loadtests import CATALOGUE, report, started, wait_for


def form(scenario: str, seconds: str, **chosen: str) -> bytes:
    """Locust's own form as the browser sends it."""
    fields = {"user_count": "2", "spawn_rate": "2", "user_classes": scenario, "run_time": seconds, **chosen}
    return urlencode(fields).encode()


def patiently_told(url: str, what: Callable[[dict[str, Any]], object], of: str = "harness/figures") -> dict[str, Any]:
    """The figures of our page, once they tell that."""
    for _ in range(600):
        with urlopen(f"{url}{of}", timeout=60) as answer:  # noqa: S310 — loopback
            told: dict[str, Any] = json.load(answer)
        if what(told):
            return told
        time.sleep(0.2)
    raise AssertionError("the page never told it")


def both_ready(told: dict[str, Any]) -> bool:
    return [worker["state"] for worker in told["workers"]] == ["ready"] * 2


def test_a_good_value_in_the_form_takes_effect(tmp_path: Path) -> None:
    gates = tmp_path / "own.toml"
    gates.write_text('[OWN]\nscenario = "SteadyRate"\nmeasure = "achieved_per_s"\nat_least = 1000\n')
    chosen = form("SteadyRate", "3s", rate="15", records_per_batch="7", gates=str(gates))
    port = 16_000 + os.getpid() % 1_000
    with started("--web-port", str(port), "--runs-dir", str(tmp_path / "runs"), "--window", "1", "--timeout", "5"):
        url = f"http://127.0.0.1:{port}/"
        wait_for(url)
        urlopen(f"{url}swarm", chosen, timeout=60).close()  # noqa: S310 — loopback
        patiently_told(url, lambda told: told["verdict"])
        document = report(tmp_path)
    load = document["load"]["SteadyRate"]
    assert load["records"] == 7 * load["sent"]
    assert 25 <= load["sent"] <= 50, "15 a second"
    assert [gate["id"] for gate in load["gates"]] == ["GATE-OWN"]


def test_a_master_shows_what_its_workers_saw(tmp_path: Path) -> None:
    port = 17_000 + os.getpid() % 1_000
    options = ("--web-port", str(port), "--runs-dir", str(tmp_path / "runs"), "--processes", "2")
    with EmbeddedSandbox("--limit", "8", "--window", "0.6") as sandbox:
        target = ("-H", sandbox.base_url, *CATALOGUE, "--window", "0.6", "--timeout", "25")
        with started(*options, *target, key=sandbox.key):
            url = f"http://127.0.0.1:{port}/"
            wait_for(url)
            patiently_told(url, both_ready, "stats/requests")
            began_s = time.monotonic()
            refused = form("ThrottleProbe", "1s", host=sandbox.base_url)
            urlopen(f"{url}swarm", refused, timeout=60).close()  # noqa: S310 — loopback
            assert "runs in one process" in patiently_told(url, lambda told: told["error"])["error"]
            patiently_told(url, lambda told: told["state"] == "stopped" and both_ready(told), "stats/requests")
            assert time.monotonic() - began_s < 20, "not after a time-out, for which Locust would wait"
            given = form("SteadyRate", "40s", rate="30", host=sandbox.base_url)
            urlopen(f"{url}swarm", given, timeout=60).close()  # noqa: S310 — loopback
            told = patiently_told(url, lambda told: any(point["refused"] for point in told["points"]))
            urlopen(f"{url}stop", b"", timeout=60).close()  # noqa: S310 — loopback
            patiently_told(url, lambda told: told["report"])
    assert report(tmp_path)["load"]["SteadyRate"]["workers_lost"] == 0
    point = next(point for point in told["points"] if point["refused"])
    assert point["admitted"] > 0
    assert 0 <= point["remaining"] < 8
    assert point["due_p99_ms"] >= point["sent_p50_ms"] > 0


def test_a_master_without_workers_says_so(tmp_path: Path) -> None:
    port = 18_000 + os.getpid() % 1_000
    bind = ("--master", "--master-bind-port", str(port + 2_000))
    with started("--web-port", str(port), "--runs-dir", str(tmp_path / "runs"), *bind):
        url = f"http://127.0.0.1:{port}/"
        wait_for(url)
        with urlopen(f"{url}swarm", form("SteadyRate", "3s"), timeout=60) as answer:  # noqa: S310 — loopback
            told = json.load(answer)
    assert (told["success"], told["message"].partition(":")[0]) == (False, "no worker has joined yet")
    assert not (tmp_path / "runs").exists()
