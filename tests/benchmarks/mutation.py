"""Mutates the rules and the judge, one small change at a time, and runs their tests: a survivor is a gap in a table.

`python -m tests.benchmarks.mutation [--sample N] [--seed N]`: every mutant without `--sample`. Prints the
survivors and the figure. Each mutant is a fork of one process that has the libraries loaded, with a bound on its time.
"""

import argparse
import ast
import copy
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("openapi", "contracts", "sandbox", "tests")
UNDER_TEST = (
    *sorted(path.relative_to(ROOT) for path in (ROOT / "contracts" / "rules").glob("*.py")),
    *(Path("contracts") / name for name in ("judge.py", "evidence.py")),
)
TESTS = ("tests/test_rules.py", "tests/test_rules_edges.py")
LONGEST_S = 60
COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One change of one file: the how manieth node, and in which of its ways."""

    path: Path
    place: int
    variant: int
    line: int
    what: str

    def source(self) -> str:
        """The file with the change."""
        tree = ast.parse((ROOT / self.path).read_text(encoding="utf-8"))
        node = next(node for number, node in enumerate(ast.walk(tree)) if number == self.place)
        _change(node, self.variant)
        return ast.unparse(tree)


def mutants(path: Path) -> Iterator[Mutant]:
    """Every change of one file."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    for place, node in enumerate(ast.walk(tree)):
        for variant in range(2):
            what = _change(copy.copy(node), variant)
            if what is not None:
                yield Mutant(path, place, variant, getattr(node, "lineno", 0), what)


def _change(node: ast.AST, variant: int) -> str | None:  # noqa: PLR0911 — a table of cases
    """Change the node in place; what was done, or None where this variant does not apply."""
    match node:
        case ast.Compare(ops=[only]) if variant == 0 and type(only) in COMPARISONS:
            node.ops = [COMPARISONS[type(only)]()]
            return f"{type(only).__name__} -> {type(node.ops[0]).__name__}"
        case ast.BoolOp() if variant == 0:
            other = ast.Or if isinstance(node.op, ast.And) else ast.And
            told = f"{type(node.op).__name__} -> {other.__name__}"
            node.op = other()
            return told
        case ast.Constant(value=int() as value) if not isinstance(value, bool):
            node.value = value + (1 if variant == 0 else -1)
            return f"{value} -> {node.value}"
        case ast.Constant(value=bool() as value) if variant == 0:
            node.value = not value
            return f"{value} -> {not value}"
        case ast.IfExp() if variant == 0:
            node.body, node.orelse = node.orelse, node.body
            return "branches swapped"
        case ast.UnaryOp(op=ast.Not()) if variant == 0:
            node.op, node.operand = ast.Not(), ast.UnaryOp(ast.Not(), node.operand)
            return "not removed"
        case _:
            return None


def survives(path: Path, source: str, tree: Path) -> bool:
    """Whether the tests pass all the same. The copy of the tree is left as it was."""
    target = tree / path
    original = target.read_text(encoding="utf-8")
    target.write_text(source, encoding="utf-8")
    try:
        child = os.fork()
        if child == 0:
            _run_tests(tree)
        return _waited_for(child) == 0
    finally:
        target.write_text(original, encoding="utf-8")


def _run_tests(tree: Path) -> None:
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    os.chdir(tree)
    sys.path[:] = [str(tree), *(entry for entry in sys.path if entry not in ("", str(ROOT)))]
    # Ours come from the copy: not from what is loaded, nor from where the project is installed in place.
    sys.meta_path[:] = [finder for finder in sys.meta_path if "__editable__" not in getattr(finder, "__module__", "")]
    for name in [name for name in sys.modules if name.partition(".")[0] in ROOMS]:
        del sys.modules[name]
    sys.dont_write_bytecode = True
    import pytest  # noqa: PLC0415 — loaded before the fork; here only its name

    try:
        code = int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "-p", "no:harness-anchor", *TESTS]))
    except BaseException:  # noqa: BLE001 — whatever a mutant does, it has been found out
        code = 1
    os._exit(1 if code else 0)


def _waited_for(child: int) -> int:
    """Its exit code; one that takes too long is killed, and counts as found out."""
    until_s = time.monotonic() + LONGEST_S
    while time.monotonic() < until_s:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return 1


def _told_of(mutant: Mutant, tree: Path) -> bool:
    """Whether it survives, which is printed at once."""
    survived = survives(mutant.path, mutant.source(), tree)
    if survived:
        line = (ROOT / mutant.path).read_text(encoding="utf-8").splitlines()[mutant.line - 1].strip()
        print(f"survived  {mutant.path}:{mutant.line}  {mutant.what}  {line}", flush=True)
    return survived


def main() -> int:
    """Exit 1 where the tests fail without any change; else 0, however many survive."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.mutation", description=__doc__)
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="so many mutants by chance (0: all)")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    options = parser.parse_args()
    import schemathesis  # noqa: F401, PLC0415 — slow to load, so before the forks

    every = [mutant for path in UNDER_TEST for mutant in mutants(path)]
    chance = random.Random(options.seed)  # noqa: S311 — a sample, no secret
    chosen = chance.sample(every, options.sample) if 0 < options.sample < len(every) else every
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        for room in ROOMS:
            shutil.copytree(ROOT / room, tree / room, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", tree)
        first = UNDER_TEST[0]
        if not survives(first, (ROOT / first).read_text(encoding="utf-8"), tree):
            print("the tests fail without any change")
            return 1
        survivors = [mutant for mutant in chosen if _told_of(mutant, tree)]
    killed = len(chosen) - len(survivors)
    print(f"{killed} of {len(chosen)} mutants killed ({len(every)} there are), {len(survivors)} survived")
    return 0


if __name__ == "__main__":
    sys.exit(main())
