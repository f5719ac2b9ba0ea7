"""The terminal's story: short, and never scripted by a server."""

import re
from pathlib import Path
from typing import Any

import pytest

from contracts.command import safe
from contracts.report.html import page
from contracts.report.terminal import lines
from openapi.ledger import BY_ID, LEDGER
from tests.reports import BAD, GOOD, SHOUTING, report, row


def test_the_terminals_story() -> None:
    told = lines(report(GOOD, BAD, certainty={"VAL-1": "always"}), colour=False)
    text = "\n".join(told)
    assert told[0] == "VAL-1  must  broken"
    one_line = " ".join(text.split())
    assert f'"{BY_ID["VAL-1"].quote}"' in one_line
    assert f"harm {BY_ID['VAL-1'].harm}" in one_line
    assert "each time it was tried, in exchange #2" in text
    assert "RATE-3 RATE-4 RATE-6" in next(line for line in told if line.startswith("held"))
    assert "VAL-4" in one_line.partition("undecided")[2].partition(":")[0]
    assert "http://target.test: 2 requests, 2 records, 2 s, seed 1" in told
    assert told[-1] == "verdict: broken"


@pytest.mark.parametrize("breaks", [1, 2, 3, 8, 9, 12, 30])
def test_the_story_keeps_to_about_twenty_lines_however_much_is_broken(breaks: int) -> None:
    told = lines(with_breaks(breaks), colour=False)
    text = " ".join(" ".join(told).split())
    assert len(told) <= 25
    assert sum(line.startswith("  expected") for line in told) == 1
    assert all(promise.id in text for promise in LEDGER[:breaks])


def with_breaks(breaks: int) -> dict[str, Any]:
    """The first so many promises, all broken in the same way."""
    document = report(GOOD, BAD)
    finding = row(document, "VAL-1")["findings"]
    for each in document["promises"][:breaks]:
        each |= {"verdict": "broken", "findings": finding, "found": 3}
    return document | {"promises": document["promises"][:30]}


def test_every_broken_promise_argues_where_that_is_asked_for() -> None:
    told = lines(report(GOOD, BAD, SHOUTING), colour=False, argued=30)
    assert sum(line.startswith("  expected") for line in told) == 2


@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_no_line_is_wider_than_the_terminal_but_what_is_to_be_copied(width: int) -> None:
    told = lines(report(GOOD, BAD, SHOUTING), colour=False, width=width)
    assert max(len(line) for line in told if not line.startswith("  see it")) <= min(width, 100)
    assert "".join("".join(told).split()) == "".join("".join(lines(report(GOOD, BAD, SHOUTING), False)).split())


def test_scenarios_left_out_for_one_reason_are_told_together() -> None:
    why = {"left_out": "no time is left for it"}
    document = report(GOOD, load={"Flood": why, "Capacity": {"left_out": "the limit is too small"}, "Stampede": why})
    told = [line for line in lines(document, colour=False) if line.startswith("left out")]
    assert told == [
        "left out   Flood, Stampede: no time is left for it",
        "left out   Capacity: the limit is too small",
    ]


def test_colour_only_where_it_is_asked_for() -> None:
    document = report(GOOD, BAD)
    assert "\x1b[" not in "".join(lines(document, colour=False))
    plain = [re.sub(r"\x1b\[[0-9;]+m", "", line) for line in lines(document, colour=True)]
    assert plain == lines(document, colour=False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain Größe 😀", "plain Größe 😀"),
        ("\x1b[2J", "\\x1b[2J"),
        ("\u202egnp", "\\u202egnp"),
        ("a\r\nb\x00", "a\\r\\nb\\x00"),
        ("e\u0301 \ud800", "e\u0301 \\ud800"),
        ("a" + 6 * "\u0301" + "b\u0301", "a" + 4 * "\u0301" + 2 * "\\u0301" + "b\u0301"),  # across the lines above
        ("\u2028\x9b\ue000", "\\u2028\\x9b\\ue000"),
        ("x" * 400, "x" * 299 + "…"),
    ],
)
def test_a_servers_text_cannot_script_the_terminal(text: str, expected: str) -> None:
    assert safe(text) == expected


def test_a_hostile_answer_reaches_neither_terminal_nor_page_as_it_is() -> None:
    document = report(SHOUTING)
    told = "\n".join(lines(document, colour=False))
    html = page(Path("nowhere"), document)
    assert row(document, "RES-4")["findings"]
    assert not set("\x1b\x07\u202e\x00\r") & set(told + html)
    assert "<script>alert" not in html
