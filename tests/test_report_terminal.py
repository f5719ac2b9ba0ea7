"""The terminal's story: short, and never scripted by a server."""

import re
from pathlib import Path

import pytest

from contracts.report.html import page
from contracts.report.terminal import lines, safe
from openapi.ledger import BY_ID
from tests.reports import BAD, GOOD, SHOUTING, report, row


def test_the_terminals_story() -> None:
    told = lines(report(GOOD, BAD, certainty={"VAL-1": "always"}), colour=False)
    text = "\n".join(told)
    assert told[0] == "VAL-1  must  broken"
    assert f'"{BY_ID["VAL-1"].quote}"' in text
    assert "each time it was tried, in exchange #2" in text
    assert "RATE-3 RATE-4 RATE-6" in next(line for line in told if line.startswith("held"))
    assert "VAL-4" in next(line for line in told if line.startswith("undecided"))
    assert told[-1] == "verdict: broken"


@pytest.mark.parametrize("argued", [False, True])
def test_the_story_keeps_to_twenty_lines_however_much_is_broken(argued: bool) -> None:
    told = lines(report(GOOD, BAD, SHOUTING, certainty={"VAL-1": "always"}), colour=False, argued=argued)
    assert len(told) <= 20
    assert any(line.startswith("  expected") for line in told) != argued
    assert "broken     RES-4: " in "\n".join(told)


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


# The page
