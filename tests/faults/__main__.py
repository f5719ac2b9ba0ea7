"""`python -m tests.faults`: every fault played to both wires, and what came of each. Exit 1 where a bound broke."""

import os
import sys
import tempfile
from pathlib import Path

from loadtests.wire.connection import Watch
from tests.faults.cases import FAULTS
from tests.faults.trial import MOST_MEMORY, MOST_SENT, TIMEOUT_S, contract_wire, load_wire, try_wire, write_authority


def main() -> int:
    """Print the table, a line a fault and wire, and what broke the bounds."""
    os.environ["NO_PROXY"] = "127.0.0.1"
    failed = 0
    print(f"Bounds: a time-out of {TIMEOUT_S} s, {MOST_SENT >> 20} MiB received, {MOST_MEMORY >> 20} MiB of memory.\n")
    print("| fault | wire | came to | s | received | memory | so that |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        authority = write_authority(Path(folder))
        wires = {"contracts": contract_wire(authority), "load": load_wire(authority, Watch(TIMEOUT_S))}
        for fault in FAULTS:
            for name, wire in wires.items():
                trial, _ = try_wire(fault, wire)
                wrong = [] if trial.became in fault.becomes else ["not what the fault is"]
                told = "; ".join([*wrong, *trial.complaints]) or "the next request was answered"
                failed += told != "the next request was answered"
                print(
                    f"| {fault.name} | {name} | {trial.became} | {trial.took_s:.2f} | {trial.sent / 1024:.0f} KiB "
                    f"| {trial.peak / 1024:.0f} KiB | {told} |"
                )
    print(f"\n{len(FAULTS)} faults, {len(wires)} wires, {failed} times a bound was broken.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
