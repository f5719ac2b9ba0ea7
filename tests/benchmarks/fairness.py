"""Is any legal server ever blamed? Every dialect and the honest default with many seeds. Looks for no defect."""

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor

from contracts.finding import Verdict
from sandbox.dialects import DIALECTS
from sandbox.settings import Settings
from tests.inprocess import Conducted

HONEST: tuple[str, ...] = ()
SERVERS = (HONEST, *((name,) for name in DIALECTS))


def blame(dialects: tuple[str, ...], seed: int) -> str | None:
    """What a run at standard depth says against this server; None where it says nothing."""
    conducted = Conducted(Settings(dialects=dialects), seed=seed)
    return conducted.told() if conducted.verdict is Verdict.BROKEN else None


def line(dialects: tuple[str, ...], told: dict[int, str], runs: int) -> str:
    """What a reader learns of one server; the findings below it."""
    findings = [f"  seed {seed}: {finding}" for seed, text in told.items() for finding in text.splitlines()]
    return "\n".join([f"{'+'.join(dialects) or 'honest'}: blamed in {len(told)} of {runs}", *findings])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.fairness", description=__doc__)
    parser.add_argument("--seeds", type=int, default=20, metavar="N", help="runs of each server (default 20)")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every N-th server")
    options = parser.parse_args()
    runs = blamed = 0
    seeds = range(1, options.seeds + 1)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for dialects in SERVERS[:: options.every]:
            said = zip(seeds, pool.map(blame, [dialects] * len(seeds), seeds), strict=True)
            told = {seed: text for seed, text in said if text is not None}
            runs, blamed = runs + options.seeds, blamed + len(told)
            print(line(dialects, told, options.seeds), flush=True)
    print(f"{runs} runs, {blamed} blamed")
    return 1 if blamed else 0


if __name__ == "__main__":
    sys.exit(main())
