"""Which candidates survive a whole probe of limiters that we did not write: the table in README.md.

python -m tests.benchmarks.limiters [--seeds N]: limit 20 in 10 s, on a virtual clock; exits 1 if one is blamed.
"""

import argparse
import sys
from collections import Counter

from tests.probing import Simulated
from tests.strangers import STRANGERS

LIMIT = 20
BEGIN, END = "<!-- limiters:begin -->", "<!-- limiters:end -->"


def table(seeds: int) -> str:
    """A row for each library's limiter: its class from outside, and how often each candidate was left."""
    lines = ["| limiter of another hand | its class | left after the probe |", "|---|---|---|"]
    for name, (make, true) in STRANGERS.items():
        left: Counter[str] = Counter()
        for seed in range(seeds):
            left.update(Simulated(make(LIMIT), seed=seed).run().candidates or ("none: blamed",))
        told = ", ".join(
            f"{candidate} {count} of {seeds}" if seeds > 1 else candidate for candidate, count in left.items()
        )
        lines.append(f"| {name} | {true} | {told} |")
    return "\n".join(lines)


def main() -> int:
    """Print the table; 1 if any was blamed."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.limiters", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1, help="probes of each (default 1, as in README)")
    printed = table(parser.parse_args().seeds)
    print(printed)
    return int("blamed" in printed)


if __name__ == "__main__":
    sys.exit(main())
