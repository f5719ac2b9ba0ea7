"""The gates of a pytest run, read once: a mistake in their file is one line and exit 4, before anything is sent."""

import pytest

from contracts.target import UsageError
from loadtests.gates import DEFAULT_GATES, Gate, read_gates
from loadtests.plan import SCENARIOS

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


@pytest.fixture(scope="session")
def gates(pytestconfig: pytest.Config) -> tuple[Gate, ...]:
    """All gates of the run, of whichever scenario."""
    return pytestconfig.stash[GATES]
