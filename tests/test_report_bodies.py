"""What the report shows of an exchange: the difference is marked, the rest is text whatever the server sent."""

import json

import pytest

from contracts.exchanges.exchange import Cause
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


TIMED = reply([*ok(0), {"index": 1, "status": "ok", "a/b~c": {"at": "21.07.2018", "n": [1]}}])


@pytest.mark.parametrize(
    ("document", "pointer", "expected"),
    [
        (TIMED, "/results/1/a~1b~0c/at", ["&#34;21.07.2018&#34;"]),
        (TIMED, "/results/1/index", ["1"]),
        (TIMED, "/results/1/a~1b~0c/n/0", ["1"]),
        (TIMED, "/status", ["&#34;done&#34;"]),
        (TIMED, "", []),  # all of it: nothing would stand out
        (TIMED, "/results/2", []),
        (TIMED, "/results/one", []),
        (TIMED, "/status/0/x", []),
        ({"7": 1}, "/7", ["1"]),
    ],
)
def test_the_place_at_fault_is_marked(document: object, pointer: str, expected: list[str]) -> None:
    assert marked(body(json.dumps(document).encode(), 1, pointer)) == expected


@pytest.mark.parametrize("size", [1, 400])
def test_what_is_marked_may_have_lines_of_its_own_and_stand_in_a_long_list(size: int) -> None:
    document = reply([{"index": number, "status": {"is": "ok"}} for number in range(size)])
    shown = body(json.dumps(document).encode(), None, f"/results/{size - 1}/status")
    assert marked(shown) == ["{", "&#34;is&#34;: &#34;ok&#34;", "}"]
    assert ("of 400 these alone" in shown) == (size == 400)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b'{"a": 1} trailing', ["trailing"]),
        (b'{"a": nope}', ["nope}"]),
        (b'{"a": "\xff"}', ["\\xff&#34;}"]),
        (b"\xef\xbb\xbf{}", ["\\ufeff{}"]),
        (b"9" * 5000, []),
        (b"[" * 100_000, []),
    ],
)
def test_where_a_body_ceases_to_be_json_is_marked(raw: bytes, expected: list[str]) -> None:
    assert marked(body(raw, None, "")) == expected


@pytest.mark.parametrize("depth", [10, 100, 300, 500, 800, 950, 2000, 20_000])
def test_however_deep_a_body_is_it_is_shown(depth: int) -> None:
    raw = b'{"results":' + b"[" * depth + b"]" * depth + b"}"
    assert "results" in body(raw, 0)
    assert "results" in body(raw, None, "/results" + "/0" * (depth - 1))


@pytest.mark.parametrize("document", [BATCH, reply([*ok(0), error(1)]), {"inventories": [{}, {"a": [1, {}]}]}])
def test_marking_changes_no_character(document: object) -> None:
    raw = json.dumps(document).encode()
    for shown in (body(raw, 1), body(raw, None, "/results/1"), body(raw, None, "/inventories/1/a")):
        assert shown.replace("<mark>", "").replace("</mark>", "") == body(raw)


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
