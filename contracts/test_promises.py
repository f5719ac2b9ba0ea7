"""Last: one item a promise, judged over the whole history. Broken fails with its argument, undecided is skipped."""

import pytest

from contracts.harness import Harness
from contracts.report.terminal import argument
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
def test_promise(promise_id: str, harness: Harness) -> None:
    """Held, broken or undecided."""
    report_on(promise_id, harness)


def report_on(name: str, harness: Harness) -> None:
    """What became of one row of the report, as an item; a gate has none where its scenario did not run."""
    row = next((row for row in harness.document["promises"] if row["id"] == name), None)
    if row is None or (row["verdict"] == "undecided" and not row["in_scope"]):
        pytest.skip("not in this run's scope")
    known = row.get("known") or {"state": None}
    if known["state"] == "broken":
        pytest.xfail(f"a known break until {known['until']}: {known['reason']}")
    if known["state"] == "holds again":
        pytest.fail(f"{name} is listed as a known break and holds again: take it off the baseline", pytrace=False)
    if row["verdict"] == "broken":
        pytest.fail("\n".join(argument(row)), pytrace=False)
    if row["verdict"] == "undecided":
        pytest.skip(f"undecided: {row['reason']}")
