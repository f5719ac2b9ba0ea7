"""The freeze oracle: a server that stands still for 1.4 s in the midst of a constant rate. Is the stall told in full?

`python -m tests.benchmarks.freeze` prints p99 from due time and from send time beside the truth, and exits 1 where the
former is off by more than 5 %. The truth needs no measurement but the length of the stall: whatever was due while the
server stood still waited for its end (the oracle of wrk2's README).
"""

import argparse
import math
import os
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

from tests.benchmarks import pages
from tests.benchmarks.children import harness, served

USERS = (
    10  # fewer than one in a hundred requests: whoever counts from send time sees the stall so often, and no oftener
)
RECORDS = 5
TOLERANCE = 0.05
NAME = "freeze"  # of its place in docs/load.md
MEASURED = (
    "loadtests/scenarios/steady_rate.py",
    "loadtests/scenarios/arrivals.py",
    "loadtests/figures/latencies.py",
    "loadtests/wire/wire.py",
)


def true_latency_s(quantile: float, requests: int, rate_per_s: float, freeze_s: float) -> float:
    """Of so many requests, evenly due: one due t into the stall waits for the rest of it, any other not at all."""
    waits = sorted(max(0.0, freeze_s - number / rate_per_s) for number in range(requests))
    return waits[math.ceil(quantile * requests) - 1]


def freeze(pid: int, folder: Path, after_s: float, freeze_s: float, took_s: list[float]) -> None:
    """Stop the process for a while, so long after the run began; notes how long it really was."""
    while not list(folder.glob("*/rows.bin")):
        time.sleep(0.05)
    time.sleep(after_s)
    os.kill(pid, signal.SIGSTOP)
    began_s = time.monotonic()
    time.sleep(freeze_s)
    os.kill(pid, signal.SIGCONT)
    took_s.append(time.monotonic() - began_s)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.freeze", description=__doc__)
    parser.add_argument("--rate", type=int, default=200, help="requests a second that are due (default 200)")
    parser.add_argument("--seconds", type=int, default=10, help="of the run (default 10)")
    parser.add_argument("--freeze", type=float, default=1.4, help="seconds of the stall (default 1.4)")
    parser.add_argument("--publish", action="store_true", help="put the table in docs/load.md")
    options = parser.parse_args()
    took_s: list[float] = []
    with tempfile.TemporaryDirectory() as name, served("fixed_server", RECORDS) as (base_url, server):
        folder, after_s = Path(name), options.seconds / 3
        stall = threading.Thread(target=freeze, args=(server.pid, folder, after_s, options.freeze, took_s), daemon=True)
        stall.start()
        told = harness("SteadyRate", folder, base_url, USERS, options.seconds, RECORDS, "--rate", str(options.rate))
        stall.join(timeout=options.freeze)
    assert told["failed"] == 0, told["failed"]
    truth_ms = true_latency_s(0.99, told["sent"], options.rate, took_s[0]) * 1000
    corrected_ms, uncorrected_ms = told["latency"]["due"]["p99_ms"], told["latency"]["sent"]["p99_ms"]
    lines = [
        f"{told['sent']:,} requests, {options.rate} a second, {took_s[0]:.2f} s of them without an answer:\n",
        "| p99 of latency | told | truth | ratio |",
        "|---|---|---|---|",
    ]
    for words, value_ms in (("from due time", corrected_ms), ("from send time", uncorrected_ms)):
        lines.append(f"| {words} | {value_ms:,.0f} ms | {truth_ms:,.0f} ms | {value_ms / truth_ms:.3f} |")
    print(*lines, sep="\n")
    if options.publish:
        pages.put(NAME, "\n".join(lines), MEASURED)
    return 0 if abs(corrected_ms / truth_ms - 1) <= TOLERANCE else 1


if __name__ == "__main__":
    sys.exit(main())
