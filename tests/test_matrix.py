"""Every defect of the sandbox caught by a promise that it breaks, every dialect and limiter class held.

In one process each, on a virtual clock, with the standard run; all at once over the machine's cores.
"""

import os
import re
import statistics
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from typing import cast

import pytest

from contracts.finding import Verdict
from sandbox.defects import DEFECTS
from sandbox.dialects import DIALECTS
from sandbox.settings import Settings
from tests.inprocess import Conducted

CAUGHT_BY_CONTRACTS = [name for name, defect in DEFECTS.items() if defect.runs == "contracts"]
# Dialects that meet: how a batch is refused, with what else a server may decide for itself.
COMBINATIONS = (
    ("whole-batch-422", "stale-refused", "at-most-100-records", "unauthorized-costs"),
    ("whole-batch-422-merged", "unknown-reference-422", "duplicate-in-batch-refused", "refusals-empty"),
    ("whole-batch-422-in-phases", "equal-at-refused", "future-refused", "unknown-top-level-422"),
    ("mixed-422", "unknown-reference-created", "stale-ignored-ok", "not-json-415"),
    ("at-most-50-records-413", "equal-at-warned", "zero-quantity-warned", "limiter-token-bucket"),
)
# How a refused batch tells of its faults is not to hide one that was let through.
WHOLE_BATCH = ("whole-batch-422", "whole-batch-422-merged", "whole-batch-422-in-phases")
NOT_THERE = ("bare-record-taken-for-batch",)  # whose characters are refused as a whole, and rightly
LET_THROUGH = [
    name
    for name in CAUGHT_BY_CONTRACTS
    if DEFECTS[name].promises == ("VAL-1",) and not DEFECTS[name].speaks and name not in NOT_THERE
]
# Requests of a standard run without its retries: where a server tells record by record, where it refuses whole batches
# in whatever words, and where a batch may hold next to nothing.
MOST, MOST_WHOLE, MOST_TINY = 130, 160, 180
EARLY = 40
Job = tuple[str | None, tuple[str, ...]]
Told = tuple[Verdict, tuple[str, ...], int, int | None, str]
Runs = dict[Job, "Future[Told]"]


def conduct(defect: str | None, dialects: tuple[str, ...]) -> Told:
    """One whole run; its verdict, the promises broken, the requests without retries, how many before the first finding,
    and what to read on a failure.
    """
    conducted = Conducted(Settings(defect=defect, dialects=dialects))
    return (
        conducted.verdict, conducted.broken, conducted.budgeted, conducted.first_finding_at, conducted.told(),
    )  # fmt: skip


@pytest.fixture(scope="module")
def runs(request: pytest.FixtureRequest) -> Iterator[Runs]:
    """The runs that the collected tests ask for, under way side by side."""
    items = [item for item in request.session.items if item.path == request.path and isinstance(item, pytest.Function)]
    wanted: dict[Job, None] = dict.fromkeys(
        cast(Job, (item.callspec.params["defect"], item.callspec.params["dialects"])) for item in items
    )
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        yield {job: pool.submit(conduct, *job) for job in wanted}
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize(
    ("defect", "dialects"),
    [(None, ()), *((None, (name,)) for name in DIALECTS), *((None, names) for names in COMBINATIONS)],
    ids=lambda value: "+".join(value) or "honest" if isinstance(value, tuple) else "",
)
def test_no_legal_server_is_blamed(runs: Runs, defect: None, dialects: tuple[str, ...]) -> None:
    verdict, _, requests, _, told = runs[defect, dialects].result()
    assert verdict is Verdict.HELD, told
    words = " ".join(dialects)
    assert requests <= (MOST_TINY if "at-most-2-" in words else MOST_WHOLE if re.search("4[0-9]{2}", words) else MOST)


@pytest.mark.parametrize(
    ("defect", "dialects"),
    [
        *((name, ()) for name in CAUGHT_BY_CONTRACTS),
        *((name, (WHOLE_BATCH[number % 3],)) for number, name in enumerate(LET_THROUGH)),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, tuple) else value or "",
)
def test_every_defect_is_caught_by_its_promise(runs: Runs, defect: str, dialects: tuple[str, ...]) -> None:
    verdict, broken, _, _, told = runs[defect, dialects].result()
    assert verdict is Verdict.BROKEN, "survived"
    assert set(broken) & set(DEFECTS[defect].promises), told


@pytest.mark.parametrize(("defect", "dialects"), [(None, ())])
def test_half_of_all_defects_show_in_the_first_requests(runs: Runs, defect: None, dialects: tuple[str, ...]) -> None:
    assert runs[defect, dialects].result()[3] is None
    firsts = [job.result()[3] for (name, spoken), job in runs.items() if name and not spoken]
    assert not firsts or statistics.median(first or 0 for first in firsts) <= EARLY
