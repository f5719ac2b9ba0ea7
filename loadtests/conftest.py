"""The gates of a pytest run, read once: a mistake in their file is one line and exit 4, before anything is sent."""

from collections.abc import Generator

import pytest

from contracts.run.options import options_of
from contracts.run.target import UsageError
from loadtests.gates import DEFAULT_GATES, Gate, read_gates
from loadtests.run.plan import SCENARIOS, foretold

GATES = pytest.StashKey[tuple[Gate, ...]]()


def pytest_configure(config: pytest.Config) -> None:
    """Those of --gates, or our own."""
    try:
        config.stash[GATES] = read_gates(config.option.gates or DEFAULT_GATES, SCENARIOS)
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One item a gate."""
    if "gate_id" in metafunc.fixturenames:
        metafunc.parametrize("gate_id", [gate.id for gate in metafunc.config.stash[GATES]])


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """`--dry-run` tells of the scenarios as well."""
    done = yield
    given = options_of(session.config, has_load=True)
    names = [name for name in SCENARIOS if any(item.name == f"test_scenario[{name}]" for item in session.items)]
    if session.config.option.dry_run and names:
        for line in foretold(names, given.window_s, given.load_time_s, given.max_requests):
            print(line)
    return done


@pytest.fixture(scope="session")
def gates(pytestconfig: pytest.Config) -> tuple[Gate, ...]:
    """All gates of the run, of whichever scenario."""
    return pytestconfig.stash[GATES]
