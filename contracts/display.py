"""What pytest shows of a run: how far it is, how each promise ended, and the whole story at the end."""

import os
import sys
from collections.abc import Generator
from shutil import get_terminal_size
from typing import Any

import pytest

from contracts.report.terminal import lines
from contracts.run.harness import Harness
from openapi.ledger import LEDGER

HARNESS = pytest.StashKey[Harness]()
ENDED = pytest.StashKey[str]()  # how a promise's item ended, where that is no plain pass
UNWRITTEN = pytest.StashKey[str]()  # why there is no whole report
FAILED_AS = {"broken": ("F", "BROKEN", "red"), "undecided": ("s", "UNDECIDED", "yellow")}


def progress(config: pytest.Config) -> Any:
    """On a terminal, one line that changes; elsewhere nothing, nor in a pipeline, where some give a terminal too."""
    if not sys.stderr.isatty() or config.option.verbose < 0 or os.environ.get("CI"):
        return lambda _: None

    def show(event: str) -> None:
        sys.stderr.write(f"\r\x1b[K{event[: get_terminal_size().columns - 1]}\r")
        sys.stderr.flush()

    return show


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """Note in its report how a promise ended."""
    report = yield
    report.ended = item.stash.get(ENDED, None) if call.when == "call" else None
    return report


def pytest_report_teststatus(report: pytest.CollectReport | pytest.TestReport) -> Any:
    """A broken promise argues in the verdict's story, and once: not among pytest's failures as well."""
    name = getattr(report, "ended", None)
    if name is None:
        return None
    letter, word, colour = FAILED_AS[name]
    return name, letter, (word, {colour: True})


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The run's story, then where the report is. With -v every broken promise argues."""
    harness = config.stash.get(HARNESS, None)
    if harness is None:
        return
    terminalreporter.section("verdict")
    argued = len(LEDGER) if config.option.verbose > 0 else 1
    width = config.get_terminal_writer().fullwidth
    for line in lines(harness.document, terminalreporter.hasmarkup, width, argued):
        terminalreporter.write_line(line)
    if harness.restored:
        terminalreporter.write_line(f"--restore: {harness.restored}")
    if harness.against.saved:
        terminalreporter.write_line(harness.against.saved)
    unwritten = config.stash.get(UNWRITTEN, None)
    terminalreporter.write_line(unwritten or f"report: {harness.folder / 'report.html'}")
