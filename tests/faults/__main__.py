"""`python -m tests.faults`: plays every fault to the wire and prints what came of each. Exit 1 where a bound broke."""

import os
import sys
import tempfile
from pathlib import Path

from tests.faults.cases import FAULTS
from tests.faults.trial import MOST_MEMORY, MOST_SENT, TIMEOUT_S, try_contract_wire, write_authority


def main() -> int:
    """Print the table, a line a fault, and what broke the bounds."""
    os.environ["NO_PROXY"] = "127.0.0.1"
    failed = 0
    print(f"Bounds: a time-out of {TIMEOUT_S} s, {MOST_SENT >> 20} MiB received, {MOST_MEMORY >> 20} MiB of memory.\n")
    print("| fault | came to | s | received | memory | so that |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        authority = write_authority(Path(folder))
        for fault in FAULTS:
            trial, _ = try_contract_wire(fault, authority)
            wrong = [] if trial.became in fault.becomes else ["not what the fault is"]
            told = "; ".join([*wrong, *trial.complaints]) or "the next request was answered"
            failed += told != "the next request was answered"
            print(
                f"| {fault.name} | {trial.became} | {trial.took_s:.2f} | {trial.sent / 1024:.0f} KiB "
                f"| {trial.peak / 1024:.0f} KiB | {told} |"
            )
    print(f"\n{len(FAULTS)} faults, {failed} broke a bound.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
