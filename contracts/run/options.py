"""What can be chosen of a run on pytest's command line. Checked by the harness, which knows no pytest."""

import argparse
import os
import shlex
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import pytest

from contracts.run.invocation import DEPTHS, Options

DEFAULT_CAP = 4_000
LOAD_CAP = 1_000_000  # the same of a run with load scenarios, one of which floods
LOAD_TIME_S = 300  # of all of them
EMPTY_URL = pytest.StashKey[bool]()  # as where a pipeline's variable is not set: not to be taken for the sandbox


def declare(parser: pytest.Parser) -> None:
    """All but `--base-url`, which is pytest-base-url's."""
    group = parser.getgroup("harness", "contract and load tests; the key comes from BSPK_API_KEY, never from an option")
    group.addoption("--catalogue", metavar="FILE", default=None, help="CSV product_ref,sku,store_ref: test references "
                    "that exist on the target and may be written (env BSPK_CATALOGUE)")  # fmt: skip
    group.addoption("--max-requests", type=int, default=None, metavar="N", help="hard cap on requests of this "
                    f"invocation, preflight, retries and children included (default {DEFAULT_CAP}, with load scenarios "
                    f"{LOAD_CAP})")  # fmt: skip
    group.addoption(
        "--depth", default="standard", choices=DEPTHS, help="about 50, 120 or 1,000 requests (default %(default)s)"
    )
    group.addoption("--seed", type=int, default=1, metavar="N", help="repeats a run exactly (default %(default)s)")
    group.addoption("--window", type=float, default=10.0, metavar="S", help="the documented window (default 10)")
    group.addoption("--timeout", type=float, default=10.0, metavar="S", help="for one whole exchange (default 10)")
    group.addoption("--ca-bundle", metavar="FILE", default=None, help="certificates to trust; TLS is always verified")
    group.addoption(
        "--header", action="append", default=[], metavar="'Name: value'", help="a gateway's header; may be repeated"
    )
    group.addoption("--runs-dir", type=Path, default=Path(".runs"), metavar="DIR", help="where runs are kept, and what "
                    "failed in them, to be tried first next time (default .runs)")  # fmt: skip
    group.addoption(
        "--allow-production", action="store_true", help="allow the document's own production server as target"
    )
    group.addoption(
        "--now", type=_moment, default=None, metavar="TIME", help="wall clock at the start, ISO 8601, to repeat a run"
    )
    group.addoption(
        "--gates",
        type=Path,
        default=None,
        metavar="FILE",
        help="of loadtests: your own service levels, in TOML (default loadtests/gates.toml)",
    )
    group.addoption("--load-time", type=float, default=LOAD_TIME_S, metavar="S", help="of loadtests: shared out among "
                    "the scenarios that suit the target (default %(default)s)")  # fmt: skip
    group.addoption("--baseline", type=Path, default=None, metavar="FILE", help="an earlier run, saved: tell what "
                    "changed where the document is silent, and put up with the breaks that it lists")  # fmt: skip
    group.addoption("--baseline-update", action="store_true", help="write this run to the --baseline file")
    group.addoption(
        "--dry-run", action="store_true", help="show what would be sent, and send nothing; needs neither URL nor key"
    )
    group.addoption("--restore", type=Path, default=None, metavar="FILE", help="CSV product_ref,sku,store_ref,"
                    "quantity: what to write back at the end, also after Ctrl-C")  # fmt: skip
    group.addoption("--promises", action="store_true", help="list the ledger of promises and exit")


def _moment(text: str) -> datetime:
    with suppress(ValueError):
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment
    raise argparse.ArgumentTypeError(f"{text!r} is no moment such as 2026-01-31T12:00:00Z, with its offset")


def options_of(config: pytest.Config, has_load: bool) -> Options:
    """What was chosen for a run with load scenarios, or without."""
    option = config.option
    cap = LOAD_CAP if has_load else DEFAULT_CAP
    catalogue = option.catalogue or os.environ.get("BSPK_CATALOGUE") or None
    return Options(
        base_url=config.getoption("base_url") or ("" if config.stash.get(EMPTY_URL, False) else None),
        catalogue=Path(catalogue) if catalogue else None,
        max_requests=cap if option.max_requests is None else option.max_requests,
        depth=option.depth,
        seed=option.seed,
        window_s=option.window,
        timeout_s=option.timeout,
        ca_bundle=option.ca_bundle,
        headers=tuple(option.header),
        runs_dir=option.runs_dir,
        allow_production=option.allow_production,
        now=option.now,
        gates=option.gates,
        load_time_s=option.load_time,
        baseline=option.baseline,
        baseline_update=option.baseline_update,
        restore=option.restore,
        command=_command(config),
    )


def _command(config: pytest.Config) -> str:
    """What was typed. A header's value may be a gateway's secret, so its name stands alone."""
    words = ["pytest"]
    for argument in map(str, config.invocation_params.args):
        is_header = words[-1] == "--header" or argument.startswith("--header=")
        words.append(f"{argument.partition(':')[0]}: …" if is_header else argument)
    return shlex.join(words)
