"""The baseline: what it puts up with and until when, what it tells, and how a bad file is refused."""

from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.report.baseline import (
    EMPTY,
    Baseline,
    BaselineError,
    Known,
    compared,
    read_baseline,
    renewed,
    told,
    write_baseline,
)
from contracts.report.html import page, sentence
from contracts.report.terminal import lines
from tests.reports import BAD, GOOD, SHOUTING, report, row

LATER, EARLIER, TODAY = date(2026, 6, 2), date(2026, 5, 31), date(2026, 6, 1)  # the runs here are of 2026-06-01


def against(document: dict[str, Any], **known: date) -> dict[str, Any]:
    listed = {name.replace("_", "-"): Known("mended soon", until) for name, until in known.items()}
    return compared(document, Baseline(1, listed, {}), listed, "baseline.json")


@pytest.mark.parametrize(
    ("document", "known", "verdict", "state"),
    [
        (report(GOOD, BAD, owed=("AUTH-2",)), {"VAL_1": LATER}, "held", "broken"),
        (report(GOOD, BAD, owed=("AUTH-2",)), {"VAL_1": TODAY}, "held", "broken"),  # the last day counts
        (report(GOOD, BAD, owed=("AUTH-2",)), {"VAL_1": EARLIER}, "broken", "past its date"),
        (report(GOOD, owed=("AUTH-2",)), {"AUTH_2": LATER}, "broken", "holds again"),
        (report(GOOD, owed=("AUTH-2",)), {"AUTH_2": EARLIER}, "broken", "holds again"),
        (report(GOOD, owed=("VAL-4",)), {"VAL_4": LATER}, "undecided", "undecided"),
        (report(GOOD, BAD, owed=("AUTH-2", "VAL-4")), {"VAL_1": LATER}, "undecided", "broken"),
    ],
)
def test_a_known_break(document: dict[str, Any], known: dict[str, date], verdict: str, state: str) -> None:
    whole = against(document, **known)
    assert (whole["verdict"], [each["state"] for each in whole["baseline"]["known"]]) == (verdict, [state])
    assert (whole["reason"] is None) == (verdict == "held")


def test_what_is_not_known_still_breaks_the_run() -> None:
    wrong = report(GOOD, BAD)
    assert wrong["verdict"] == against(wrong, RES_6=LATER)["verdict"] == "broken"
    assert row(against(wrong, VAL_1=LATER), "VAL-1")["verdict"] == "broken"  # known, not kept


def test_both_page_and_terminal_tell_of_it() -> None:
    whole = against(report(GOOD, BAD, owed=("AUTH-2",)), VAL_1=LATER)
    assert "known      VAL-1: broken; until 2026-06-02: mended soon" in lines(whole, colour=False)
    assert "a known break until 2026-06-02" in page(Path("nowhere"), whole)
    assert sentence(whole).endswith("was kept, but for VAL-1, a known break.")


def test_the_verdicts_sentence_tells_known_breaks_apart() -> None:
    worse = sentence(against(report(GOOD, BAD, SHOUTING, owed=("VAL-1", "VAL-4")), VAL_1=LATER))
    assert worse.endswith(" broken, besides VAL-1, a known break, and 1 could not be decided.")
    unsure = sentence(against(report(GOOD, BAD, owed=("AUTH-2", "VAL-4")), VAL_1=LATER))
    assert unsure.startswith("Nothing but VAL-1, a known break, was found broken, and 1 of 3 promises could not be")
    mended = sentence(against(report(GOOD, BAD, owed=("AUTH-2",)), VAL_1=LATER, AUTH_2=LATER))
    assert mended.startswith(
        "Nothing but VAL-1, a known break, was found broken, and yet the run fails: AUTH-2 is listed"
    )
    assert "holds again" in mended


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
        ("404: text/html, id 6f9c0d1e-7a at 2026-06-01T11:58:00Z", "404: text/html, id … at …"),
    ],
)
def test_an_answer_is_compared_without_its_counts(answer: str, expected: str) -> None:
    assert told(answer) == expected


def observed(**answers: str) -> dict[str, Any]:
    document = report(GOOD, owed=("AUTH-2",))
    for each in document["observations"]:
        each["answer"] = answers.get(each["id"].replace("-", "_"), "not tried")
    return document


def test_what_changed_where_the_document_is_silent_is_told_and_fails_nothing() -> None:
    before = renewed(EMPTY, observed(at_stale="ok (once, first in #1)", at_future="ok (once, first in #1)"))
    now = observed(at_stale="error (9 times, first in #4)", batch_max="7 records taken")
    whole = compared(now, before, {}, "baseline.json")
    assert whole["verdict"] == "held"
    assert [(each["id"], each["before"], each["now"]) for each in whole["baseline"]["changed"]] == [
        ("at-stale", "ok", "error")
    ]
    assert "changed    at-stale: ok -> error" in lines(whole, colour=False)
    assert "Changed where the document is silent" in page(Path("nowhere"), whole)


def test_renewing_strikes_what_holds_again_and_keeps_what_was_not_tried() -> None:
    old = Baseline(1, {"AUTH-2": Known("a", LATER), "VAL-1": Known("b", LATER)}, {"at-stale": "ok", "batch-max": "7"})
    document = observed(at_stale="error (once, first in #1)")
    new = renewed(old, document)
    assert new.known.keys() == {"VAL-1"}
    assert new.observations == {"at-stale": "error", "batch-max": "7"}


def test_the_same_run_again_has_changed_nothing() -> None:
    document = report(GOOD, BAD)
    assert compared(document, renewed(EMPTY, document), {}, "b.json")["baseline"]["changed"] == []


def test_the_file_reads_well_in_a_diff_and_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    baseline = Baseline(1, {"VAL-1": Known("mended soon", LATER)}, {"at-stale": "ok", "at-equal": "Größe"})
    write_baseline(path, baseline)
    assert read_baseline(path) == baseline
    text = path.read_text(encoding="utf-8")
    assert text.index("at-equal") < text.index("at-stale")
    assert '    "at-equal": "Größe",\n' in text


GOOD_FILE: dict[str, Any] = {"schema": 1, "known": {}, "observations": {}}


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "No such file"),
        (b"", "is no baseline"),
        (b"[]", "is no baseline"),
        (b"\xff", "is no baseline"),
        (GOOD_FILE | {"schema": 2}, "schema 2"),
        (GOOD_FILE | {"more": 1}, "more"),
        ({"schema": 1, "known": {}}, "observations"),
        (GOOD_FILE | {"known": {"VAL-1": "soon"}}, "VAL-1"),
        (GOOD_FILE | {"known": {"VAL-99": {"reason": "a", "until": "2027-01-31"}}}, "VAL-99"),
        (GOOD_FILE | {"known": {"VAL-1": {"reason": " ", "until": "2027-01-31"}}}, "no reason"),
        (GOOD_FILE | {"known": {"VAL-1": {"reason": "a", "until": "soon"}}}, "until"),
        (GOOD_FILE | {"known": {"VAL-1": {"reason": "a"}}}, "until"),
    ],
)
def test_a_bad_file_is_refused_in_one_line(content: Any, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else msgspec.json.encode(content))
    with pytest.raises(BaselineError) as refused:
        read_baseline(path)
    assert complaint in str(refused.value) or "`object`" in str(refused.value)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(BaselineError, match="Is a directory"):
        write_baseline(tmp_path, EMPTY)
