"""One item a load scenario, each in a process of its own. They send; the promises are judged in test_promises.py."""

import pytest

from contracts.run.harness import Harness
from contracts.run.target import UsageError
from loadtests.gates import Gate, rule_on
from loadtests.run.plan import SCENARIOS, Planned, Terms, plan
from loadtests.run.runner import USAGE_ERROR, HungError, run_scenario


@pytest.fixture(scope="session")
def planned(harness: Harness, request: pytest.FixtureRequest) -> dict[str, Planned]:
    """The scenarios that were collected, each with its share of the time."""
    items = [
        item for item in request.session.items if isinstance(item, pytest.Function) and "scenario" in item.fixturenames
    ]
    names = [str(item.callspec.params["scenario"]) for item in items]
    terms = Terms(harness.limit, harness.options.window_s)
    return {each.name: each for each in plan(names, terms, harness.options.load_time_s)}


@pytest.mark.load
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_scenario(scenario: str, planned: dict[str, Planned], harness: Harness, gates: tuple[Gate, ...]) -> None:
    """Fails only where the scenario itself crashes."""
    mine = planned[scenario]
    if mine.left_out:
        left_out = {"left_out": mine.left_out}
        harness.note(scenario, {**left_out, "gates": rule_on(gates, scenario, left_out)})
        pytest.skip(f"left out: {mine.left_out}")
    if harness.requests_left < 1:
        harness.stop(f"the cap of {harness.options.max_requests} requests is reached")
    if harness.stopped:
        pytest.skip(f"undecided: {harness.stopped}")
    try:
        run_scenario(mine, harness)
    except HungError as error:
        pytest.skip(f"undecided: {error}")
    except UsageError as error:
        pytest.exit(str(error), returncode=USAGE_ERROR)
