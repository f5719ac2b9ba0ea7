"""junit.xml: one case a promise, no more green than the run, and whole whatever a server has said."""

from datetime import date
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from contracts.report.baseline import Baseline, Known, compared
from contracts.report.junit import junit
from openapi.ledger import LEDGER
from tests.build import FACTS, answer, asked, record
from tests.reports import BAD, GOOD, HOSTILE, SHOUTING, report, row

# Of what Jenkins, GitLab and GitHub's readers take: each element's attributes, and what may stand in it.
ATTRIBUTES = {
    "testsuites": set[str](),
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time", "timestamp"},
    "properties": set[str](),
    "property": {"name", "value"},
    "testcase": {"classname", "name", "time"},
    "failure": {"message", "type"},
    "error": {"message", "type"},
    "skipped": {"message"},
}


def suite_of(document: dict[str, Any]) -> ET.Element:
    root = ET.fromstring(junit(document))  # noqa: S314 — our own
    assert root.tag == "testsuites"
    for element in root.iter():
        assert set(element.attrib) == ATTRIBUTES[element.tag]
    (suite,) = root
    for name, tag in {"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped"}.items():
        assert suite.get(name) == str(len(list(suite.iter(tag))))
    return suite


def case(suite: ET.Element, name: str) -> ET.Element:
    return next(each for each in suite.iter("testcase") if str(each.get("name")).startswith(name))


def test_every_promise_is_a_case_below_its_chapter() -> None:
    suite = suite_of(report(GOOD, BAD))
    cases = list(suite.iter("testcase"))
    assert [str(each.get("name")).partition(":")[0] for each in cases] == [promise.id for promise in LEDGER]
    assert case(suite, "RES-6").get("classname") == "promises.results"
    told = {each.get("name"): each.get("value") for each in suite.iter("property")}
    assert told == {"target": FACTS.base_url, "seed": "1", "verdict": "broken"}


def test_a_broken_promise_fails_with_its_argument_below_a_short_message() -> None:
    failure = case(suite_of(report(GOOD, BAD)), "VAL-1").find("failure")
    assert failure is not None
    assert len(failure.attrib["message"]) < 130
    assert all(word in str(failure.text) for word in ("the document", "expected", "actual", "harm", "curl "))


def test_an_undecided_promise_is_an_error_and_what_was_not_owed_is_skipped() -> None:
    suite = suite_of(report(GOOD, owed=("VAL-4",)))
    error = case(suite, "VAL-4").find("error")
    assert error is not None
    assert error.attrib["message"].startswith("undecided: its stimulus")
    assert str(error.text)
    skipped = case(suite, "RES-1").find("skipped")
    assert skipped is not None
    assert "scope" in skipped.attrib["message"]


@pytest.mark.parametrize("verdict", ["undecided", "broken"])
def test_a_run_that_is_not_held_is_never_green(verdict: str) -> None:
    """Though each promise is: as where it was broken off between two scenarios, or where the key was written."""
    suite = suite_of(report(GOOD, owed=("AUTH-2",)) | {"verdict": verdict, "reason": "interrupted"})
    assert int(suite.attrib["failures"]) + int(suite.attrib["errors"]) == 1
    assert case(suite, "the whole run")[0].attrib == {"type": verdict, "message": "interrupted"}


@pytest.mark.parametrize(("state", "tag"), [("broken", "skipped"), ("holds again", "failure")])
def test_a_known_break_is_skipped_until_it_holds_again(state: str, tag: str) -> None:
    document = report(GOOD, BAD)
    row(document, "VAL-1")["known"] = {"state": state, "until": "2027-01-31", "reason": HOSTILE}
    assert case(suite_of(document), "VAL-1").find(tag) is not None


def test_whatever_a_server_says_is_text() -> None:
    shout = HOSTILE + "]]></failure><testcase name='mine'/>\ufffe\ud800 &amp; " + "x" * 100_000
    document = report(SHOUTING, asked([record()], answer(500, shout.encode("utf-8", "surrogatepass"), left=96)))
    for each in document["promises"]:
        each["reason"] = shout
        for finding in each["findings"]:
            finding["actual"] = finding["expected"] = shout
    written = junit(document | {"reason": shout, "target": {"base_url": shout}})
    assert len(written) < 100_000
    assert not set("\x1b\x07\u202e\x00\ufffe") & set(written.decode())
    assert not any(each.get("name") == "mine" for each in ET.fromstring(written).iter())  # noqa: S314 — our own


def test_a_passed_date_is_a_failure_and_a_change_a_property() -> None:
    listed = {name: Known("soon", date(2026, 5, 31)) for name in ("VAL-1", "VAL-4")}
    now = report(GOOD, BAD, owed=("AUTH-2", "VAL-4"))
    name = next(each["id"] for each in now["observations"] if each["answer"] != "not tried")
    suite = suite_of(compared(now, Baseline(1, listed, {name: "of another day"}), "b.json"))
    for broken in listed:
        failure = case(suite, broken).find("failure")
        assert failure is not None
        assert failure.attrib["message"] == f"{broken} is a known break whose date, 2026-05-31, has passed"
    assert any(each.get("name") == f"changed: {name}" for each in suite.iter("property"))
