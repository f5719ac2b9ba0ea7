"""How surely a finding shows is told truly: always, so many times of so many, or only in that sequence."""

import re
from collections.abc import Callable

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contracts.evidence import cases_tried
from sandbox.settings import Settings
from tests.inprocess import Conducted

Hits = Callable[[int], bool]


def without_limit(hits: Hits) -> Callable[[ASGIApp], ASGIApp]:
    """A proxy that takes X-RateLimit-Limit off the n-th answer wherever `hits` says so."""

    def before(app: ASGIApp) -> ASGIApp:
        count = 0

        async def proxy(scope: Scope, receive: Receive, send: Send) -> None:
            nonlocal count
            count += 1
            hit = hits(count)

            async def pass_on(message: Message) -> None:
                if hit and "headers" in message:
                    kept = [(name, value) for name, value in message["headers"] if name != b"x-ratelimit-limit"]
                    message = {**message, "headers": kept}
                await send(message)

            await app(scope, receive, pass_on)

        return proxy

    return before


@pytest.mark.parametrize(
    ("hits", "expected"),
    [
        (lambda _: True, "always"),
        (lambda number: number % 7 == 0, "[12] of 4"),
        (lambda number: number == 1, "1 of 4"),
        (lambda number: number > 50, "in sequence"),
        (lambda number: number % 11 in (3, 5, 6), "[123] of 4"),
    ],
    ids=["each", "every seventh", "the first alone", "after the fiftieth", "now and then"],
)
def test_a_missing_header_is_told_as_often_as_it_is_missing(hits: Hits, expected: str) -> None:
    conducted = Conducted(Settings(), before=without_limit(hits))
    assert "RATE-3" in conducted.broken
    assert re.fullmatch(expected, conducted.run.certainty["RATE-3"]), conducted.run.certainty


def test_a_retry_that_cannot_apply_is_not_counted() -> None:
    """What was refused in the past cannot be sent again: its reference has gone on to the present."""
    assert Conducted(Settings(defect="leap-day-refused")).run.certainty["UPS-3"] == "not tried again"


def test_a_request_more_is_counted_where_the_first_did_not_apply() -> None:
    assert Conducted(Settings(defect="message-missing-on-warning")).run.certainty["RES-5"] == "always"


def test_many_cases_are_tried_in_few_requests() -> None:
    tried, requests = cases_tried(Conducted(Settings()).run.evidence)
    assert tried > 2.5 * requests
