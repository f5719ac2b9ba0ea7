"""What the report shows of an exchange: the difference is marked, the rest is text whatever the server sent."""

import json

import pytest

from contracts.exchange import Cause
from contracts.report.bodies import LONGEST_BODY, answer_head, body, request_head
from tests.build import answer, asked, error, ok, record, reply

BATCH = {"inventories": [{"sku": "a"}, {"sku": "b"}, {"sku": "c"}]}


def marked(text: str) -> list[str]:
    return [part.partition("</mark>")[0] for part in text.split("<mark>")[1:]]


@pytest.mark.parametrize(
    ("document", "index", "expected"),
    [
        (BATCH, 1, ["&#34;sku&#34;: &#34;b&#34;"]),
        (BATCH, None, []),
        (BATCH, 3, []),
        (BATCH, -1, []),
        (reply([*ok(0), error(1)]), 1, ["&#34;index&#34;: 1"]),
        (reply([error(1), error(1)]), 1, ["&#34;index&#34;: 1"] * 2),  # both that speak of it
        (reply(ok(0)), 5, []),
        ([1, 2], 0, []),
        ({"results": "none"}, 0, []),
    ],
)
def test_the_record_at_fault_is_marked(document: object, index: int | None, expected: list[str]) -> None:
    found = marked(body(json.dumps(document).encode(), index))
    assert found.count("{") == len(expected)
    assert [mark.rstrip(",") for mark in found if mark.rstrip(",") in expected] == expected


@pytest.mark.parametrize("document", [BATCH, reply([*ok(0), error(1)]), {"inventories": [{}, {"a": [1, {}]}]}])
def test_marking_changes_no_character(document: object) -> None:
    raw = json.dumps(document).encode()
    assert body(raw, 1).replace("<mark>", "").replace("</mark>", "") == body(raw)


def test_of_a_large_batch_the_record_at_fault_alone_is_shown() -> None:
    shown = body(json.dumps({"inventories": [{"sku": f"s-{number}"} for number in range(999)]}).encode(), 500)
    assert "of 999 these alone" in shown
    assert "s-500" in marked(shown)[1]
    assert len(shown) < 300


@pytest.mark.parametrize("raw", [b"\xff\x00" * 9, b'{"a":1, "a":2}', b"[" * 100_000, b'{"a": 1e400}', b"x" * (1 << 20)])
def test_a_body_that_is_no_plain_json_is_shown_as_it_came(raw: bytes) -> None:
    shown = body(raw, 0)
    assert "<mark>" not in shown
    assert len(shown) <= 6 * LONGEST_BODY


def test_a_hostile_body_stays_text() -> None:
    raw = json.dumps(reply([{"index": 0, "message": "</mark><script>\u202e\x1b[2J"}]), ensure_ascii=False).encode()
    shown = body(raw, 0)
    assert "<script" not in shown
    assert not {"\u202e", "\x1b"} & set(shown)


@pytest.mark.parametrize(
    ("promise", "sent", "came"),
    [
        ("AUTH-1", ["Authorization: Bearer $BSPK_API_KEY"], ["200"]),
        ("RATE-4", [], ["200", "X-RateLimit-Limit: 100", "X-RateLimit-Remaining: 99"]),
        ("ERR-1", [], ["200"]),
        ("FMT-1", [], ["Content-Type: application/json"]),
        ("FMT-2", [], []),
        ("RES-3", [], []),
        ("GATE-P99", [], []),
    ],
)
def test_the_lines_that_a_chapter_speaks_of_are_marked(promise: str, sent: list[str], came: list[str]) -> None:
    exchange = asked([record()], answer())
    assert marked(request_head(exchange, promise)) == sent
    assert marked(answer_head(exchange, promise)) == came


def test_no_answer_says_why() -> None:
    assert answer_head(asked([record()], Cause.CUT), "ERR-2") == f"<mark>no answer: {Cause.CUT}</mark>"
