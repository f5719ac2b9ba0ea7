"""Every rule tried twice on histories written by hand: a breach that it names, and legal answers that it lets pass."""

from dataclasses import replace

import pytest

from contracts.exchanges.exchange import Cause, Exchange
from contracts.finding import Finding
from contracts.rules.throttling import each_request_costs_one
from tests.build import ERRORS, JSON, KEY, answer, asked, broken, error, evidence, numbered, ok, record, reply, rulings

FINE = answer(200, reply(ok(0)))
REFUSED = answer(401, b"unauthorized", limit=None, left=None, kind="text/plain")
BAD = record(1, quantity=...)
NEAR_MISS = "Bearer ${BSPK_API_KEY%?}"

# (what it shows, the exchanges, the promises that they break)
TABLE: tuple[tuple[str, list[Exchange], set[str]], ...] = (
    ("a good run", [asked([record()], FINE)], set()),
    ("no key, 401", [asked([record()], REFUSED, key=None)], set()),
    ("no key, 429", [asked([record()], answer(429, left=0), key=None)], set()),
    ("no key, let in", [asked([record()], FINE, key=None)], {"AUTH-1"}),
    ("no key, validated first", [asked([BAD], answer(422, ERRORS), key=None)], {"AUTH-1"}),
    ("no key, 403", [asked([record()], answer(403), key=None)], {"AUTH-1", "AUTH-3"}),
    ("near miss let in", [asked([record()], FINE, key=NEAR_MISS)], {"AUTH-1"}),
    ("the scheme's case is unspoken", [asked([record()], FINE, key="bearer $BSPK_API_KEY")], set()),
    ("and may be refused", [asked([record()], REFUSED, key="bearer $BSPK_API_KEY")], set()),
    ("the key refused from the start", [asked([record()], REFUSED)], set()),
    ("the key refused now and then", [asked([record()], FINE), asked([record(1)], REFUSED)], {"AUTH-2"}),
    ("the key expires", [asked([record()], FINE), asked([record(1)], FINE), asked([record(2)], REFUSED)], {"AUTH-2"}),
    ("the operation is not there", [asked([record()], answer(404)), asked([record(1)], answer(405))], set()),
    ("404 now and then", [asked([record()], FINE), asked([record(1)], answer(404))], {"UPS-3"}),
    ("the key reversed, let in", [asked([record()], FINE, key='Bearer $(printf %s "$BSPK_API_KEY" | rev)')], {"AUTH-1"}),
    ("no limit header", [asked([record()], answer(200, reply(ok(0)), limit=None))], {"RATE-3"}),
    ("a negative remainder", [asked([record()], answer(200, reply(ok(0)), left=-1))], {"RATE-3"}),
    ("a fraction", [asked([record()], answer(200, reply(ok(0)), left="9.5"))], {"RATE-3"}),
    ("more left than there is", [asked([record()], answer(200, reply(ok(0)), left=101))], {"RATE-3"}),
    ("told twice", [asked([record()], replace(FINE, headers=(*FINE.headers, FINE.headers[-1])))], {"RATE-3"}),
    ("headers missing on 422", [asked([BAD], answer(422, ERRORS, left=None))], {"RATE-3"}),
    ("headers missing on 400", [asked(b"{", answer(400, b"no", limit=None, left=None))], set()),
    ("429 with some left", [asked([record()], answer(429, left=3))], {"RATE-5"}),
    ("429 bare", [asked([record()], answer(429, limit=None, left=None))], {"RATE-5"}),
    ("teapot", [asked([record()], answer(418))], {"ERR-1", "UPS-3"}),
    ("201", [asked([record()], answer(201, reply(ok(0))))], {"ERR-1", "UPS-3"}),
    ("409 to a faulty one", [asked([BAD], answer(409))], {"ERR-1", "VAL-1"}),
    ("500", [asked([BAD], answer(500))], {"ERR-2"}),
    ("cut", [asked([record()], Cause.CUT)], {"ERR-2"}),
    ("hang", [asked([record()], Cause.TIMEOUT)], {"ERR-2"}),
    ("an idle connection closed", [asked([record()], Cause.CLOSED_IDLE)], set()),
    ("target gone", [asked([record()], Cause.UNREACHABLE)], set()),
    ("not JSON, 400", [asked(b"{", answer(400))], set()),
    ("not JSON, 415", [asked(b"{", answer(415))], set()),
    ("not JSON, accepted", [asked(b"{", answer(200, reply([])))], {"ERR-3"}),
    ("no body is doubtful", [asked(b"", answer(200, reply([])))], set()),
    ("a byte order mark is doubtful", [asked(b'\xef\xbb\xbf{"inventories": []}', answer(200, reply([])))], set()),
    ("duplicate keys are doubtful", [asked(b'{"inventories": [], "inventories": 1}', answer(200, reply([])))], set()),
    ("an array, 400", [asked([1], answer(400))], set()),
    ("an array, 422", [asked([1], answer(422, ERRORS))], set()),
    ("an array, accepted", [asked([1], answer(200, reply([])))], {"VAL-1"}),
    ("inventories missing, 400", [asked({}, answer(400))], {"VAL-1"}),
    ("inventories null, accepted", [asked({"inventories": None}, answer(200, reply([])))], {"VAL-1"}),
    ("empty, 422", [asked({"inventories": []}, answer(422, ERRORS))], set()),
    ("empty, accepted", [asked({"inventories": []}, answer(200, reply([])))], {"VAL-4"}),
    ("empty, 400", [asked({"inventories": []}, answer(400))], {"VAL-4"}),
    ("faulty, error", [asked([BAD], answer(200, reply([error(0)])))], set()),
    ("faulty, 422", [asked([record(), BAD], answer(422, ERRORS))], set()),
    ("faulty, ok", [asked([BAD], answer(200, reply(ok(0))))], {"VAL-1"}),
    ("faulty, 400", [asked([BAD], answer(400))], {"VAL-1"}),
    ("faulty, warning", [asked([BAD], answer(200, reply([{"index": 0, "status": "warning", "message": "x"}])))], {"VAL-1"}),
    ("errors an object", [asked([BAD], answer(422, {"errors": {"quantity": "missing"}}))], {"VAL-2"}),
    ("errors empty", [asked([BAD], answer(422, {"errors": []}))], {"VAL-2"}),
    ("errors without code", [asked([BAD], answer(422, {"errors": [{"title": "x"}]}))], {"VAL-2"}),
    ("errors with more", [asked([BAD], answer(422, {"errors": [{"title": "x", "code": "y", "at": 1}], "id": 7}))], set()),
    ("422 as text", [asked([BAD], answer(422, b"no", kind="text/html"))], {"VAL-2", "FMT-1"}),
    ("results an object", [asked([record()], answer(200, reply({"0": "ok"})))], {"RES-1", "UPS-3"} - {"UPS-3"}),
    ("no status", [asked([record()], answer(200, {"results": ok(0)}))], {"RES-1"}),
    ("status a number", [asked([record()], answer(200, reply(ok(0), 1)))], {"RES-1"}),
    ("a null result", [asked([record()], answer(200, reply([None])))], {"RES-1"}),
    ("index as text", [asked([record()], answer(200, reply([{"index": "0", "status": "ok"}])))], {"RES-2"}),
    ("index from one", [asked([record(), record(1)], answer(200, reply(ok(1, 2))))], {"RES-2"}),
    ("index twice", [asked([record(), record(1)], answer(200, reply(ok(0, 0))))], {"RES-2"}),
    ("any order", [asked([record(), record(1)], answer(200, reply(ok(1, 0))))], set()),
    ("one lost", [asked([record(), record(1)], answer(200, reply(ok(0))))], {"RES-3"}),
    ("one too many", [asked([record()], answer(200, reply(ok(0, 1))))], {"RES-2", "RES-3"}),
    ("OK", [asked([record()], answer(200, reply([{"index": 0, "status": "OK"}])))], {"RES-4"}),
    ("no message", [asked([BAD], answer(200, reply([{"index": 0, "status": "error"}])))], {"RES-5"}),
    ("an empty message", [asked([BAD], answer(200, reply([error(0, " ")])))], {"RES-5"}),
    ("a message that is null on ok", [asked([record()], answer(200, reply([{"index": 0, "status": "ok", "message": None}])))], set()),
    ("the neighbour blamed", [asked([record(), BAD], answer(200, reply([error(0), *ok(1)])))], {"RES-6"}),
    ("all blamed", [asked([record(), BAD], answer(200, reply([error(0), error(1)])))], {"RES-6"}),
    (
        "rolled back, and it says so",
        [asked([record(), BAD], answer(200, reply([error(0, "rolled back with the batch"), error(1)])))],
        set(),
    ),
    ("valid, refused", [asked([record()], answer(200, reply([error(0)])))], {"UPS-3"}),
    ("valid, 422", [asked([record()], answer(422, ERRORS))], {"UPS-3"}),
    ("two valid, 422", [asked([record(), record(1)], answer(422, ERRORS))], {"UPS-2"}),
    ("valid, a warning", [asked([record()], answer(200, reply([{"index": 0, "status": "warning", "message": "x"}])))], set()),
    (
        "many valid, refused though more were taken",
        [
            asked([record(n) for n in range(20)], answer(200, reply(ok(*range(20))))),
            asked([record(n, 5) for n in range(10)], answer(422, ERRORS)),
        ],
        {"UPS-2", "UPS-3", "RATE-4"} - {"RATE-4"},
    ),
    (
        "too many",
        [
            asked([record(n) for n in range(10)], answer(200, reply(ok(*range(10))))),
            asked([record(n, 5) for n in range(40)], answer(422, ERRORS, left=98)),
        ],
        set(),
    ),
    ("unknown, error", [asked([record(product_ref="bspk-harness-x")], answer(200, reply([error(0)])))], set()),
    ("negative, 422", [asked([record(quantity=-1)], answer(422, ERRORS))], set()),
    ("huge, ok", [asked([record(quantity=2**70)], FINE)], set()),
    ("no offset, error", [asked([record(at="2026-06-01T11:58:00")], answer(200, reply([error(0)])))], set()),
    ("future, error", [asked([record(at="2027-06-01T11:58:00Z")], answer(200, reply([error(0)])))], set()),
    ("the long past, error", [asked([record(at="2020-02-29T11:58:00Z")], answer(200, reply([error(0)])))], set()),
    ("an impossible date, ok", [asked([record(at="2021-02-30T00:00:00Z")], FINE)], {"VAL-1"}),
    (
        "an update refused",
        [asked([record()], FINE), asked([record(0, 9)], answer(200, reply([error(0)]), left=98))],
        {"UPS-1", "UPS-3", "RES-7"},
    ),
    (
        "a stale update refused",
        [asked([record(0, 9)], FINE), asked([record()], answer(200, reply([error(0)]), left=98))],
        set(),
    ),
    (
        "twice in a batch, one refused",
        [asked([record(), record()], answer(200, reply([*ok(0), error(1)])))],
        set(),
    ),
    ("text/plain", [asked([record()], answer(200, reply(ok(0)), kind="text/plain"))], {"FMT-1"}),
    ("with a charset", [asked([record()], answer(200, reply(ok(0)), kind="application/json; charset=utf-8"))], set()),
    ("not JSON at all", [asked([record()], answer(200, b"{'status': 1}"))], {"FMT-1"}),
    ("NaN", [asked([record()], answer(200, b'{"status": "x", "results": [{"index": 0, "status": "ok", "x": NaN}]}'))], {"FMT-1"}),
    ("a US date, ok", [asked([record(at="01/31/2021")], FINE)], {"VAL-1"}),
    ("a month by name, ok", [asked([record(at="Fri, 01 Jan 2021 00:00:00 GMT")], FINE)], {"VAL-1"}),
    ("seconds as text, ok", [asked([record(at="1609459200")], FINE)], {"VAL-1"}),
    ("a basic form, ok", [asked([record(at="20210101T000000Z")], FINE)], set()),
    ("our own `at` given back", [asked([record(at="yesterday")], answer(200, reply([error(0) | {"at": "yesterday"}])))], set()),
    ("a stranger in company, 404", [asked([record(), record(product_ref="bspk-harness-x")], answer(404))], set()),
    ("a stranger beside a faulty one, 404", [asked([BAD, record(product_ref="bspk-harness-x")], answer(404))], set()),
    (
        "errors of an earlier request",
        [asked([record(2), BAD], answer(422, ERRORS)), asked([record(3), BAD], answer(422, {"errors": ERRORS["errors"] * 2}, left=98))],
        {"VAL-2"},
    ),
    (
        "as many errors, in other words",
        [asked([record(2), BAD], answer(422, ERRORS)), asked([record(3), BAD], answer(422, {"errors": [{"title": "x", "code": "y"}]}, left=98))],
        set(),
    ),
    ("the zero date, taken", [asked([record(at="0000-00-00T00:00:00Z")], FINE)], {"VAL-1"}),
    ("a day of the year 0, taken", [asked([record(at="0000-01-01T00:00:00Z")], FINE)], set()),
    ("an epoch", [asked([record()], answer(200, reply(ok(0)) | {"updated_at": 1780315200}))], {"FMT-2"}),
    ("a space", [asked([record()], answer(200, reply(ok(0)) | {"updated_at": "2018-07-21 17:32:28"}))], {"FMT-2"}),
    ("by its name alone", [asked([record()], answer(200, reply(ok(0)) | {"updated_at": "just now"}))], {"FMT-2"}),
    ("by its value alone", [asked([record()], answer(200, reply(ok(0)) | {"note": "2018-07-21 17:32:28"}))], {"FMT-2"}),
    ("by its value, as in headers", [asked([record()], answer(200, reply(ok(0)) | {"last_modified": "Sat, 21 Jul 2018 17:32:28 GMT"}))], {"FMT-2"}),
    ("by its value, as in America", [asked([record()], answer(200, reply(ok(0)) | {"processed_on": "07/21/2018 05:32 PM"}))], {"FMT-2"}),
    ("no moment, but numbers", [asked([record()], answer(200, reply(ok(0)) | {"note": "1.2.3 of 7/8", "when": "Sat, late"}))], set()),
    ("an offset", [asked([record()], answer(200, reply(ok(0)) | {"updated_at": "2018-07-21T17:32:28.5+02:00"}))], set()),
    ("no timestamp yet", [asked([record()], answer(200, reply(ok(0)) | {"updated_at": None}))], set()),
    ("more properties", [asked([record()], answer(200, reply([{"index": 0, "status": "ok", "id": 1}]) | {"a": {}}))], set()),
    (
        "the limit moves",
        [asked([record()], FINE), asked([record(0, 9)], answer(200, reply(ok(0)), limit=50, left=48))],
        {"RATE-6"},
    ),
    (
        "the second fault hidden",
        [
            asked([BAD, record()], answer(422, {"errors": [{"title": "0", "code": "x"}]})),
            asked([record(1), record(0, quantity=...)], answer(422, {"errors": [{"title": "1", "code": "x"}]}, left=98)),
            asked([BAD, record(0, quantity=...)], answer(422, {"errors": [{"title": "0", "code": "x"}]}, left=97)),
        ],
        {"VAL-3"},
    ),
    (
        "answers swapped",
        [
            asked([record(), record(1)], answer(200, reply(ok(0))), at_s=7.0),
            asked([record(2)], answer(200, reply(ok(0, 1)), left=98), at_s=7.0),
        ],
        {"LOAD-1", "RES-2", "RES-3"},
    ),
    ("503 when nothing remains", [asked([record()], answer(200, reply(ok(0)), limit=1, left=0)), asked([record(1)], answer(503, limit=1, left=0))], {"RATE-2", "ERR-2"}),
    ("400 when nothing remains", [asked([record()], answer(200, reply(ok(0)), limit=1, left=0)), asked([record(1)], answer(400, limit=1, left=0))], {"RATE-2", "UPS-3"}),
    ("400 to no JSON when nothing remains", [asked([record()], answer(200, reply(ok(0)), limit=1, left=0)), asked(b"{", answer(400, limit=1, left=0))], set()),
    ("413 when nothing remains", [asked([record()], answer(200, reply(ok(0)), limit=1, left=0)), asked([record(1), record(2)], answer(413, limit=1, left=0))], {"ERR-1", "UPS-2"}),
    ("another method", [asked([record()], answer(405), method="PUT")], set()),
    ("another media type", [asked([record()], answer(415), headers=(("Content-Type", "text/plain"),))], set()),
    ("a charset refused", [asked([record()], answer(415), headers=((JSON[0][0], "application/json; charset=utf-8"),))], {"ERR-1", "UPS-3"}),
)  # fmt: skip


@pytest.mark.parametrize(("exchanges", "promises"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_the_promises_broken_are_these(exchanges: list[Exchange], promises: set[str]) -> None:
    assert broken(numbered(exchanges)) - {"RATE-1", "RATE-4"} == promises


@pytest.mark.parametrize(
    ("exchange", "promise", "verdict", "why"),
    [
        (asked([record()], answer(429, left=0)), "RES-1", "undecided", "never answered"),
        (asked([record()], FINE), "VAL-4", "undecided", "never answered"),
        (asked([record()], FINE), "RATE-2", "undecided", "the limit of 100 was not reached: at most 1 requests in a"),
        (asked([BAD], answer(422, ERRORS)), "RES-5", "held", "never arose"),
        (asked([record()], FINE), "FMT-2", "held", "never arose"),
        (asked([record()], FINE, key=KEY), "AUTH-1", "undecided", "never answered"),
    ],
)
def test_silence_is_not_success(exchange: Exchange, promise: str, verdict: str, why: str) -> None:
    ruling = rulings([exchange])[promise]
    assert ruling.verdict == verdict
    assert why in (ruling.reason or ruling.occasion or "")


def _told(*lefts: int, limit: int = 100) -> list[Exchange]:
    """Requests 10 ms apart, each told what remains."""
    return [
        asked([record(0, second)], answer(200, reply(ok(0)), limit=limit, left=left))
        for second, left in enumerate(lefts)
    ]


@pytest.mark.parametrize(
    ("lefts", "blamed"),
    [
        ((99, 98, 97, 96, 95, 94, 93, 92), False),
        ((99, 97, 95, 93, 91, 89, 87, 85), True),
        ((99, 99, 99, 99, 99, 99, 99, 99, 99), True),
        ((1, 2, 3, 4, 5, 6, 7, 8, 9), True),
        ((99, 98, 96, 95, 94, 91, 90, 89), False),  # another client, now and then
        ((9, 8, 7, 99, 98, 97, 96, 95), False),  # the edge of a window of the clock
        ((0, 0, 0, 0, 0, 0, 0, 0), False),  # nothing is said by zeroes
    ],
)
def test_each_request_costs_one(lefts: tuple[int, ...], blamed: bool) -> None:
    found = list(each_request_costs_one(evidence(numbered(_told(*lefts)))))
    assert any(isinstance(said, Finding) for said in found) is blamed
