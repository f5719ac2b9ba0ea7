"""The pytest side: options, one item a driver, one a promise, exit codes 0 held, 1 broken, 6 undecided.

Inert unless items of `contracts/` or `loadtests/` were collected, so that the project's own tests run without it.
"""

from contextlib import suppress
from functools import partial
from pathlib import Path
from shutil import get_terminal_size
from textwrap import wrap

import pytest

from contracts.display import HARNESS, UNWRITTEN, progress
from contracts.drivers.schedule import SCHEDULE, Driver
from contracts.interrupts import Interrupts
from contracts.run.harness import Harness
from contracts.run.invocation import Options
from contracts.run.options import EMPTY_URL, declare, options_of
from contracts.run.rehearsal import rehearse, told
from contracts.run.target import UsageError, read_catalogue
from contracts.wire.clock import SystemClock
from openapi.ledger import CHAPTERS, LEDGER

pytest_plugins = ("contracts.display",)

INTERRUPTS = pytest.StashKey[Interrupts]()
ROOT = Path(__file__).resolve().parent.parent
ROOMS = (ROOT / "contracts", ROOT / "loadtests")
EXIT = {"held": 0, "broken": 1, "undecided": 6}


def pytest_addoption(parser: pytest.Parser) -> None:
    """The harness's options; `--base-url` is pytest-base-url's."""
    declare(parser)


@pytest.hookimpl(tryfirst=True)  # before pytest-base-url gives an empty URL to whoever gave none
def pytest_configure(config: pytest.Config) -> None:
    """A marker for each chapter, so that `-m results` selects it."""
    config.stash[EMPTY_URL] = config.getoption("base_url") == ""
    for chapter in dict.fromkeys((*CHAPTERS, *(driver.chapter for driver in SCHEDULE))):
        config.addinivalue_line("markers", f"{chapter}: the drivers and the verdicts of that chapter")
    config.addinivalue_line("markers", "load: the load scenarios")
    config.addinivalue_line("markers", "promise: the verdicts, one a promise")


def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """`--promises` prints the ledger."""
    if not config.getoption("promises"):
        if getattr(config.option, "numprocesses", None) and any(map(partial(_leads_to_ours, config), config.args)):
            raise pytest.UsageError("one run sends one request at a time: leave out pytest-xdist's -n")
        return None
    for promise in LEDGER:
        print(f"{promise.id:7} {promise.level}, by {' and '.join(sorted(promise.runs))}")
        for line in wrap(promise.meaning, get_terminal_size().columns - 8, break_on_hyphens=False):
            print(f"{'':7} {line}")
    return 0


def _leads_to_ours(config: pytest.Config, argument: str) -> bool:
    path = (config.invocation_params.dir / argument.partition("::")[0]).resolve()
    return any(path.is_relative_to(room) or room.is_relative_to(path) for room in ROOMS)


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


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Check everything, then preflight: an error here is one line and exit 4. `--dry-run` takes the place of the tests.

    Not at the end of collection, which is also reached where collection has failed, or where pytest only lists things.
    """
    option = session.config.option
    fruitless = session.testsfailed and not option.continue_on_collection_errors
    if not any(map(_is_ours, session.items)) or fruitless or option.collectonly or option.setupplan:
        return None
    if option.dry_run:
        _rehearse(session)
        return True
    try:
        _begin(session)
    except (UsageError, OSError) as error:
        _close_after_usage_error(session.config)
        raise pytest.UsageError(str(error)) from None
    return None


def _begin(session: pytest.Session) -> None:
    config = session.config
    drivers = _drivers(session)
    if not drivers and not _has_load(session):
        raise UsageError("only verdicts were chosen, and nothing that sends: choose a chapter, such as -m results")
    options = options_of(config, _has_load(session))
    _check_load(session, options)
    harness = Harness(options, progress(config))
    config.stash[HARNESS] = harness
    config.stash[INTERRUPTS] = Interrupts(at_the_last=partial(_at_the_last, config, harness))
    harness.begin(drivers)
    if harness.foretold:
        config.get_terminal_writer().line(harness.foretold)


def _at_the_last(config: pytest.Config, harness: Harness) -> None:
    """What is said then is for the terminal, not for pytest's record of what a test said."""
    harness.children.end()
    if (capture := config.pluginmanager.getplugin("capturemanager")) is not None:
        capture.suspend_global_capture()


def _rehearse(session: pytest.Session) -> None:
    """Counts and samples, and exit 0."""
    options = options_of(session.config, _has_load(session))
    try:
        catalogue = read_catalogue(options.catalogue) if options.catalogue else ()
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None
    drivers = _drivers(session)
    now = options.now or SystemClock().now()
    print()
    run = rehearse(drivers, catalogue, now, seed=options.seed, depth=options.depth, cap=options.max_requests)
    for line in told(run):
        print(line)


def _check_load(session: pytest.Session, options: Options) -> None:
    if _has_load(session) and options.base_url and not options.catalogue:
        raise UsageError(
            "the load scenarios need --catalogue FILE, or BSPK_CATALOGUE: test references that exist and may be written"
        )


def _has_load(session: pytest.Session) -> bool:
    return any(item.get_closest_marker("load") for item in session.items)


def _close_after_usage_error(config: pytest.Config) -> None:
    harness = config.stash.get(HARNESS, None)
    if harness is not None:
        with suppress(OSError):
            harness.close()
        config.stash[INTERRUPTS].close()
        del config.stash[HARNESS]


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


def _drivers(session: pytest.Session) -> list[Driver]:
    return [driver for item in session.items if (driver := _driver_of(item)) is not None]


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
    if exitstatus == pytest.ExitCode.TESTS_FAILED and harness.document["verdict"] == "held":
        harness.stop("a fault of this harness or of this machine, told above")
    try:
        document = harness.close()
    except OSError as error:
        document = harness.document
        session.config.stash[UNWRITTEN] = f"the report cannot be written to {harness.folder}: {error.strerror}"
    if exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        crashed = exitstatus == pytest.ExitCode.TESTS_FAILED and document["verdict"] != "broken"
        # Where a driver failed, by a fault of ours or of this machine's, no promise need be broken.
        session.exitstatus = pytest.ExitCode.INTERNAL_ERROR if crashed else EXIT[document["verdict"]]
        if document["verdict"] == "held" and (UNWRITTEN in session.config.stash or harness.against.unsaved):
            session.exitstatus = EXIT["undecided"]
