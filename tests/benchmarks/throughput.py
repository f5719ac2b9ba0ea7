"""Requests a second of one process on one core: the harness, judging every answer, beside stock Locust, judging none.

`python -m tests.benchmarks.throughput [--seconds S] [--rounds N]` prints one table. Both press the same server, which
differs in one property from answer to answer, by turns; of the rounds the median is told. wrk is added where installed.
"""

import argparse
import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from statistics import median

from tests.benchmarks.children import PATH, harness, locust, served

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


def judged(base_url: str, records: int, seconds: int) -> float:
    """Flood of the harness, every answer judged."""
    with tempfile.TemporaryDirectory() as folder:
        load = harness("Flood", Path(folder), base_url, USERS, seconds, records)
    # The server takes the rare batch with a faulty record for a good one: those are found, and no others.
    assert load["failed"] == 0
    assert 0 < load["wrong"] <= 4 + 0.01 * load["sent"]
    return float(load["achieved_per_s"])


def stock(base_url: str, records: int, seconds: int) -> float:
    """FastHttpUser with `json=`, not judged."""
    with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
        file.write(STOCK_USER)
        file.flush()
        said = locust(["-f", file.name, "--json"], base_url, USERS, seconds, {"RECORDS": str(records)})
    (told,) = json.loads(said)
    assert told["num_failures"] == 0
    return float(told["num_requests"] / (told["last_request_timestamp"] - told["start_time"]))


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
        with served("fixed_server", records) as (base_url, _):
            ours, theirs, raw = [], [], None
            for _ in range(options.rounds):
                ours.append(judged(base_url, records, options.seconds))
                theirs.append(stock(base_url, records, options.seconds))
            raw = wrk(base_url, records, options.seconds)
        told = "not installed" if raw is None else f"{raw:,.0f}/s"
        ratio = median(ours) / median(theirs)
        print(f"| {records} | {median(ours):,.0f}/s | {median(theirs):,.0f}/s | {ratio:.1f} | {told} |", flush=True)


if __name__ == "__main__":
    main()
