"""Last: one item a promise, judged over the whole history. Broken fails with its argument, undecided is skipped."""

import pytest

from contracts.harness import Harness
from contracts.report.terminal import argument
from openapi.ledger import LEDGER


@pytest.fixture(scope="session", autouse=True)
def confirmed(harness: Harness) -> None:
    """Everything has been sent: reduce and retry what was found."""
    harness.confirm()


@pytest.mark.promise
@pytest.mark.parametrize("promise_id", [promise.id for promise in LEDGER])
def test_promise(promise_id: str, harness: Harness) -> None:
    """Held, broken or undecided."""
    promise = next(row for row in harness.document["promises"] if row["id"] == promise_id)
    if promise["verdict"] == "broken":
        pytest.fail("\n".join(argument(promise)), pytrace=False)
    if promise["verdict"] == "undecided":
        pytest.skip(f"undecided: {promise['reason']}" if promise["in_scope"] else "not in this run's scope")
