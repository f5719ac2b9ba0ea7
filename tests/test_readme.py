"""What README tells a reader is so: the tables, the files, the make targets and the options that it names."""

import re
from pathlib import Path
from types import ModuleType

import pytest

from sandbox.dialects import DIALECTS
from tests.benchmarks import mutation, pages, stock
from tests.benchmarks.mutants import mutants
from tests.publish import MEASURED, RECKONED

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROSE = re.sub(r"<!-- ledger:begin -->.*<!-- ledger:end -->", "", README, flags=re.DOTALL)
# Made by a run, or the user's own.
NOT_KEPT_HERE = {".venv/", ".runs/<time>/", ".runs/latest"}
OF_OTHERS = {"--base-url", "--help", "--headless"}  # of pytest-base-url, pytest and Locust


@pytest.mark.parametrize("name", RECKONED)
def test_what_is_reckoned_is_of_today(name: str) -> None:
    assert pages.shown(name) == RECKONED[name](), "run `python -m tests.publish`"


@pytest.mark.parametrize("benchmark", MEASURED, ids=lambda module: module.NAME)
def test_what_was_measured_is_the_code_of_today(benchmark: ModuleType) -> None:
    stamp = pages.stamp_of(pages.shown(benchmark.NAME), benchmark.MEASURED)
    assert pages.stamped(benchmark.NAME) == stamp, f"run `python -m {benchmark.__name__} --publish`"


def test_what_is_explained_of_the_mutants_can_still_be_done() -> None:
    every = {mutant.key for path in mutation.UNDER_TEST for mutant in mutants(path)}
    assert set(mutation.read_explained()) <= every, "run `python -m tests.benchmarks.mutation`"


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\bmake ([a-z]+)\b(?= *(?:`|BASE_URL|#| {2}))", PROSE))))
def test_a_make_target_is_there(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`([\w./<>]+/[\w.]*)`", PROSE)) - NOT_KEPT_HERE))
def test_a_file_is_there(name: str) -> None:
    assert (ROOT / name).exists()


@pytest.mark.parametrize("module", sorted(set(re.findall(r"python -m ([\w.]+)", PROSE))))
def test_a_module_can_be_run(module: str) -> None:
    path = ROOT / module.replace(".", "/")
    assert (path / "__main__.py").exists() or "__main__" in path.with_suffix(".py").read_text(encoding="utf-8")


@pytest.mark.parametrize("option", sorted(set(re.findall(r"(?<![\w-])--[a-z][\w-]+", PROSE)) - OF_OTHERS))
def test_an_option_is_known(option: str) -> None:
    sources = (
        path
        for room in ("contracts", "loadtests", "sandbox", "tests/benchmarks")
        for path in (ROOT / room).rglob("*.py")
    )
    assert any(f'"{option}"' in path.read_text(encoding="utf-8") for path in sources)


def test_the_comparison_is_of_todays_catalogue() -> None:
    kept = stock.read_kept()
    assert list(kept.defects) == stock.COUNTED, "run `python -m tests.benchmarks.stock`"
    assert list(kept.dialects) == list(DIALECTS), "run `python -m tests.benchmarks.stock`"
