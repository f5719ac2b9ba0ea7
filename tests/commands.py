"""The commands as a person types them: real processes, the key in their environment alone, looked at from outside."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from contracts.run.target import ROOT, SANDBOX_CATALOGUE, SANDBOX_KEY, EmbeddedSandbox

CATALOGUE = ("--catalogue", str(SANDBOX_CATALOGUE))


@contextmanager
def sandbox(*options: str) -> Iterator[str]:
    """The address of a sandbox in a process of its own."""
    with EmbeddedSandbox(*options) as server:
        yield server.base_url


def environment(key: str | None = SANDBOX_KEY) -> dict[str, str]:
    """This process's own, with that key and no other."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("BSPK_", "LOCUST_"))}
    return clean | ({} if key is None else {"BSPK_API_KEY": key}) | {"NO_PROXY": "127.0.0.1"}


def pytest_command(runs: Path, *options: str) -> list[str]:
    """`pytest` with a short window, and nothing kept but its runs."""
    own = ("-p", "no:cacheprovider", "--runs-dir", str(runs), "--window", "1")
    return [sys.executable, "-m", "pytest", *own, *options]


def locust_command(runs: Path, scenario: str, *options: str) -> list[str]:
    """`locust` without its web UI, with a short window."""
    own = ("--headless", "--only-summary", "--loglevel", "WARNING", "--runs-dir", str(runs), "--window", "1")
    return [sys.executable, "-m", "locust", scenario, *own, *options]


def ended(command: list[str], key: str | None = SANDBOX_KEY, within_s: float = 240) -> subprocess.CompletedProcess[str]:
    """The command, run to its end in the project's root."""
    return subprocess.run(
        command, cwd=ROOT, env=environment(key), capture_output=True, text=True, timeout=within_s, check=False
    )


def started(command: list[str], key: str | None = SANDBOX_KEY, limits: str = "true") -> subprocess.Popen[str]:
    """The command, not waited for, both its outputs in one pipe; under limits such as `ulimit -n 40`."""
    return subprocess.Popen(
        ["bash", "-c", f'{limits}; exec "$@"', "bash", *command], cwd=ROOT, env=environment(key),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def under_way(runs: Path, exchanges: int = 5) -> Path:
    """The history of the run, once so much is in it."""
    until_s = time.monotonic() + 120
    while time.monotonic() < until_s:
        for history in runs.glob("*/history.jsonl"):
            if history.read_text().count('"kind":"exchange"') >= exchanges:
                return history
        time.sleep(0.1)
    raise AssertionError("no run is under way after 120 s")
