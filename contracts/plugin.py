"""The pytest side: options, one item a driver, one a promise, exit codes 0 held, 1 broken, 6 undecided.

Inert unless items of `contracts/` or `loadtests/` were collected, so that the project's own tests run without it.
"""

import os
import shlex
import sys
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from _pytest.junitxml import LogXML  # pytest has no public way to name the JUnit file once the run folder is known

from contracts.clock import SystemClock
from contracts.drivers.schedule import SCHEDULE, Driver
from contracts.harness import DEPTHS, Harness, Options
from contracts.interrupts import Interrupts
from contracts.rehearsal import rehearse, told
from contracts.report.terminal import lines
from contracts.target import UsageError, read_catalogue
from openapi.ledger import CHAPTERS, LEDGER

HARNESS = pytest.StashKey[Harness]()
INTERRUPTS = pytest.StashKey[Interrupts]()
UNWRITTEN = pytest.StashKey[str]()  # why there is no whole report
ROOT = Path(__file__).resolve().parent.parent
ROOMS = (ROOT / "contracts", ROOT / "loadtests")
EXIT = {"held": 0, "broken": 1, "undecided": 6}
DEFAULT_CAP = 4_000
LOAD_CAP = 1_000_000  # the same of a run with load scenarios, one of which floods
SPARE_HANDLES = 8
LOAD_TIME_S = 300  # of all of them


def pytest_addoption(parser: pytest.Parser) -> None:
    """The harness's options; `--base-url` is pytest-base-url's."""
    group = parser.getgroup("harness", "contract and load tests; the key comes from BSPK_API_KEY, never from an option")
    group.addoption("--catalogue", metavar="FILE", default=None, help="CSV product_ref,sku,store_ref: test references "
                    "that exist on the target and may be written (env BSPK_CATALOGUE)")  # fmt: skip
    group.addoption("--max-requests", type=int, default=None, metavar="N", help="hard cap on requests of this "
                    f"invocation, preflight, retries and children included (default {DEFAULT_CAP}, with load scenarios "
                    f"{LOAD_CAP})")  # fmt: skip
    group.addoption(
        "--depth", default="standard", choices=DEPTHS, help="about 40, 120 or 1,000 requests (default %(default)s)"
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
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("--now needs an offset, such as Z")
    return moment


def pytest_configure(config: pytest.Config) -> None:
    """A marker for each chapter, so that `-m results` selects it."""
    for chapter in dict.fromkeys((*CHAPTERS, *(driver.chapter for driver in SCHEDULE))):
        config.addinivalue_line("markers", f"{chapter}: the drivers and the verdicts of that chapter")
    config.addinivalue_line("markers", "load: the load scenarios")
    config.addinivalue_line("markers", "promise: the verdicts, one a promise")


def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """`--promises` prints the ledger."""
    if not config.getoption("promises"):
        return None
    for promise in LEDGER:
        print(f"{promise.id:7} {promise.level:8} {' '.join(sorted(promise.runs)):19} {promise.meaning}")
    return 0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Drivers in the schedule's order, then load scenarios, then promises, each once."""
    ranks = {driver.name: number for number, driver in enumerate(SCHEDULE)}

    def rank(item: pytest.Item) -> int:
        driver = _driver_of(item)
        if driver is not None:
            return ranks[driver.name]
        last = item.get_closest_marker("promise") is not None
        return len(ranks) + (1 if last else 0)

    if any(map(_is_ours, items)):
        items.sort(key=rank)
        ours = [item for item in items if item.get_closest_marker("promise")]
        first = {item.name: item for item in reversed(ours)}
        again = {item for item in ours if first[item.name] is not item}
        items[:] = [item for item in items if item not in again]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Check everything, then preflight: an error here is one line and exit 4."""
    config = session.config
    if not any(map(_is_ours, session.items)) or config.option.collectonly:
        return
    if getattr(config.option, "numprocesses", None) or hasattr(config, "workerinput"):
        raise pytest.UsageError("one run sends one request at a time: leave out pytest-xdist's -n")
    if config.option.dry_run:
        return
    try:
        options = _options(session)
        _check_load(session, options)
        harness = Harness(options, _progress(config))
        config.stash[HARNESS] = harness
        config.stash[INTERRUPTS] = Interrupts(at_the_last=harness.end_children)
        junit = _JUnit(harness.folder / "junit.xml")
        config.pluginmanager.register(junit, "harness-junit")
        junit.pytest_sessionstart()
        drivers = [driver for item in session.items if (driver := _driver_of(item)) is not None]
        if drivers or _has_load(session):
            harness.begin(drivers)
        if harness.foretold:
            config.get_terminal_writer().line(harness.foretold)
    except (UsageError, OSError) as error:
        _close_after_usage_error(config)
        raise pytest.UsageError(str(error)) from None


class _JUnit(LogXML):
    """pytest's own, where it can be written: `junit.xml` is no reason for a traceback.

    Keeps some file handles for the end, so that a run that has used up all others can still write its report.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(str(path), None, "harness", "all")
        self._spare = [path.open("xb"), *(path.open("rb") for _ in range(SPARE_HANDLES - 1))]

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        for file in self._spare:
            file.close()
        with suppress(OSError):
            super().pytest_sessionfinish()


def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """`--dry-run` takes the place of the tests: counts and samples, and exit 0."""
    if not session.config.option.dry_run or not any(map(_is_ours, session.items)):
        return None
    options = _options(session)
    try:
        catalogue = read_catalogue(options.catalogue) if options.catalogue else ()
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None
    drivers = [driver for item in session.items if (driver := _driver_of(item)) is not None]
    now = options.now or SystemClock().now()
    print()
    run = rehearse(drivers, catalogue, now, seed=options.seed, depth=options.depth, cap=options.max_requests)
    for line in told(run):
        print(line)
    return True


def _check_load(session: pytest.Session, options: Options) -> None:
    if _has_load(session) and options.base_url and not options.catalogue:
        raise UsageError("the load scenarios need --catalogue FILE: test references that exist and may be written")


def _has_load(session: pytest.Session) -> bool:
    return any(item.get_closest_marker("load") for item in session.items)


def _close_after_usage_error(config: pytest.Config) -> None:
    harness = config.stash.get(HARNESS, None)
    if harness is not None:
        with suppress(OSError):
            harness.close()
        config.stash[INTERRUPTS].close()
        del config.stash[HARNESS]


def _options(session: pytest.Session) -> Options:
    config, option = session.config, session.config.option
    cap = LOAD_CAP if _has_load(session) else DEFAULT_CAP
    catalogue = option.catalogue or os.environ.get("BSPK_CATALOGUE") or None
    return Options(
        base_url=config.getoption("base_url") or None,
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


def _progress(config: pytest.Config) -> Any:
    """On a terminal, one line that changes; elsewhere nothing, nor in a pipeline, where some give a terminal too."""
    if not sys.stderr.isatty() or config.option.verbose < 0 or os.environ.get("CI"):
        return lambda _: None

    def show(event: str) -> None:
        sys.stderr.write(f"\r\x1b[K{event[:110]}\r")
        sys.stderr.flush()

    return show


@pytest.fixture(scope="session")
def harness(pytestconfig: pytest.Config) -> Harness:
    """The run that this invocation conducts."""
    return pytestconfig.stash[HARNESS]


@pytest.fixture
def drive(harness: Harness, request: pytest.FixtureRequest) -> None:
    """Run the driver that this item names; undecided is skipped, with the reason."""
    driver = _driver_of(request.node)
    assert driver is not None, f"{request.node.nodeid} names no driver of the schedule"  # noqa: S101 — a fault of ours
    reason = harness.drive(driver)
    if reason is not None:
        pytest.skip(f"undecided: {reason}")


def _driver_of(item: pytest.Item) -> Driver | None:
    name = getattr(item, "originalname", item.name).removeprefix("test_")
    return next((driver for driver in SCHEDULE if driver.name == name), None) if _is_ours(item) else None


def _is_ours(item: pytest.Item) -> bool:
    return any(item.path.is_relative_to(room) for room in ROOMS)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """The run's verdict becomes the exit code; an interrupted run keeps pytest's 2, and its report."""
    harness = session.config.stash.get(HARNESS, None)
    if harness is None:
        return
    try:
        _conclude(session, harness, exitstatus)
    finally:
        session.config.stash[INTERRUPTS].close()


def _conclude(session: pytest.Session, harness: Harness, exitstatus: int) -> None:
    if exitstatus == pytest.ExitCode.INTERRUPTED:
        harness.stop("interrupted")
    try:
        document = harness.close()
    except OSError as error:
        document = harness.document
        session.config.stash[UNWRITTEN] = f"the report cannot be written to {harness.folder}: {error.strerror}"
    if exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        crashed = exitstatus == pytest.ExitCode.TESTS_FAILED and document["verdict"] != "broken"
        session.exitstatus = 1 if crashed else EXIT[document["verdict"]]
        if document["verdict"] == "held" and UNWRITTEN in session.config.stash:
            session.exitstatus = EXIT["undecided"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The run's story, then where the report is."""
    harness = config.stash.get(HARNESS, None)
    if harness is None:
        return
    terminalreporter.section("verdict")
    failed = (report.nodeid for report in terminalreporter.stats.get("failed", ()))
    argued = config.option.tbstyle != "no" and any("::test_promise[" in nodeid for nodeid in failed)
    for line in lines(harness.document, terminalreporter.hasmarkup, argued):
        terminalreporter.write_line(line)
    if harness.restored:
        terminalreporter.write_line(f"--restore: {harness.restored}")
    unwritten = config.stash.get(UNWRITTEN, None)
    terminalreporter.write_line(unwritten or f"report: {harness.folder / 'report.html'}")
