"""What a server does where the document is silent: what two runs can be compared by, and what counts as changed."""

from pathlib import Path

import pytest

from contracts.observations import observe
from contracts.report.baseline import EMPTY, Extent, compared, renewed
from contracts.report.changes import told
from contracts.report.html import page
from contracts.report.terminal import lines
from sandbox.settings import Settings
from tests.inprocess import Conducted
from tests.reports import observed


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("ok (3 times, first in #7)", "ok"),
        ("ok (3 times, first in #7), error (once, first in #2)", "error, ok"),
        ("`a, b` (once, first in #2)", "`a, b`"),
        ("401: text/plain, no (once, first in #1) entry", "401: text/plain, no (once, first in #1) entry"),
        ("2000 records taken; no larger one refused", "no larger one refused"),
        ("500 records taken; 501 refused by 413", "500 records taken; 501 refused by 413"),
        ("32295 bytes taken; 40123 refused by 413", "refused by 413"),
        ("60 requests in 1 s; it begins 0.674 s into the run", "60 requests in 1 s"),
        ("422 (once, first in #9); so does any reference that is not in the catalogue", "422"),
        ("none of 24 refusals carries it as a number of seconds", "no refusal carries it as a number of seconds"),
        ("3 of 3 refusals carry it, 1 to 9 s; not waited for", "each refusal carries it"),
        ("3 of 4 refusals carry it, 1 to 9 s; not waited for", "some refusals carry it"),
        (
            "3 of 3 refusals carry it, 1 to 9 s; after that wait 2 of 2 requests were let in",
            "each refusal carries it; it is long enough",
        ),
        (
            "3 of 3 refusals carry it, 1 to 9 s; after that wait 1 of 2 requests were let in",
            "each refusal carries it; it is not always long enough",
        ),
        ("404: text/html, id 6f9c0d1e-7a at 2026-06-01T11:58:00Z", "404: text/html, id … at …"),
    ],
)
def test_an_answer_is_compared_without_its_counts(answer: str, expected: str) -> None:
    assert told(answer) == expected


def test_what_changed_where_the_document_is_silent_is_told_and_fails_nothing() -> None:
    before = renewed(EMPTY, observed(at_stale="ok (once, first in #1)", at_future="ok (once, first in #1)"))
    now = observed(at_stale="error (9 times, first in #4)", batch_max="7 records taken")
    whole = compared(now, before, "baseline.json")
    assert whole["verdict"] == "held"
    assert [(each["id"], each["before"], each["now"]) for each in whole["baseline"]["changed"]] == [
        ("at-stale", "ok", "error")
    ]
    assert "changed    at-stale: ok -> error" in lines(whole, colour=False)
    assert "Changed where the document is silent" in page(Path("nowhere"), whole)


@pytest.mark.parametrize(
    ("before", "now", "same_seed", "other_seed"),
    [
        ("ok (once, first in #1)", "ok (2 times, first in #7)", False, False),
        ("ok (once, first in #1)", "error (2 times, first in #7)", True, True),
        ("ok (once, first in #1)", "error (2 times, first in #7), ok (once, first in #9)", True, False),
        ("ok (2 times, first in #1), error (once, first in #2)", "ok (2 times, first in #7)", True, False),
        ("422 (2 times, first in #1), ok (once, first in #2)", "error (2 times, first in #7)", True, True),
        ("2000 records taken; no larger one refused", "7 records taken; 8 refused by 413", True, True),
    ],
)
def test_only_of_runs_that_sent_alike_does_every_difference_count(
    before: str, now: str, same_seed: bool, other_seed: bool
) -> None:
    saved = renewed(EMPTY, observed(at_stale=before), Extent("seed 1"))
    for extent, differs in ((Extent("seed 1"), same_seed), (Extent("seed 2"), other_seed)):
        whole = compared(observed(at_stale=now), saved, "b.json", extent)
        assert bool(whole["baseline"]["changed"]) is differs


@pytest.mark.parametrize(
    ("name", "before", "now", "differs"),
    [
        ("error_bodies", "401: none, empty", "400: none, empty; 401: none, empty", False),  # not met before
        ("error_bodies", "400: a, b; 401: none, empty", "401: none, empty", False),
        ("error_bodies", "401: none, empty", "401: text/plain, no", True),
        ("rate_headers_elsewhere", "401 carries them", "401 does not carry them; 404 carries them", True),
        ("limiter_class", "a leaky one (leaky); or a log (log)", "a log (log)", False),  # less was ruled out
        ("limiter_class", "a leaky one (leaky)", "a log (log)", True),
        ("limiter_window", "60 requests in 2 s; its phase cannot be told", "60 requests in 2 s; it begins 1 s into the "
         "run", False),
        ("limiter_window", "60 requests in 2 s", "50 requests in 2 s", True),
        ("cost_of_422", "one request", "nothing or one request: not told apart", False),
        ("cost_of_422", "one request", "nothing", True),
        ("retry_after", "3 of 3 refusals carry it, 1 to 9 s; not waited for", "none of 3 refusals carries it", True),
    ],
)  # fmt: skip
@pytest.mark.parametrize("sent", ["seed 1", "seed 2"])
def test_what_only_one_run_could_tell_is_no_change(name: str, before: str, now: str, differs: bool, sent: str) -> None:
    saved = renewed(EMPTY, observed(**{name: before}), Extent("seed 1"))
    whole = compared(observed(**{name: now}), saved, "b.json", Extent(sent))
    assert bool(whole["baseline"]["changed"]) is differs


def test_what_befalls_any_unknown_reference_is_no_change_of_an_odd_one() -> None:
    saved = renewed(EMPTY, observed(ref_long="422 (once, first in #1)", unknown_reference="422 (once, first in #1)"))
    now = observed(ref_long="error (once, first in #1)", unknown_reference="error (once, first in #1)")
    whole = compared(now, saved, "b.json", Extent("seed 2"))
    assert [each["id"] for each in whole["baseline"]["changed"]] == ["unknown-reference"]


@pytest.mark.parametrize(
    "dialects", [(), ("whole-batch-422-in-phases",), ("unknown-reference-422",), ("at-most-2-records",)]
)
def test_one_server_seen_with_several_seeds_has_not_changed(dialects: tuple[str, ...]) -> None:
    runs = []
    for seed in (1, 2, 4):
        conducted = Conducted(Settings(dialects=dialects), seed=seed)
        rows = [{"id": each.id, "question": "?", "answer": each.answer} for each in observe(conducted.run.evidence)]
        runs.append({**observed(), "observations": rows})
    for first in runs:
        saved = renewed(EMPTY, first, Extent("the first"))
        assert [compared(run, saved, "b.json")["baseline"]["changed"] for run in runs] == [[], [], []]
