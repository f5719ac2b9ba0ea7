"""One item a load scenario, each in a process of its own. They send; the promises are judged in test_promises.py."""

import pytest

from contracts.harness import Harness
from contracts.target import UsageError
from loadtests.runner import SCENARIOS, USAGE_ERROR, run_scenario


@pytest.mark.load
@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(name: str, harness: Harness) -> None:
    """Fails only where the scenario itself crashes."""
    if harness.requests_left < 1:
        pytest.skip("undecided: the cap of requests is reached")
    try:
        harness.fold(run_scenario(name, harness))
    except UsageError as error:
        pytest.exit(str(error), returncode=USAGE_ERROR)
