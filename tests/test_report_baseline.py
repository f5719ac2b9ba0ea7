"""The baseline: what it puts up with and until when, what it tells, and how a bad file is refused."""

from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.report.baseline import (
    EMPTY,
    WHOLE,
    Baseline,
    BaselineError,
    Extent,
    Known,
    check_writable,
    compared,
    read_baseline,
    renewed,
    write_baseline,
)
from contracts.report.html import page, sentence
from contracts.report.terminal import lines
from tests.reports import BAD, GOOD, SHOUTING, observed, report, row

LATER, EARLIER, TODAY = date(2026, 6, 2), date(2026, 5, 31), date(2026, 6, 1)  # the runs here are of 2026-06-01


PARTLY = Extent(partly=frozenset({"AUTH-2", "VAL-1"}))


def listing(**known: date) -> Baseline:
    return Baseline(1, {name.replace("_", "-"): Known("mended soon", until) for name, until in known.items()}, {})


def against(document: dict[str, Any], **known: date) -> dict[str, Any]:
    return compared(document, listing(**known), "baseline.json")


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
        (report(GOOD, owed=("VAL-4",)), {"VAL_4": EARLIER}, "broken", "past its date"),
        # out of this run's scope: neither seen nor missed
        (report(GOOD, owed=("AUTH-2",)), {"VAL_4": LATER}, "held", "not tried"),
        (report(GOOD, owed=("AUTH-2",)), {"VAL_4": EARLIER}, "held", "not tried"),
        (report(GOOD, owed=("AUTH-2",)), {"GATE_p99": EARLIER}, "held", "not tried"),
    ],
)
def test_a_known_break(document: dict[str, Any], known: dict[str, date], verdict: str, state: str) -> None:
    whole = against(document, **known)
    assert (whole["verdict"], [each["state"] for each in whole["baseline"]["known"]]) == (verdict, [state])
    assert (whole["reason"] is None) == (verdict == "held")


@pytest.mark.parametrize(
    ("document", "known", "verdict", "state"),
    [
        (report(GOOD, owed=("AUTH-2",)), {"AUTH_2": LATER}, "held", "held by the part of its tests that ran"),
        (report(GOOD, owed=("AUTH-2",)), {"AUTH_2": EARLIER}, "broken", "past its date"),
        (report(GOOD, BAD, owed=("AUTH-2",)), {"VAL_1": LATER}, "held", "broken"),
    ],
)
def test_to_hold_in_a_part_is_not_to_hold_again(
    document: dict[str, Any], known: dict[str, date], verdict: str, state: str
) -> None:
    old = listing(**known)
    whole = compared(document, old, "baseline.json", PARTLY)
    assert (whole["verdict"], [each["state"] for each in whole["baseline"]["known"]]) == (verdict, [state])
    assert renewed(old, document, PARTLY).known == old.known


def test_what_is_struck_off_is_told_and_fails_nothing() -> None:
    old = Baseline(1, {"AUTH-2": Known("mended soon", EARLIER)}, {})
    whole = compared(report(GOOD, owed=("AUTH-2",)), old, "b.json", WHOLE, {"AUTH-2"})
    assert whole["verdict"] == "held"
    (told,) = (line for line in lines(whole, colour=False) if line.startswith("known"))
    assert told == "known      AUTH-2: holds again, and is off the list now; until 2026-05-31: mended soon"


def test_what_is_not_known_still_breaks_the_run() -> None:
    wrong = report(GOOD, BAD)
    assert wrong["verdict"] == against(wrong, RES_6=LATER)["verdict"] == "broken"
    assert row(against(wrong, VAL_1=LATER), "VAL-1")["verdict"] == "broken"  # known, not kept


def test_both_page_and_terminal_tell_of_it() -> None:
    whole = against(report(GOOD, BAD, owed=("AUTH-2",)), VAL_1=LATER)
    told = lines(whole, colour=False)
    assert told[0].startswith("held")  # it argues no more
    assert "known      VAL-1: broken; until 2026-06-02: mended soon" in told
    assert told[-1] == "verdict: held, but for what is known of VAL-1"
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


def test_renewing_strikes_what_holds_again_and_keeps_what_was_not_tried() -> None:
    observations = {"at-stale": "ok", "batch-max": "7", "asked-no-more": "ok"}
    old = Baseline(1, {"AUTH-2": Known("a", LATER), "VAL-1": Known("b", LATER)}, observations)
    document = observed(at_stale="error (once, first in #1)")
    new = renewed(old, document, Extent("seed 2"))
    assert new.sent == "seed 2"
    assert new.known.keys() == {"VAL-1"}
    assert new.observations == {"at-stale": "error", "batch-max": "7"}


def test_the_same_run_again_has_changed_nothing() -> None:
    document = report(GOOD, BAD)
    assert compared(document, renewed(EMPTY, document), "b.json")["baseline"]["changed"] == []


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
        (None, "no such file; --baseline-update makes it"),
        (GOOD_FILE | {"sent": 1}, "sent"),
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


def unwritable(kind: str, folder: Path) -> Path:
    match kind:
        case "a folder":
            return folder
        case "in no folder":
            return folder / "none" / "baseline.json"
        case "read only":
            (folder / "baseline.json").write_text("{}")
            (folder / "baseline.json").chmod(0o444)
    return folder / "baseline.json"


@pytest.mark.parametrize(
    ("kind", "complaint"),
    [("a folder", "Is a directory"), ("in no folder", "there is no folder"), ("read only", "it may not be written")],
)
def test_a_file_that_cannot_be_written_is_said_and_left(kind: str, complaint: str, tmp_path: Path) -> None:
    path = unwritable(kind, tmp_path)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(BaselineError, match=complaint):
        check_writable(path)
    with pytest.raises(BaselineError, match=complaint):
        write_baseline(path, EMPTY)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("there", [True, False])
def test_what_a_link_points_to_is_written_and_the_link_kept(there: bool, tmp_path: Path) -> None:
    link, target = tmp_path / "link.json", tmp_path / "target.json"
    if there:
        write_baseline(target, EMPTY)
    link.symlink_to(target)
    write_baseline(link, Baseline(1, {}, {"at-stale": "ok"}))
    assert link.is_symlink()
    assert read_baseline(target).observations == {"at-stale": "ok"}


def test_a_baseline_that_was_there_survives_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "baseline.json"
    write_baseline(path, Baseline(1, {}, {"at-stale": "ok"}))

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_bytes", full)
        with pytest.raises(BaselineError, match="No space left"):
            write_baseline(path, EMPTY)
    assert read_baseline(path).observations == {"at-stale": "ok"}
