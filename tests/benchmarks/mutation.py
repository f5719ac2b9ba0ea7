"""Mutates the rules and the judge, one small change at a time, and runs their tests: a survivor is a gap in a table.

`python -m tests.benchmarks.mutation [--sample N] [--seed N] [--only NAME]` prints survivors and the figure. It exits 1
where one is not explained in `mutation.csv`, or where something is explained there that does not survive.

The limiter models (contracts/rules/limiters) are left out: what tells them apart are thousands of generated histories,
too slow to be run again for every change.
"""

import argparse
import csv
import importlib.util
import inspect
import os
import random
import resource
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest

from tests.benchmarks.mutants import ROOT, Mutant, mutants

UNDER_TEST = (
    *sorted(path.relative_to(ROOT) for path in (ROOT / "contracts" / "rules").glob("*.py")),
    *(Path("contracts") / name for name in ("judge.py", "stimulus.py", "evidence.py")),
)
# The quickest to see a change first.
TESTS = (
    *("rules", "rules_pointers", "rules_edges", "rules_records", "rules_throttling", "rules_allowance"),
    *("judge", "evidence"),
    *("observations", "limiter_report", "report", "explain", "openapi_ledger"),
)
EXPLAINED = Path(__file__).with_suffix(".csv")
MOST_CPU_S, LONGEST_S, MOST_MEMORY = 60, 600, 4 << 30

Key = tuple[str, str, str, str]


def read_explained() -> dict[Key, str]:
    """Why each known survivor survives."""
    with EXPLAINED.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {(row["file"], row["function"], row["line"], row["change"]): row["why"] for row in rows}


def passes(deed: Callable[[], int]) -> bool:
    """Whether tests pass in a child of this process, within its bounds; whoever breaks these has been found out."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            resource.setrlimit(resource.RLIMIT_CPU, (MOST_CPU_S, MOST_CPU_S))
            resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
            signal.alarm(LONGEST_S)
            silence = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silence, 1)
            os.dup2(silence, 2)
            code = deed()
        finally:
            os._exit(code)  # whatever was raised
    return os.waitpid(child, 0)[1] == 0


def from_the_start(mutant: Mutant | None, tests: Iterable[str]) -> int:
    """pytest's exit code with the changed file in the place of the module: all is loaded anew."""

    class Changed(SourceFileLoader):
        def get_code(self, fullname: str) -> CodeType:
            assert mutant is not None
            return compile(mutant.source(), self.get_filename(fullname), "exec")

    class Finder:
        @staticmethod
        def find_spec(name: str, *_: Any) -> ModuleSpec | None:
            if mutant is None or name != mutant.module:
                return None
            path = str(ROOT / mutant.path)
            return importlib.util.spec_from_file_location(name, path, loader=Changed(name, path))

    sys.meta_path.insert(0, Finder)
    return int(pytest.main([*_options(tests), "-x"]))


class InPlace:
    """A plugin that runs the collected tests once for each mutant, whose function has the changed one's code."""

    def __init__(self, chosen: Iterable[Mutant]) -> None:
        self._chosen = chosen
        self.survivors: list[Mutant] = []

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        assert passes(partial(self._tried, None, session)), "the tests fail without any change"
        for mutant in self._chosen:
            if passes(partial(self._tried, mutant, session)):
                told(mutant)
                self.survivors.append(mutant)
        return True

    @staticmethod
    def _tried(mutant: Mutant | None, session: pytest.Session) -> int:
        if mutant is not None:
            _pour(mutant)
        for item, following in zip(session.items, [*session.items[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if session.testsfailed:
                return 1
        return 0


def _pour(mutant: Mutant) -> None:
    """Give the function, as others hold it, what it does in the changed file."""
    module = sys.modules[mutant.module]
    fresh: dict[str, Any] = {"__name__": mutant.module, "__file__": module.__file__}
    exec(compile(mutant.source(), str(module.__file__), "exec"), fresh)  # noqa: S102 — our own file, but for a change
    mine, changed = _function(vars(module), mutant.within), _function(fresh, mutant.within)
    mine.__code__ = changed.__code__
    mine.__defaults__, mine.__kwdefaults__ = changed.__defaults__, changed.__kwdefaults__


def _function(namespace: Any, within: str) -> FunctionType:
    """`name()` or `Class.name()`, without what is wrapped around it."""
    first, *rest = within.removesuffix("()").split(".")
    found = namespace[first]
    for name in rest:
        found = vars(found)[name]
    plain: Any = found.fget if isinstance(found, property) else getattr(found, "__func__", found)
    function = inspect.unwrap(plain)
    assert isinstance(function, FunctionType)
    return function


def _options(tests: Iterable[str]) -> list[str]:
    own = "-q -s -p no:cacheprovider -p no:harness-anchor -p no:xdist --disable-warnings"
    plain = "--assert=plain"  # else pytest would load our modules itself, as they are
    return [*own.split(), plain, *(f"tests/test_{name}.py" for name in tests)]


def told(mutant: Mutant) -> None:
    print("\nsurvived", *mutant.key, sep="  ", flush=True)


def run(chosen: Iterable[Mutant]) -> Iterator[Mutant]:
    """Those that survive. What takes effect as a module is loaded comes first: nothing of ours is loaded here yet."""
    chosen = list(chosen)
    for mutant in chosen:
        if mutant.at_load and passes(partial(from_the_start, mutant, TESTS)):
            told(mutant)
            yield mutant
    in_place = InPlace(mutant for mutant in chosen if not mutant.at_load)
    pytest.main(_options(TESTS), plugins=[in_place])
    yield from in_place.survivors


def main() -> int:
    """Exit 1 where the tests fail without any change, or a survivor is not explained, or an explained one is none."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.mutation", description=__doc__)
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="so many mutants by chance (0: all)")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    parser.add_argument("--only", default="", metavar="NAME", help="of files whose path has this in it")
    options = parser.parse_args()
    os.chdir(ROOT)
    import schemathesis  # noqa: F401, PLC0415 — slow to load, so before the forks

    if not passes(partial(from_the_start, None, TESTS)):
        print("the tests fail without any change")
        return 1
    every = [mutant for path in UNDER_TEST if options.only in str(path) for mutant in mutants(path)]
    chance = random.Random(options.seed)  # noqa: S311 — a sample, no secret
    chosen = chance.sample(every, options.sample) if 0 < options.sample < len(every) else every
    explained = read_explained()
    survivors = {mutant: explained.get(mutant.key) for mutant in run(chosen)}
    gone = {mutant.key for mutant in chosen} & set(explained) - {mutant.key for mutant in survivors}
    if len(chosen) == len(every) and not options.only:
        gone = set(explained) - {mutant.key for mutant in survivors}
    for key in gone:
        print("explained, but there is no such survivor", *key, sep="  ")
    unknown = sum(why is None for why in survivors.values())
    print(f"{len(chosen)} mutants of {len(every)}: {len(chosen) - len(survivors)} killed,", end=" ")
    print(f"{len(survivors) - unknown} survive and are explained, {unknown} are not")
    return 1 if gone or unknown else 0


if __name__ == "__main__":
    sys.exit(main())
