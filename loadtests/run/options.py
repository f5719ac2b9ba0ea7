"""What can be chosen about a load test: the options, read and checked before anything is sent. Sends nothing itself.

The key comes from BSPK_API_KEY alone; against the embedded sandbox it is the sandbox's own.
"""

import argparse
import os
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NoReturn

from locust.argument_parser import LocustArgumentParser

from contracts.exchanges.records import Reference
from contracts.history.secrets import Secret
from contracts.run.restore import Level, check_levels
from contracts.run.target import (
    EmbeddedSandbox,
    UsageError,
    check_allowed,
    check_base_url,
    check_ca_bundle,
    check_header,
    key_from,
    read_catalogue,
)
from loadtests.gates import DEFAULT_GATES, Gate, read_gates
from loadtests.run.plan import SCENARIOS
from loadtests.scenarios.arrivals import ARRIVALS

USAGE_ERROR = 4  # as pytest has it
MAX_REQUESTS = 2_000  # where the scenario has no cap of its own


@dataclass(frozen=True)
class Choices:
    """One load test as it was asked for, each part of it checked."""

    base_url: str
    secret: Secret
    catalogue: tuple[Reference, ...]
    runs_dir: Path
    run_folder: Path | None  # given by a parent, who folds the report into its own
    first_seq: int
    window_s: float
    timeout_s: float
    max_requests: int
    records_per_batch: int | None  # None: the scenario's own sizes
    verify: str | bool
    headers: tuple[tuple[str, str], ...]
    gates: tuple[Gate, ...]
    rate_per_s: float | None = None  # None: the scenario's own
    arrival: str | None = None
    restore: tuple[Level, ...] = ()


def add_options(parser: LocustArgumentParser, scenarios: tuple[str, ...]) -> None:
    """Ours beside Locust's; a mistake in any of them is one line and exit 4."""
    parser.error = _error  # type: ignore[method-assign]  # argparse exits 2, which here means interrupted
    parser.set_defaults(web_host="127.0.0.1", class_picker=True)
    if _is_master_of_its_own(sys.argv):
        port = _free_port()
        parser.set_defaults(master_bind_host="127.0.0.1", master_host="127.0.0.1")
        parser.set_defaults(master_bind_port=port, master_port=port)
    for action in parser._actions:  # noqa: SLF001 — argparse has no public way to a positional argument
        if action.dest == "user_classes":
            action.type = _one_of(scenarios)
    group = parser.add_argument_group("harness", "the key is read from BSPK_API_KEY, never from an option")
    add = group.add_argument
    add("--catalogue", metavar="FILE", default=os.environ.get("BSPK_CATALOGUE"), help="CSV product_ref,sku,store_ref: "
        "test references that exist on the target and may be written (env BSPK_CATALOGUE)")  # fmt: skip
    add("--window", type=float, default=10.0, metavar="S", help="the documented window, in seconds")
    add("--timeout", type=float, default=30.0, metavar="S", help="for one whole exchange, in seconds")
    add("--max-requests", type=int, default=0, metavar="N", help="hard cap on requests, preflight included (0: the "
        f"scenario's own, {MAX_REQUESTS} for probes, a million for floods)")  # fmt: skip
    add("--rate", type=float, default=0.0, metavar="R", help="requests a second that are due, in scenarios of a given "
        "rate (0: the scenario's own)")  # fmt: skip
    add("--arrival", choices=("", *ARRIVALS), default="", help="how they come: constant, ramp (from 0 to the rate) or "
        "poisson (default: the scenario's own)")  # fmt: skip
    add("--records-per-batch", type=int, default=0, metavar="N", help="all batches of one size, as far as the "
        "catalogue goes (0: the scenario's own sizes)")  # fmt: skip
    add("--gates", metavar="FILE", default="", help="your own service levels, in TOML (default loadtests/gates.toml)")
    add("--runs-dir", default=".runs", metavar="DIR", help="where runs are kept (default .runs)")
    add("--ca-bundle", metavar="FILE", default="", help="certificates to trust; TLS is always verified")
    add("--dry-run", action="store_true", help="with a scenario's name and --headless: show what would be "
        "sent, and send nothing; needs neither host nor key")  # fmt: skip
    add("--restore", metavar="FILE", default="", help="CSV product_ref,sku,store_ref,quantity: what to write back "
        "at the end, also after Ctrl-C")  # fmt: skip
    add("--allow-production", action="store_true", help="allow the document's own production server as target")
    add("--header", action="append", default=[], metavar="'Name: value'", help="a gateway's header; may be repeated")
    add("--run-folder", default="", help=argparse.SUPPRESS)
    add("--first-seq", type=int, default=1, help=argparse.SUPPRESS)
    for action in group._group_actions:  # noqa: SLF001 — as Locust's own parser does with its keyword
        if action.dest in ("run_folder", "first_seq", "runs_dir", "header", "ca_bundle", "allow_production",
                           "dry_run"):  # fmt: skip
            vars(action)["include_in_web_ui"] = False


def _is_master_of_its_own(command: Sequence[str]) -> bool:
    """It forks its workers: on Locust's own port they might meet another run's master, and serve it with this key."""
    names = {word.partition("=")[0] for word in command}
    return "--processes" in names and "--worker" not in names


@cache
def _free_port() -> int:
    """The same whenever it is asked for."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _error(message: str) -> NoReturn:
    raise SystemExit(usage_error(message))


def usage_error(message: object) -> int:
    """Say on standard error what was wrong; returns the exit code for it."""
    os.write(2, f"locust: {message}\n".replace("\n", " ").rstrip().encode() + b"\n")
    return USAGE_ERROR


def _one_of(scenarios: tuple[str, ...]) -> Callable[[str], str]:
    def scenario(name: str) -> str:
        if name not in scenarios:
            raise argparse.ArgumentTypeError(f"{name} is no scenario: there are {', '.join(scenarios)}")
        return name

    return scenario


def check_names(options: argparse.Namespace, scenarios: tuple[str, ...]) -> None:
    """Without the web UI, a scenario must be named: two at once would spend each other's allowance.

    An empty host is that of a variable which is not set, and not to be taken for the sandbox.
    """
    if options.host == "":
        check_base_url(options.host)
    if options.headless and len(options.user_classes) != 1:
        raise UsageError(f"--headless runs one scenario: name one of {', '.join(scenarios)}")


def check_one(chosen: Sequence[object]) -> None:
    """The same of what was ticked in the web UI."""
    if len(chosen) != 1:
        raise UsageError("choose one scenario: several at once would spend each other's allowance")


def choose(
    options: argparse.Namespace,
    host: str | None,
    sandbox: bool,
    environ: Mapping[str, str],
    own_requests: int | None = None,
) -> Choices:
    """The options, checked; raises UsageError. `sandbox`: the host is the embedded one."""
    if not host:
        raise UsageError("no host: give one by -H URL")
    base_url = check_base_url(host)
    check_allowed(base_url, options.allow_production)
    _check_numbers(options)
    if options.ca_bundle:
        check_ca_bundle(Path(options.ca_bundle))
    catalogue = options.catalogue or (EmbeddedSandbox.catalogue if sandbox else None)
    if not catalogue:
        raise UsageError(
            "no catalogue: give --catalogue FILE, a CSV product_ref,sku,store_ref of test references that exist on the "
            "target and may be written"
        )
    known = read_catalogue(Path(catalogue))
    max_requests = options.max_requests or own_requests or MAX_REQUESTS
    return Choices(
        base_url=base_url,
        secret=Secret(EmbeddedSandbox.key) if sandbox else key_from(environ),
        catalogue=known,
        runs_dir=Path(options.runs_dir),
        run_folder=Path(options.run_folder) if options.run_folder else None,
        first_seq=options.first_seq,
        window_s=options.window,
        timeout_s=options.timeout,
        max_requests=max_requests,
        records_per_batch=options.records_per_batch or None,
        verify=options.ca_bundle or True,
        headers=tuple(check_header(header) for header in options.header),
        gates=read_gates(Path(options.gates) if options.gates else DEFAULT_GATES, SCENARIOS),
        rate_per_s=options.rate or None,
        arrival=options.arrival or None,
        restore=check_levels(Path(options.restore), known, max_requests) if options.restore else (),
    )


def _check_numbers(options: argparse.Namespace) -> None:
    for name, value in {"--window": options.window, "--timeout": options.timeout}.items():
        if not 0 < value < 86_400:
            raise UsageError(f"{name} {value:g} is no sensible number of seconds: give one above 0")
    if options.max_requests < 0:
        raise UsageError(f"--max-requests {options.max_requests} leaves nothing to send: give 1 or more")
    if not 0 <= options.rate < 1_000_000:
        raise UsageError(f"--rate {options.rate:g} is no number of requests a second: give one above 0")
    if options.records_per_batch < 0:
        raise UsageError(f"--records-per-batch {options.records_per_batch}: give 1 or more")
