"""Servers and Locust as processes of their own, for the benchmarks. Measures nothing.

Whoever imports Locust has his process patched, and a server in the same process would take from what it is to measure.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from contracts.run.target import ROOT

PATH = "/api/platform/v1/products/inventories/batches"
ENVIRONMENT = {**os.environ, "BSPK_API_KEY": "benchmark-key", "NO_PROXY": "127.0.0.1"}


@contextmanager
def served(module: str, *arguments: object) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A module of this folder that prints its port, serves until its standard input ends, and may then print more."""
    command = [sys.executable, "-m", f"tests.benchmarks.{module}", *map(str, arguments)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}", process
        finally:
            process.stdin.close()


def locust(arguments: list[str], base_url: str, users: int, seconds: int, more: dict[str, str] | None = None) -> None:
    """A headless Locust to its end. Raises AssertionError with what it complains of where it could not run."""
    command = [sys.executable, "-m", "locust", *arguments, "--headless", "-u", str(users), "-r", str(users)]
    command += ["-t", f"{seconds}s", "-H", base_url, "--loglevel", "ERROR", "--only-summary"]
    environment = {**ENVIRONMENT, **(more or {})}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=seconds + 120
    )
    assert done.returncode in (0, 1, 6), done.stderr


def harness(
    scenario: str,
    folder: Path,
    base_url: str,
    users: int,
    seconds: int,
    records: int,
    *arguments: str,
    more: dict[str, str] | None = None,
) -> dict[str, Any]:
    """The figures of one scenario of ours; its run lies in the folder."""
    catalogue = folder / "catalogue.csv"
    rows = "".join(f"prd-{k},sku-{k},str1\n" for k in range(users * records))
    catalogue.write_text(f"product_ref,sku,store_ref\n{rows}")
    chosen = ["--catalogue", str(catalogue), "--runs-dir", str(folder), "--records-per-batch", str(records)]
    locust([scenario, *chosen, *arguments], base_url, users, seconds, more)
    figures: dict[str, Any] = json.loads((folder / "latest" / "report.json").read_bytes())["load"][scenario]
    return figures
