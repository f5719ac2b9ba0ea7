"""Histories by hand, one line an exchange, for the tables of the rule tests."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from contracts.evidence import Evidence
from contracts.exchanges.exchange import Answer, Cause, Exchange, NoAnswer, Request
from contracts.finding import Ruling
from contracts.history.story import RunFacts, Story
from contracts.judge import judge
from contracts.seen import OPERATION_PATH
from openapi.ledger import LEDGER

START = datetime(2026, 6, 1, 12, tzinfo=UTC)
CATALOGUE = tuple((f"prd-{number}", f"sku-{number}", "str1") for number in range(40))
FACTS = RunFacts("http://target.test", "0" * 64, 1, START, 10.0, CATALOGUE, "contracts")
KEY = "Bearer $BSPK_API_KEY"
JSON = (("Content-Type", "application/json"),)
ERRORS = {"errors": [{"title": "quantity is missing", "code": "invalid"}]}


def record(number: int = 0, second: int = 0, **changes: object) -> dict[str, object]:
    """A valid catalogued record; `second` makes its `at` later, changes of None-like `...` drop a property."""
    product_ref, sku, store_ref = CATALOGUE[number]
    fields: dict[str, object] = {
        "product_ref": product_ref, "sku": sku, "quantity": 5, "store_ref": store_ref,
        "at": f"2026-06-01T11:58:{second:02}Z",
    }  # fmt: skip
    return {name: value for name, value in (fields | changes).items() if value is not ...}


def ok(*numbers: int) -> list[dict[str, object]]:
    return [{"index": number, "status": "ok"} for number in numbers]


def error(number: int, message: object = "invalid") -> dict[str, object]:
    return {"index": number, "status": "error", "message": message}


def reply(results: object, status: object = "done") -> dict[str, object]:
    return {"status": status, "results": results}


def answer(
    status: int = 200, body: object = None, *, limit: object = 100, left: object = 99, kind: str | None = None
) -> Answer:
    """An answer; `body` is bytes as they are, or JSON. A header of None is left out."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": kind or "application/json", "X-RateLimit-Limit": limit, "X-RateLimit-Remaining": left}
    return Answer(status, tuple((name, str(value)) for name, value in headers.items() if value is not None), raw)


def asked(
    sent: object,
    outcome: Answer | Cause,
    *,
    key: str | None = KEY,
    seq: int = 1,
    at_s: float | None = None,
    headers: tuple[tuple[str, str], ...] = JSON,
    method: str = "POST",
) -> Exchange:
    """One exchange. `sent` is bytes as they are, a list of records, or any JSON document."""
    if isinstance(sent, list) and all(isinstance(item, dict) for item in sent):
        sent = {"inventories": sent}
    body = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
    authorization = () if key is None else (("Authorization", key),)
    sent_s = float(seq) / 100 if at_s is None else at_s
    request = Request(method, OPERATION_PATH, (*headers, *authorization), body)
    return Exchange(seq, sent_s, sent_s + 0.005, request, outcome if isinstance(outcome, Answer) else NoAnswer(outcome))


def numbered(exchanges: Iterable[Exchange]) -> tuple[Exchange, ...]:
    """The same with numbers; one after the other, but for those that were given a time."""
    return tuple(
        replace(each, seq=number, sent_s=sent_s, answered_s=sent_s + 0.005)
        for number, each in enumerate(exchanges, 1)
        for sent_s in (each.sent_s if each.sent_s > 1 else number / 100,)
    )


def rulings(exchanges: Sequence[Exchange]) -> dict[str, Ruling]:
    """Every promise judged over that history, as if one driver owed them all and finished."""
    ids = tuple(promise.id for promise in LEDGER)
    story = Story(FACTS, tuple(exchanges), {"by hand": ids}, frozenset({"by hand"}), None, False)
    return {ruling.promise.id: ruling for ruling in judge(story)}


def broken(exchanges: Sequence[Exchange]) -> set[str]:
    """The promises that this history breaks."""
    return {name for name, ruling in rulings(exchanges).items() if ruling.findings}


def evidence(exchanges: Sequence[Exchange]) -> Evidence:
    return Evidence(FACTS, exchanges)
