"""Percentiles as told by a run, beside the service times that the server drew and wrote down itself.

`python -m tests.benchmarks.percentiles` prints one table. Told is what report.json says, from send time, so with
what the network and this process added; beside it, what a histogram alone makes of the server's own times.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np

from loadtests.figures.latencies import PERCENTILES, histogram_of, percentiles_of
from tests.benchmarks import pages
from tests.benchmarks.children import harness, served

USERS = 40
RECORDS = 5
NAME = "percentiles"  # of its place in docs/load.md
MEASURED = (
    "loadtests/scenarios/steady_rate.py",
    "loadtests/scenarios/arrivals.py",
    "loadtests/figures/latencies.py",
    "loadtests/wire/wire.py",
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.percentiles", description=__doc__)
    parser.add_argument("--rate", type=int, default=200, help="requests a second that are due (default 200)")
    parser.add_argument("--seconds", type=int, default=20, help="of the run (default 20)")
    parser.add_argument("--publish", action="store_true", help="put the table in docs/load.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, served("sleeping_server", RECORDS) as (base_url, server):
        told = harness(
            "SteadyRate", Path(folder), base_url, USERS, options.seconds, RECORDS, "--rate", str(options.rate)
        )
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.close()
        known_s = np.array(json.loads(server.stdout.read()))
    assert told["failed"] == 0, told["failed"]
    rounded = percentiles_of(histogram_of(known_s))
    lines = [
        f"{len(known_s):,} exchanges, so that {len(known_s) // 1000} are beyond p99.9:\n",
        "| | server's own | told by the run | ratio | by a histogram alone |",
        "|---|---|---|---|---|",
    ]
    for name, percent in PERCENTILES.items():
        known_ms = float(np.percentile(known_s, percent, method="inverted_cdf")) * 1000
        seen_ms, alone_ms = told["latency"]["sent"][name], rounded[name] or 0.0
        cells = f"{known_ms:.2f} ms | {seen_ms:.2f} ms | {seen_ms / known_ms:.3f} | {alone_ms / known_ms:.4f}"
        lines.append(f"| {name.removesuffix('_ms')} | {cells} |")
    print(*lines, sep="\n")
    if options.publish:
        pages.put(NAME, "\n".join(lines), MEASURED)
    return 0


if __name__ == "__main__":
    sys.exit(main())
