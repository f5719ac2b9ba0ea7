"""The quick look at an answer: where it says "right", no rule finds anything, whatever the answer is."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.evidence import Evidence
from contracts.exchanges.exchange import Exchange, Request
from contracts.judge import findings_at_once
from contracts.seen import OPERATION_PATH
from loadtests.wire.batches import Share
from loadtests.wire.plain import plainly_right, told
from loadtests.wire.reply import Reply
from tests.build import CATALOGUE, FACTS, KEY, START

HEAD = [(b"Content-Type", b"application/json"), (b"X-RateLimit-Limit", b"100"), (b"X-RateLimit-Remaining", b"99")]


def share(size: int = 5) -> Share:
    return Share(CATALOGUE[:size], lambda length: b"%d\r\n\r\n" % length, START)


def look(reply: Reply, size: int, faulty: tuple[int, ...]) -> tuple[bool, list[str]]:
    """What the quick look says, and the promises that the rules find broken."""
    batch = share(max(size, 1)).batch(size, faulty)
    headers = (("Content-Type", "application/json"), ("Authorization", KEY))
    request = Request("POST", OPERATION_PATH, headers, batch.body(b"2026-06-01T12:00:00Z"))
    exchange = Exchange(1, 60.0, 60.1, request, reply.answer())
    evidence = Evidence(FACTS, [exchange])
    right, _ = plainly_right(reply, batch.wanted, *told(reply))
    return right, [finding.promise.id for finding in findings_at_once(evidence, evidence.seen[0])]


def results(size: int, faulty: tuple[int, ...] = ()) -> list[dict[str, Any]]:
    said = {"status": "error", "message": "quantity is missing"}
    return [{"index": k, **(said if k in faulty else {"status": "ok"})} for k in range(size)]


def body(results_: object, **more: object) -> bytes:
    return json.dumps({"status": "done", "results": results_, **more}).encode()


def test_what_is_right_is_quickly_seen_to_be() -> None:
    extra = [{**result, "sku": "a", "at": "2026-06-01T12:00:00Z"} for result in results(3)]
    for right in (
        body(results(3)),
        body(results(3), request_id="8a7-x", took_ms=4, meta={"host": ["a", "b"]}, next=None),
        body(list(reversed(results(3)))),
        b'{"status":"done","id":"8a7-2026 06.1","results":[%s]}' % body(results(3)).partition(b"[")[2][:-2],
        body(extra),
        json.dumps({"results": results(3), "status": "[]"}, indent=2).encode(),
        body([{**result, "status": "warning", "message": "stock is low"} for result in results(3)]),
        body([{**result, "message": None} for result in results(3)]),
        body([{**result, "message": f"record {result['index']}: stored"} for result in reversed(results(3))]),
    ):
        assert look(Reply(200, HEAD, right), 3, ()) == (True, []), right
    assert look(Reply(200, HEAD, body(results(3, (1,)))), 3, (1,)) == (True, [])
    refused = b'{"errors":[{"title":"quantity is missing","code":"invalid","source":{"pointer":"/1"}}]}'
    assert look(Reply(422, HEAD, refused), 3, (1,)) == (True, [])
    assert look(Reply(422, HEAD, refused), 3, ())[0] is False, "to a valid batch: for its size, perhaps"
    assert look(Reply(429, [*HEAD[:2], (b"X-RateLimit-Remaining", b"0")], b""), 3, ()) == (True, [])


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
@pytest.mark.parametrize("first", ["index", "status"])
def test_so_it_is_however_it_is_written_and_nothing_beside_it(separators: tuple[str, str], first: str) -> None:
    taken = [dict(sorted(result.items(), key=lambda member: member[0] != first)) for result in results(12)]
    text = json.dumps({"status": "done", "results": taken}, separators=separators).encode()
    for right in (text, text + b"\n", text + b" "):
        assert look(Reply(200, HEAD, right), 12, ()) == (True, []), right
    for place in range(len(text)):
        for wrong in (text[:place] + text[place + 1 :], text[:place] + b"0" + text[place + 1 :]):
            seen, found = look(Reply(200, HEAD, wrong), 12, ())
            assert not (seen and found), wrong
    for wrong in (text[:-1], text + b"}", text + b"\n\n]", text.replace(b"11", b"12"), text.replace(b"done", b"\\u12")):
        assert look(Reply(200, HEAD, wrong), 12, ())[0] is False, wrong
    assert look(Reply(200, HEAD, text), 11, ())[0] is look(Reply(200, HEAD, text), 12, (1,))[0] is False


def test_what_is_no_character_ends_nothing() -> None:
    """Half of a surrogate pair is JSON, and cannot be encoded."""
    told = [{**result, "sku": "a", "message": "\ud800: low, since 9:30"} for result in results(3)]
    assert look(Reply(200, HEAD, body(told)), 3, ()) == (False, [])


def test_a_header_told_twice_is_no_number_and_no_media_type() -> None:
    for twice, promise in ((HEAD[1], "RATE-3"), (HEAD[2], "RATE-3"), (HEAD[0], "FMT-1")):
        assert look(Reply(200, [*HEAD, twice], body(results(3))), 3, ()) == (False, [promise])


VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [0, 1, 2, -0.0, 1.0, True, None, "ok", "error", "warning", "OK", "", " ", "1", 10**8, 10**20, [], {},
     "2026-06-01 12:00:00", "2026-06-01T12:00:00Z", "21.07.2018 17:32", "Sat, 21 Jul 2018 17:32:28 GMT", "took 3:04",
     1_532_194_348, 1_532_194_348_000, 1.5e18, 1_532_194_348.5,
     [2018, 7, 21, 17, 32, 28], {"seconds": 1_532_194_348, "nanos": 0},
     "yesterday", "null", "NaN", "[]", '"results":']
)  # fmt: skip
NAMES = st.sampled_from(
    ["index", "status", "message", "results", "x", "at", "updated_at", "updatedAt", "timestamp", "datetime",
     "created", "date", "processed_on", "startTime", "time", "endDate", "ts", "lastSync", "stored_at"]
)  # fmt: skip
RESULT = st.builds(
    lambda known, more: {**known, **more},
    st.fixed_dictionaries({"index": st.integers(0, 3) | VALUES, "status": st.just("ok") | VALUES}),
    st.dictionaries(NAMES, VALUES, max_size=2),
)
SPLICES = st.sampled_from(
    [
        b"NaN",
        b"1e",
        b"-70931694",
        b"[",
        b"]",
        b'"',
        b",",
        b"\x00",
        b"\xff",
        b"\\ud800",
        b"0",
        b"null",
        b"-",
        b" ",
        b"{}",
        b"1e5",
    ]
)


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """Documents of nearly the right shape, and such with bytes put in or cut out."""
    listed = draw(st.lists(RESULT, max_size=4) | st.integers(1, 4).map(results) | VALUES)
    document = {
        "status": draw(st.just("done") | VALUES),
        "results": listed,
        **draw(st.dictionaries(NAMES, VALUES, max_size=2)),
    }
    document = dict(draw(st.permutations(list(document.items()))))
    text = json.dumps(document, separators=draw(st.sampled_from([None, (",", ":")]))).encode()
    text += draw(st.sampled_from([b"", b"\n"]))
    if draw(st.booleans()):
        place = draw(st.integers(0, len(text)))
        text = text[:place] + draw(SPLICES) + text[place + draw(st.integers(0, 3)) :]
    if draw(st.booleans()):
        text = text.replace(
            b'"results"', draw(st.sampled_from([b'"results": [], "results"', b'"a": [1], "results"'])), 1
        )
    return text


ERRORS = st.lists(
    st.dictionaries(st.sampled_from(["title", "code", "at", "x"]), VALUES, max_size=4) | VALUES, max_size=3
)


@settings(max_examples=500, deadline=None)
@given(ERRORS | VALUES, st.booleans(), st.dictionaries(NAMES, VALUES, max_size=1))
def test_so_it_is_of_refusals(errors: object, faulty: bool, more: dict[str, object]) -> None:
    text = json.dumps({"errors": errors, **more}).encode()
    right, found = look(Reply(422, HEAD, text), 3, (1,) if faulty else ())
    assert not (right and found), (text, found)


NUMBERS = st.sampled_from([b"0", b"99", b"100", b"101", b" 99", b"+1", b"-1", b"1.0", b"", b"0099", b"9" * 20])
TYPES = st.sampled_from(
    [b"application/json", b"application/json; charset=utf-8", b"Application/JSON", b"text/plain", b""]
)


@settings(max_examples=1500, deadline=None)
@given(
    bodies(),
    st.sampled_from([200, 200, 200, 429, 422, 401, 500]),
    st.integers(1, 4),
    st.booleans(),
    TYPES,
    NUMBERS,
    NUMBERS,
)
def test_right_means_that_no_rule_finds_anything(
    text: bytes, status: int, size: int, faulty: bool, kind: bytes, limit: bytes, remaining: bytes
) -> None:
    headers = [(b"content-type", kind), (b"X-RateLimit-Limit", limit), (b"x-ratelimit-remaining", remaining)]
    right, found = look(Reply(status, headers, text), size, (size - 1,) if faulty else ())
    assert not (right and found), (text, found)


@settings(max_examples=500, deadline=None)
@given(bodies(), st.integers(1, 4))
def test_so_it_is_under_right_headers(text: bytes, size: int) -> None:
    right, found = look(Reply(200, HEAD, text), size, ())
    assert not (right and found), (text, found)
