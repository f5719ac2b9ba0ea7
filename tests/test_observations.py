"""Observations: what is read from a history where the document is silent, and what is left unsaid."""

from typing import Any

import pytest

from contracts.exchanges.exchange import Answer, Exchange, Request
from contracts.observations import LIMITERS, NOT_TRIED, observe
from contracts.rules.limiters import CANDIDATES
from openapi.ledger import QUESTIONS
from tests.build import ERRORS, KEY, START, answer, asked, error, evidence, numbered, ok, record, reply

UNKNOWN = {"product_ref": "bspk-harness-unknown"}
LATER = START.replace(year=START.year + 1).isoformat().replace("+00:00", "Z")


def told(*exchanges: Exchange, as_they_are: bool = False) -> dict[str, str]:
    history = exchanges if as_they_are else numbered(exchanges)
    return {each.id: each.answer for each in observe(evidence(history))}


def one(outcome: str, **changes: Any) -> Exchange:
    """One record, and what it got."""
    if outcome == "422":
        return asked([record(**changes)], answer(422, ERRORS))
    result = error(0) if outcome == "error" else {"index": 0, "status": outcome, "message": "m"}
    return asked([record(**changes)], answer(body=reply([result])))


def test_every_question_of_the_ledger_gets_a_line_and_an_empty_run_answers_none() -> None:
    assert told() == {question.id: NOT_TRIED for question in QUESTIONS}


def test_every_limiter_has_its_words() -> None:
    assert set(LIMITERS) == set(CANDIDATES)


RECORDS = [
    ("unknown-reference", UNKNOWN),
    ("quantity-negative", {"quantity": -1}),
    ("quantity-huge", {"quantity": 1_000_001}),
    ("at-no-offset", {"at": "2026-06-01T11:58:00"}),
    ("at-space", {"at": "2026-06-01 11:58:00Z"}),
    ("at-lower-case", {"at": "2026-06-01t11:58:00z"}),
    ("at-leap-second", {"at": "2016-12-31T23:59:60Z"}),
    ("at-date-only", {"at": "2026-06-01"}),
    ("at-week-date", {"at": "2026-W22-1"}),
    ("at-future", {"at": LATER}),
    ("unknown-property", {"note": "x"}),
]


@pytest.mark.parametrize("outcome", ["ok", "warning", "error", "422"])
@pytest.mark.parametrize(("question", "changes"), RECORDS)
def test_a_record_that_is_odd_in_one_way_tells(question: str, changes: dict[str, object], outcome: str) -> None:
    assert told(one(outcome, **changes))[question] == f"{outcome} (once, first in #1)"


@pytest.mark.parametrize(
    ("question", "name"),
    [("ref-empty", ""), ("ref-long", "x" * 300), ("ref-non-ascii", "Größe"), ("ref-control", "\x01")],
)
def test_an_odd_reference_is_told_apart_from_an_unknown_one(question: str, name: str) -> None:
    odd, unknown = one("error", product_ref=name), one("error", **UNKNOWN)
    assert told(odd)[question] == "error (once, first in #1)"
    assert told(odd, unknown)[question].endswith("so does any reference that is not in the catalogue")
    assert told(odd, one("ok", **UNKNOWN))[question] == "error (once, first in #1)"


def test_a_moment_to_come_is_tried_on_references_that_nobody_has() -> None:
    ahead, unknown = one("error", at=LATER, **UNKNOWN), one("error", **UNKNOWN)
    assert told(ahead)["at-future"] == "error (once, first in #1)"
    assert told(unknown, ahead)["at-future"].endswith("so does any reference that is not in the catalogue")


SILENT = [
    ("two oddities at once", one("error", quantity=-1, note="x")),
    ("refused with a faulty record beside it", asked([record(quantity=-1), record(1, sku=...)], answer(422, ERRORS))),
    ("of an unknown reference", one("error", quantity=-1, **UNKNOWN)),
    ("throttled", asked([record(quantity=-1)], answer(429))),
    ("a stranger", asked([record(quantity=-1)], answer(401), key=None)),
]


@pytest.mark.parametrize("exchange", [each for _, each in SILENT], ids=[name for name, _ in SILENT])
def test_what_may_have_another_cause_tells_nothing(exchange: Exchange) -> None:
    assert told(exchange)["quantity-negative"] == NOT_TRIED


FAULTY_200 = asked([record(), record(1, sku=...)], answer(body=reply([*ok(0), error(1)])))
FAULTY_422 = asked([record(), record(1, sku=...)], answer(422, ERRORS))
LARGE_422 = asked([record(number, sku=...) for number in range(3)], answer(422, ERRORS))
TAKEN_2 = asked([record(), record(1)], answer(body=reply(ok(0, 1))))
REFUSED_3 = asked([record(number, 5) for number in range(3)], answer(422, ERRORS))
TOO_LARGE = asked([record(number, sku=...) for number in range(4)], answer(413, b""))
AGAIN = asked([record(), record(1)], answer(body=reply([*ok(0), error(1)])))
OTHERS = [
    ("refusal-mode", (FAULTY_200,), "`error` at its index in a 200 (once, first in #1)"),
    ("refusal-mode", (FAULTY_422,), "a 422 for the whole batch (once, first in #1)"),
    ("refusal-mode", (FAULTY_200, LARGE_422), "`error` at its index in a 200 (once, first in #1)"),  # refused for size
    ("batch-max", (TAKEN_2,), "2 records taken; no larger one refused"),
    ("batch-max", (TAKEN_2, REFUSED_3), "2 records taken; 3 refused by 422"),
    ("batch-max", (TAKEN_2, FAULTY_422), "2 records taken; no larger one refused"),
    ("batch-max", (TAKEN_2, LARGE_422), "2 records taken; no larger one refused"),  # refused for its faults, perhaps
    ("batch-max", (FAULTY_200, LARGE_422), "2 records taken; 3 refused by 422"),
    ("batch-max", (TAKEN_2, TOO_LARGE), "2 records taken; 4 refused by 413"),
    ("same-batch-again", (TAKEN_2, AGAIN), "error and ok (once, first in #2)"),
    ("same-batch-again", (TAKEN_2, REFUSED_3), NOT_TRIED),
    ("same-batch-again", (TAKEN_2, one("ok", at="2026-06-01T11:59:00Z"), AGAIN), NOT_TRIED),  # it is stale by now
    ("duplicate-in-batch", (asked([record(), record()], answer(body=reply(ok(0, 1)))),), "ok (2 times, first in #1)"),
    ("at-stale", (one("ok"), one("error", at="2026-06-01T11:57:00Z")), "error (once, first in #2)"),
    ("at-equal", (one("ok"), one("warning")), "warning (once, first in #2)"),
    ("at-equal", (one("422"), one("ok")), NOT_TRIED),  # nothing was taken before
    ("at-equal", (one("ok"), one("warning", at="2026-06-01T11:58:00.5Z")), NOT_TRIED),
    ("other-media-type", (asked([record()], answer(415), headers=()),), "none: 415 (once, first in #1)"),
    ("other-method", (asked(b"", answer(405), method="GET"),), "GET 405 (once, first in #1)"),
    (
        "scheme-case",
        (asked([record()], answer(), key="bearer $BSPK_API_KEY"),),
        "`bearer $BSPK_API_KEY` let in, answered 200 (once, first in #1)",
    ),
    (
        "auth-white-space",
        (asked([record()], answer(401), key="Bearer  $BSPK_API_KEY"),),
        "`Bearer  $BSPK_API_KEY` refused by 401 (once, first in #1)",
    ),
    (
        "key-other-scheme",
        (asked([record()], answer(401), key="Token $BSPK_API_KEY"),),
        "`Token $BSPK_API_KEY` refused by 401 (once, first in #1)",
    ),
    ("scheme-case", (asked([record()], answer(429), key="bearer $BSPK_API_KEY"),), NOT_TRIED),
    (
        "rate-headers-elsewhere",
        (asked([record()], answer(400)), asked([record()], answer(401, left=None), key=None)),
        "400 carries them; 401 does not carry them",
    ),
    ("draft-headers", (one("ok"),), "no"),
    (
        "error-bodies",
        (asked([record()], answer(401, b"<p>\n no\x1b[2J </p>", kind="text/html"), key=None),),
        "401: text/html, <p> no\x1b[2J </p>",
    ),
    (
        "batch-status-words",
        (one("ok"), asked([record(1)], answer(body=reply(ok(0), "partial")))),
        "`done` (once, first in #1), `partial` (once, first in #2)",
    ),
]


@pytest.mark.parametrize(("question", "exchanges", "expected"), OTHERS)
def test_the_answer(question: str, exchanges: tuple[Exchange, ...], expected: str) -> None:
    assert told(*exchanges)[question] == expected


def test_another_path_is_told() -> None:
    sent = Request("POST", "/api/platform/v1/products", (("Authorization", KEY),), b"{}")
    assert told(Exchange(1, 0, 0.1, sent, Answer(404, (), b"")))["other-path"] == "404 (once, first in #1)"


def spent(*steps: tuple[int, int | None]) -> tuple[Exchange, ...]:
    """Answers of these statuses with this Remaining; those that tell none are a stranger's."""
    return tuple(
        asked([record()], answer(status, reply(ok(0)) if status == 200 else ERRORS, left=left, limit=left and 100),
              key=None if left is None else KEY, seq=seq)
        for seq, (status, left) in enumerate(steps, 1)
    )  # fmt: skip


UNTOLD = "nothing or one request: not told apart"
COSTS = [
    ("cost-of-401", spent((200, 99), (401, None), (200, 98)), "nothing"),
    ("cost-of-401", spent((200, 99), (401, None), (401, None), (200, 96)), "one request"),
    ("cost-of-401", spent((200, 99), (401, None), (200, 99)), UNTOLD),  # a refill came between
    ("cost-of-401", spent((200, 99), (401, None), (400, None), (200, 97)), UNTOLD),  # which of the two cost it?
    ("cost-of-422", spent((200, 99), (422, 98), (200, 97)), "one request"),
    ("cost-of-422", spent((200, 99), (422, 99), (200, 98)), "nothing"),
    ("cost-of-422", spent((200, 99), (422, 98), (422, 98)), UNTOLD),
    ("cost-of-404", spent((200, 99)), NOT_TRIED),
]


@pytest.mark.parametrize(("question", "exchanges", "expected"), COSTS)
def test_a_refusals_cost_shows_in_what_remains(question: str, exchanges: tuple[Exchange, ...], expected: str) -> None:
    assert told(*exchanges, as_they_are=True)[question] == expected


def refused(wait: str, seq: int, at_s: float) -> Exchange:
    headers = (("X-RateLimit-Limit", "100"), ("X-RateLimit-Remaining", "0"), ("Retry-After", wait))
    return asked([record()], Answer(429, headers, b""), seq=seq, at_s=at_s)


@pytest.mark.parametrize(
    ("after_s", "status", "expected"),
    [
        (2.5, 200, "1 of 1 refusals carry it, 2 to 2 s; after that wait 1 of 1 requests were let in"),
        (2.5, 429, "1 of 2 refusals carry it, 2 to 2 s; after that wait 0 of 1 requests were let in"),
        (1.0, 200, "1 of 1 refusals carry it, 2 to 2 s; not waited for"),
    ],
)
def test_retry_after_is_believed_only_as_far_as_it_was_tried(after_s: float, status: int, expected: str) -> None:
    following = asked([record()], answer(status), seq=2, at_s=after_s)
    assert told(refused("2", 1, 0.0), following, as_they_are=True)["retry-after"] == expected


def test_a_limiter_is_named_in_words_with_its_window() -> None:
    answers = told(*spent((200, 99), (200, 98)), as_they_are=True)
    assert "a token bucket, or GCRA (token-bucket)" in answers["limiter-class"]
    assert answers["limiter-window"].startswith("100 requests in 10 s")
