"""Never green by accident: servers, proxies and mocks that answer without keeping the document, none of them held.

A sandbox stands behind a meddler, which answers in its place some or all of the time. The clock is virtual.
"""

import json
from collections.abc import Callable

import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contracts.finding import Verdict
from sandbox.settings import Settings
from tests.inprocess import Conducted

HALF_WAY = 20  # requests of about 40
JSON = {"content-type": "application/json", "x-ratelimit-limit": "100", "x-ratelimit-remaining": "99"}
LOGIN = (200, {"content-type": "text/html"}, b"<!doctype html><title>Sign in</title><form method=post>")

Reply = tuple[int, dict[str, str], bytes]
Decide = Callable[[int, bool], Reply | None]  # the how manieth request, with the key or not; None: the sandbox answers


def json_of(status: int, document: object) -> Reply:
    return status, JSON, json.dumps(document).encode()


OK_ONE = json_of(200, {"status": "ok", "results": [{"index": 0, "status": "ok"}]})
EXAMPLE = json_of(200, {"status": "string", "results": [{"index": 0, "status": "ok", "message": "string"}]})
INVALID = json_of(422, {"errors": [{"title": "is invalid", "code": "invalid"}]})


def meddler(decide: Decide) -> Callable[[ASGIApp], ASGIApp]:
    """Answers where `decide` has an answer."""

    def before(app: ASGIApp) -> ASGIApp:
        count = 0

        async def meddled(scope: Scope, receive: Receive, send: Send) -> None:
            nonlocal count
            count += 1
            with_key = (b"authorization", b"Bearer sandbox-key") in scope["headers"]
            reply = decide(count, with_key)
            if reply is None:
                await app(scope, receive, send)
                return
            status, headers, body = reply
            raw = [(name.encode(), value.encode()) for name, value in headers.items()]
            await send({"type": "http.response.start", "status": status, "headers": raw})
            await send({"type": "http.response.body", "body": body})

        return meddled

    return before


def cache(app: ASGIApp) -> ASGIApp:
    """A proxy that keeps the first answer of all and gives it to everybody."""
    kept: list[Message] = []

    async def cached(scope: Scope, receive: Receive, send: Send) -> None:
        async def keep(message: Message) -> None:
            kept.append(message)

        if not kept:
            await app(scope, receive, keep)
        for message in kept:
            await send(message)

    return cached


def always(reply: Reply) -> Callable[[ASGIApp], ASGIApp]:
    return meddler(lambda _count, _key: reply)


def from_half_way(reply: Reply, *, with_key: bool | None = None) -> Callable[[ASGIApp], ASGIApp]:
    """The sandbox first, and then this: to everybody, or only to requests with the key, or only to those without."""
    return meddler(lambda count, key: reply if count > HALF_WAY and with_key in (None, key) else None)


def plain(status: int, told: bytes = b"") -> Reply:
    return status, {"content-type": "text/plain"}, told


UNDECIDED: tuple[str, ...] = ()
ACCIDENTS: list[tuple[str, Callable[[ASGIApp], ASGIApp], tuple[str, ...]]] = [
    ("401 to all", always(plain(401)), UNDECIDED),
    ("403 to all", always(plain(403)), ("AUTH-3",)),
    ("404 to all", always(plain(404)), UNDECIDED),
    ("400 to all", always(plain(400)), ("VAL-1", "UPS-3")),
    ("405 to all", always(plain(405)), UNDECIDED),
    ("429 to all", always((429, JSON | {"x-ratelimit-remaining": "0"}, b"")), UNDECIDED),
    ("500 to all", always(plain(500)), ("ERR-2",)),
    ("503 to all", always(plain(503)), ("ERR-2",)),
    ("302 to all", always((302, {"location": "https://login.test/"}, b"")), UNDECIDED),
    ("a login page with 200", always(LOGIN), ("AUTH-1", "FMT-1", "VAL-1")),
    ("an empty 200", always((200, JSON, b"")), ("AUTH-1", "FMT-1", "VAL-1")),
    ("an empty object", always(json_of(200, {})), ("AUTH-1", "RES-1")),
    ("a cached answer", cache, ("AUTH-1", "RES-3", "VAL-1")),
    ("the same ok for ever", always(OK_ONE), ("AUTH-1", "RES-3", "VAL-1")),
    ("the document's example", always(EXAMPLE), ("AUTH-1", "RES-3", "VAL-1")),
    ("422 to all", always(INVALID), ("UPS-2", "UPS-3")),
    ("a login page half-way", from_half_way(LOGIN), ("AUTH-1", "FMT-1")),
    ("500 from half-way", from_half_way(plain(500)), ("ERR-2",)),
    ("429 from half-way", from_half_way(plain(429)), ("RATE-4",)),
    ("404 from half-way", from_half_way(plain(404), with_key=True), ("UPS-3",)),
    ("anybody is let in from half-way", from_half_way(OK_ONE, with_key=False), ("AUTH-1",)),
    ("the same ok from half-way", from_half_way(OK_ONE, with_key=True), ("RES-3",)),
    ("the key expires half-way", from_half_way(plain(401), with_key=True), ("AUTH-2",)),
    ("the key is forbidden half-way", from_half_way(plain(403), with_key=True), ("AUTH-2", "AUTH-3")),
    ("a redirect from half-way", from_half_way((302, {"location": "/login"}, b""), with_key=True), ("ERR-1",)),
]


@pytest.mark.parametrize(("name", "before", "broken"), ACCIDENTS, ids=[row[0] for row in ACCIDENTS])
def test_no_accident_is_green(name: str, before: Callable[[ASGIApp], ASGIApp], broken: tuple[str, ...]) -> None:
    run = Conducted(Settings(), before=before, depth="quick", max_requests=100)
    assert run.verdict is (Verdict.BROKEN if broken else Verdict.UNDECIDED), f"{name}\n{run.told()}"
    assert set(broken) <= set(run.broken), f"{name}\n{run.told()}"
    assert any(run.told().splitlines())


def test_a_key_that_expired_is_shown_in_its_sequence() -> None:
    run = Conducted(Settings(), before=from_half_way(plain(401), with_key=True), depth="quick")
    finding = next(ruling for ruling in run.rulings if ruling.promise.id == "AUTH-2").findings[0]
    seen = {each.seq: each for each in run.run.evidence.seen}
    assert finding.sequence
    assert [seen[seq].status for seq in finding.witness] in ([200, 401], [422, 401])


@pytest.mark.parametrize("depth", ["quick", "standard"])
def test_the_door_and_a_valid_batch_are_tried_at_start_middle_and_end(depth: str) -> None:
    """By thirds of the run: the key let in with a valid batch, and somebody without it refused."""
    run = Conducted(Settings(), depth=depth)
    seen = run.run.evidence.seen
    for third in range(3):
        part = seen[third * len(seen) // 3 : (third + 1) * len(seen) // 3]
        assert any(each.all_acceptable and each.status == 200 for each in part), f"third {third}: no valid batch"
        assert any(each.status == 401 for each in part), f"third {third}: nobody was turned away"
