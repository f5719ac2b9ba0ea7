"""Requests a second of one process on one core: the harness, judging every answer, beside stock Locust, judging none.

`python -m tests.benchmarks.throughput [--seconds S] [--rounds N]` prints one table. Both press the same server, which
differs in one property from answer to answer, by turns; of the rounds the median is told. wrk is added where installed.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from contracts.target import ROOT

# What one writes with Locust alone; as text, since whoever imports Locust has his process patched.
STOCK_USER = """
import os

from locust import FastHttpUser, task

RECORDS = int(os.environ["RECORDS"])
BATCH = {
    "inventories": [
        {
            "product_ref": f"prd-{k}",
            "sku": f"sku-{k}",
            "quantity": 1 + k % 500,
            "store_ref": "str1",
            "at": "2026-06-01T12:00:00Z",
        }
        for k in range(RECORDS)
    ]
}


class Stock(FastHttpUser):

    @task
    def push(self) -> None:
        self.client.post(
            "/api/platform/v1/products/inventories/batches",
            json=BATCH,
            headers={"Authorization": "Bearer benchmark-key"},
        )
"""
USERS = 16
SIZES = (10, 1000)
PATH = "/api/platform/v1/products/inventories/batches"
ENVIRONMENT = {**os.environ, "BSPK_API_KEY": "benchmark-key", "NO_PROXY": "127.0.0.1"}


@contextmanager
def fixed_server(records: int) -> Iterator[str]:
    """The base URL of a server that answers for so many records."""
    command, pipe = [sys.executable, "-m", "tests.benchmarks.fixed_server", str(records)], subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.communicate()


def harness(base_url: str, records: int, seconds: int) -> float:
    """Flood, judged."""
    with tempfile.TemporaryDirectory() as folder:
        catalogue = Path(folder) / "catalogue.csv"
        rows = "".join(f"prd-{k},sku-{k},str1\n" for k in range(USERS * records))
        catalogue.write_text(f"product_ref,sku,store_ref\n{rows}")
        chosen = ["--catalogue", str(catalogue), "--runs-dir", folder, "--records-per-batch", str(records)]
        _locust(["Flood", *chosen], base_url, seconds, {})
        load = json.loads((Path(folder) / "latest" / "report.json").read_bytes())["load"]["Flood"]
    # The server takes the rare batch with a faulty record for a good one: those are found, and no others.
    assert load["failed"] == 0
    assert 0 < load["wrong"] <= 4 + 0.01 * load["sent"]
    return float(load["achieved_per_s"])


def stock(base_url: str, records: int, seconds: int) -> float:
    """FastHttpUser with `json=`, not judged."""
    with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
        file.write(STOCK_USER)
        file.flush()
        said = _locust(["-f", file.name, "--json"], base_url, seconds, {"RECORDS": str(records)})
    (told,) = json.loads(said)
    assert told["num_failures"] == 0
    return float(told["num_requests"] / (told["last_request_timestamp"] - told["start_time"]))


def _locust(arguments: list[str], base_url: str, seconds: int, more: dict[str, str]) -> str:
    command = [sys.executable, "-m", "locust", *arguments, "--headless", "-u", str(USERS), "-r", str(USERS)]
    command += ["-t", f"{seconds}s", "-H", base_url, "--loglevel", "ERROR"]
    command += [] if "--json" in arguments else ["--only-summary"]
    done = subprocess.run(
        command, cwd=ROOT, env={**ENVIRONMENT, **more}, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode in (0, 1, 6), done.stderr
    return done.stdout


def wrk(base_url: str, records: int, seconds: int) -> float | None:
    """wrk, where it is installed: ready bytes, nothing read."""
    if shutil.which("wrk") is None:
        return None
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        body = json.dumps({"inventories": [{"product_ref": f"prd-{k}", "sku": f"sku-{k}"} for k in range(records)]})
        script.write(f"wrk.method='POST'; wrk.body=[[{body}]]")
        script.flush()
        command = ["wrk", "-t1", f"-c{USERS}", f"-d{seconds}s", "-s", script.name, base_url + PATH]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return float(said.partition("Requests/sec:")[2].split()[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print("| records | harness, every answer judged | FastHttpUser `json=`, none | ratio | wrk |")
    print("|---|---|---|---|---|")
    for records in SIZES:
        with fixed_server(records) as base_url:
            ours, theirs, raw = [], [], None
            for _ in range(options.rounds):
                ours.append(harness(base_url, records, options.seconds))
                theirs.append(stock(base_url, records, options.seconds))
            raw = wrk(base_url, records, options.seconds)
        told = "not installed" if raw is None else f"{raw:,.0f}/s"
        ratio = median(ours) / median(theirs)
        print(f"| {records} | {median(ours):,.0f}/s | {median(theirs):,.0f}/s | {ratio:.1f} | {told} |", flush=True)


if __name__ == "__main__":
    main()
