"""report.html: made of the run folder alone, asking for nothing outside; its sentences and tables."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.history.writer import HistoryWriter
from contracts.report import __main__ as again
from contracts.report.document import write
from contracts.report.figures import ROWS, Table, tables
from contracts.report.folding import fold
from contracts.report.gates import gate_rows
from contracts.report.html import LARGEST, harm, page, render, sentence, surely, undecided
from contracts.report.remedies import remedy
from openapi.ledger import BY_ID
from tests.build import FACTS, answer, asked, numbered
from tests.reports import BAD, GOOD, SHOUTING, report, row, scenario


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The folder of a run with a finding in a hostile answer."""
    writer = HistoryWriter(tmp_path / "history.jsonl", FACTS, None)
    for exchange in numbered([GOOD, BAD, SHOUTING]):
        writer.append(exchange)
    writer.close()
    write(tmp_path, report(GOOD, BAD, SHOUTING, certainty={"VAL-1": "always"}))
    return tmp_path


def test_a_run_is_written_as_data_and_as_a_page(run: Path) -> None:
    assert msgspec.json.decode((run / "report.json").read_bytes())["verdict"] == "broken"
    html = (run / "report.html").read_text(encoding="utf-8")
    assert "Request 2" in html
    assert "Answer 2" in html
    assert "$BSPK_API_KEY" in html
    made = {"report.json", "report.html", "junit.xml"}
    assert {path.name for path in run.iterdir()} == made | {"history.jsonl", "writes.csv"}


def test_the_page_asks_for_nothing_outside(run: Path) -> None:
    html = (run / "report.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in html
    assert not re.search(r"<(?:link|img|script|iframe)[^>]+(?:src|href)=\"(?!data:,\")", html)
    assert not re.search(r"url\(|@import", html)
    assert re.findall(r"href=\"([^#\"][^\"]*)\"", html) == ["data:,"]


def test_the_page_can_be_made_again_from_the_folder(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (run / "report.html").read_bytes()
    (run / "report.html").unlink()
    assert again.main([str(run)]) == 0
    assert (run / "report.html").read_bytes() == before
    assert capsys.readouterr().out.strip().endswith("report.html")


@pytest.mark.parametrize("content", [None, "not JSON", "[]", '{"schema": 2}', '{"schema": 1}'])
def test_what_is_no_run_is_refused_in_one_line(
    content: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (tmp_path / "report.json").write_text(content, encoding="utf-8")
    assert again.main([str(tmp_path)]) == 4
    assert capsys.readouterr().err.count("\n") == 1


def test_without_its_history_a_report_argues_and_says_what_is_missing(run: Path) -> None:
    (run / "history.jsonl").unlink()
    assert again.main([str(run)]) == 0
    html = (run / "report.html").read_text(encoding="utf-8")
    assert "Exchange 2 does not stand here: history.jsonl lacks it" in html
    assert "quantity is missing" in html


def test_a_scenarios_witness_is_found_in_its_own_history(tmp_path: Path) -> None:
    folder = tmp_path / "loadtests" / "Flood"
    writer = HistoryWriter(folder / "history.jsonl", FACTS, None)
    writer.append(replace(numbered([BAD])[0], seq=1))
    writer.close()
    assert "Request 1" in page(tmp_path, fold(report(GOOD, owed=("AUTH-2",)), [scenario(BAD)]))


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (report(GOOD, owed=("AUTH-2", "AUTH-3")), "Every one of the 2 promises"),
        (report(GOOD, BAD), "1 of 30 promises is broken, and 9 could not be decided."),
        (report(GOOD, owed=("VAL-4",)), "Nothing was found broken, but 1 of 1 promises could not be decided: its"),
    ],
)
def test_the_verdict_in_one_sentence(document: dict[str, Any], expected: str) -> None:
    assert sentence(document).startswith(expected)


def test_below_the_verdict_each_breach_is_told_by_what_it_means() -> None:
    html = page(Path("nowhere"), report(GOOD, BAD, owed=("AUTH-2",), certainty={"VAL-1": "always"}))
    top, _, rest = html.partition("<main")
    assert '<a href="#VAL-1">VAL-1</a> ' + BY_ID["VAL-1"].harm in top
    assert "Each time it was tried." in top
    assert '<h3 id="VAL-1">' in rest


@pytest.mark.parametrize(
    ("certainty", "found", "expected"),
    [
        ("always", 3, "each time it was tried"),
        ("2 of 5", 3, "2 of 5 times"),
        ("1 of 1", 1, "seen once"),
        ("1 of 1", 2600, "seen 2,600 times"),  # under load none is tried again
    ],
)
def test_how_surely_a_breach_shows(certainty: str, found: int, expected: str) -> None:
    assert surely({"found": found, "findings": [{"certainty": certainty}]}) == expected


def test_a_broken_gate_is_told_by_how_far_it_was_missed() -> None:
    gate = {"id": "GATE-P99", "what": "p99 below 1 s", "verdict": "broken", "samples": 1204, "seen": "1.3 s in Flood"}
    (row,) = gate_rows({"Flood": {"gates": [gate | {"reason": None}]}})
    assert harm(row) == "Your gate, p99 below 1 s: 1.3 s in Flood, over 1,204 samples."


def test_a_scenario_asks_its_question() -> None:
    load = {"load": {"Flood": {"question": "Does it hold?", "users": 1}}}
    assert "<p>Does it hold?</p>" in page(Path("nowhere"), report(GOOD) | load)


@pytest.mark.parametrize(
    ("name", "in_scope", "reason", "expected"),
    [
        ("RES-3", True, "the cap of 40 requests is reached", "Give a higher --max-requests."),
        ("RATE-1", False, "not owed by what ran", "Run it: pytest loadtests."),
        (
            "VAL-4",
            True,
            "its stimulus was never answered by the operation",
            "It is tested so: The empty batch is sent.",
        ),
        ("GATE-P99", True, "nothing was sent", "Run again."),
        (
            "GATE-P99",
            True,
            "Flood was left out: no time is left for it within the 60 s of --load-time",
            "Give the scenarios more time (--load-time).",
        ),
    ],
)
def test_what_would_decide_an_open_promise(name: str, in_scope: bool, reason: str, expected: str) -> None:
    assert remedy({"id": name, "in_scope": in_scope, "reason": reason}) == expected


def test_promises_left_open_for_one_reason_stand_together() -> None:
    document = report(GOOD, owed=("AUTH-2", "VAL-4", "ERR-3"))
    for each in document["promises"]:
        each["reason"] = each["reason"] and "the cap of 1 requests is reached"
    expected = [(["ERR-3", "VAL-4"], "The cap of 1 requests is reached", "Give a higher --max-requests.")]
    assert undecided(document["promises"]) == expected
    assert "ERR-3 VAL-4" in page(Path("nowhere"), document)


def test_figures_of_any_shape_become_tables() -> None:
    load = {
        "offered_rps": 12.5,
        "p99": {"corrected_ms": 1300.4, "ok": True},
        "steps": [{"users": 1}, {"users": 2, "errors": None}],
    }
    assert tables("Flood", load) == [
        Table(
            "Flood: single figures",
            ("figure", "value"),
            (("offered rps", "12.5"), ("p99, corrected ms", "1,300"), ("p99, ok", "yes")),
        ),
        Table("Flood: steps", ("users", "errors"), (("1", "–"), ("2", "–"))),
    ]


def test_a_scenario_left_out_says_why(tmp_path: Path) -> None:
    document = report(GOOD, owed=("AUTH-2",)) | {"load": {"Flood": {"left_out": "the Limit is above what is sent"}}}
    html = page(tmp_path, document)
    assert "the Limit is above what is sent." in html
    assert tables("Flood", document["load"]["Flood"]) == []


def test_a_long_series_is_thinned_and_says_so() -> None:
    (table,) = tables("Flood", {"series": [{"t_s": number} for number in range(600)]})
    assert len(table.rows) == ROWS
    assert (table.rows[0], table.rows[-1]) == (("0",), ("599",))
    assert "600 rows" in table.caption


@pytest.mark.parametrize(
    ("sent", "shown"), [("x", 3), ('"', 1), ("\u202e", 1), ("\U000f0000", 0)], ids=["x", "quote", "override", "private"]
)
def test_a_page_stays_below_its_size_whatever_breaks(sent: str, shown: int) -> None:
    document, large = report(GOOD, BAD), answer(200, 20_000 * sent.encode())
    finding = {**row(document, "VAL-1")["findings"][0], "witness": [1, 2, 3], "actual": 5_000 * sent}
    for each in document["promises"]:
        each.update(verdict="broken", found=5, findings=5 * [finding])
    html = render(document, {seq: asked(20_000 * sent.encode(), large) for seq in (1, 2, 3)})
    assert len(html.encode()) < LARGEST
    assert html.count('<div class="pair">') == shown * len(document["promises"])


# Explaining
