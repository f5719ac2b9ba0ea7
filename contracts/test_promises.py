"""Last: one item a promise, judged over the whole history. Broken fails with its argument, undecided is skipped."""

import pytest

from contracts.display import ENDED
from contracts.report.junit import ERROR, FAILURE, SKIPPED, ending
from contracts.report.terminal import argument
from contracts.run.harness import Harness
from openapi.ledger import CHAPTERS


@pytest.fixture(scope="session", autouse=True)
def confirmed(harness: Harness) -> None:
    """Everything has been sent: reduce and retry what was found."""
    harness.confirm()


# Each under its chapter's marker too, so that `-m results` brings that chapter's verdicts along.
BY_CHAPTER = [
    pytest.param(promise.id, marks=getattr(pytest.mark, chapter), id=promise.id)
    for chapter, promises in CHAPTERS.items()
    for promise in promises
]


@pytest.mark.promise
@pytest.mark.parametrize("promise_id", BY_CHAPTER)
def test_promise(promise_id: str, harness: Harness, request: pytest.FixtureRequest) -> None:
    """Held, broken or undecided."""
    report_on(promise_id, harness, request.node)


def report_on(name: str, harness: Harness, item: pytest.Item) -> None:
    """What became of one row of the report, as an item; a gate has none where its scenario did not run."""
    row = next((row for row in harness.document["promises"] if row["id"] == name), None)
    kind, why = (SKIPPED, "not in this run's scope") if row is None else ending(row) or ("passed", "")
    if kind == FAILURE and row is not None:
        item.stash[ENDED] = "broken"
        pytest.fail("\n".join(argument(row)) if row["verdict"] == "broken" else why, pytrace=False)
    if kind == ERROR:
        item.stash[ENDED] = "undecided"
    if kind != "passed":
        pytest.skip(why)
