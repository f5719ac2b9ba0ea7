"""`python -m tests.publish` renews the tables and figures of README.md that are reckoned at once.

What has to be measured first is put in its place by its benchmark's `--publish`.
"""

import argparse
from collections.abc import Callable, Mapping
from types import ModuleType

from openapi import ledger
from tests.benchmarks import freeze, limiters, memory, mutation, pages, percentiles, stock, throughput
from tests.benchmarks.mutants import mutants
from tests.simulated_faults import FAULTS, SUBTLE

MEASURED: tuple[ModuleType, ...] = (throughput, freeze, percentiles, memory)


FIGURES = """\
- {faults} simulated faults of a limiter, each at three limits: all are told
  (`python -m tests.benchmarks.limiters --faults --limits 5 30 200`).
- {changes} small changes of the rules and the judge: {found} are found out by the rules' tests, the other {harmless}
  change no ruling, each for the reason in `tests/benchmarks/mutation.csv` (`python -m tests.benchmarks.mutation`).
- Under load every answer is judged, at {few} times the requests a second of Locust's FastHttpUser with 10 records,
  {many} times with 1,000; where each result has a message, {few_told} and {many_told} times
  (`python -m tests.benchmarks.throughput`)."""


def figures() -> str:
    """What the slower benchmarks found, a line each."""
    changes, harmless = sum(1 for path in mutation.UNDER_TEST for _ in mutants(path)), len(mutation.read_explained())
    ratios = zip(("few", "many", "few_told", "many_told"), throughput.ratios(pages.shown(throughput.NAME)), strict=True)
    counts = {
        "changes": changes,
        "found": changes - harmless,
        "harmless": harmless,
        "faults": len({**FAULTS, **SUBTLE}),
    }
    return FIGURES.format(**counts, **dict(ratios))


RECKONED: Mapping[str, Callable[[], str]] = {
    "ledger": ledger.table,
    "defects": lambda: stock.table(stock.read_kept()),
    "limiters": lambda: limiters.table(seeds=1),
    "figures": figures,
}


def main() -> None:
    argparse.ArgumentParser(prog="python -m tests.publish", description=__doc__).parse_args()
    for name, reckon in RECKONED.items():
        pages.put(name, reckon())


if __name__ == "__main__":
    main()
