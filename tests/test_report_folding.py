"""What becomes of several runs in one report."""

from typing import Any

import pytest

from contracts.report.folding import fold
from tests.build import ERRORS, answer, asked, record
from tests.reports import BAD, GOOD, REFUSED, report, row, scenario

FOLDS = [  # what each run owes and saw, and what comes of VAL-4 and RATE-2 together
    (report(GOOD, owed=("AUTH-2",)), scenario(REFUSED), "held"),
    (report(GOOD, owed=("VAL-4",)), scenario(REFUSED), "undecided"),
    (report(GOOD, owed=("AUTH-2",)), scenario(GOOD), "undecided"),
    (report(GOOD, BAD, owed=("AUTH-2",)), scenario(REFUSED), "broken"),
    (report(GOOD, owed=("AUTH-2",)), scenario(REFUSED, BAD), "broken"),
    (report(GOOD, owed=("RATE-2",)), scenario(REFUSED), "undecided"),  # owed by both, and one could not tell
]


@pytest.mark.parametrize(("parent", "child", "verdict"), FOLDS)
def test_a_folded_verdict(parent: dict[str, Any], child: dict[str, Any], verdict: str) -> None:
    assert fold(parent, [child])["verdict"] == verdict


def test_folding_adds_up() -> None:
    children = [
        scenario(REFUSED, load={"Flood": {"p99_ms": 7}}),
        scenario(GOOD, BAD, room="Soak", load={"Soak": {"p99_ms": 9}}),
    ]
    whole = fold(report(GOOD, owed=("AUTH-2",)), children)
    assert (whole["requests"], whole["records"]) == (4, 4)
    assert whole["load"] == {"Flood": {"p99_ms": 7}, "Soak": {"p99_ms": 9}}
    assert row(whole, "AUTH-2")["examined"] == 3
    assert row(whole, "RATE-2")["in_scope"]
    assert len(row(whole, "VAL-1")["findings"]) == row(whole, "VAL-1")["found"] == 1


@pytest.mark.parametrize(
    ("parent", "children", "first"),
    [
        (report(GOOD, BAD), [scenario(BAD)], 2),
        (report(GOOD, GOOD), [scenario(GOOD), scenario(GOOD, BAD)], 5),
        (report(GOOD, GOOD, GOOD, retries=2), [scenario(BAD)], 2),  # retries come after the scenarios
        (report(GOOD), [scenario(REFUSED)], None),
    ],
)
def test_the_first_finding_counts_all_that_went_before(
    parent: dict[str, Any], children: list[dict[str, Any]], first: int | None
) -> None:
    assert fold(parent, children)["first_finding_at"] == first


def test_the_limiter_is_that_of_the_run_that_tells_most() -> None:
    parent, child = report(GOOD), scenario(GOOD)
    child["limiter"] = {"candidates": ["sliding-log"], "limit": 100, "window_s": 10.0, "safe_rate_per_s": 9.5}
    told = {each["id"]: each for each in child["observations"]}
    told["limiter-class"]["answer"] = "a sliding window (sliding-log)"
    whole = fold(parent, [child])
    # The largest batch may be another run's; what it comes to is reckoned at the rate of the one that tells most.
    assert whole["limiter"] == child["limiter"] | {"largest_batch": 1, "records_per_hour": 34_200}
    assert told["limiter-class"] in whole["observations"]
    child["limiter"] = None
    assert fold(parent, [child])["limiter"] == parent["limiter"]


def test_a_question_is_answered_by_the_first_run_that_tried_it() -> None:
    whole = fold(report(), [scenario(asked([record(quantity=-1)], answer(422, ERRORS)))])
    answers = {each["id"]: each["answer"] for each in whole["observations"]}
    assert answers["quantity-negative"] == "422 (once, first in #1)"
    assert answers["at-stale"] == "not tried"
