"""The rules at their edges: the last that is legal, the first that is not, and what a finding points at.

`python -m tests.benchmarks.mutation` says which edges no test stands on.
"""

import json

import pytest

from contracts.exchanges.exchange import Exchange
from contracts.finding import Finding
from tests.build import ERRORS, answer, asked, broken, error, numbered, ok, record, reply, rulings

FINE = answer(200, reply(ok(0)))
BAD = record(1, quantity=...)
LARGEST_BODY, MANY = 262_144, 10
OF_LENGTH = json.dumps({"inventories": [BAD]}).encode()


def padded(length: int) -> bytes:
    return OF_LENGTH + b" " * (length - len(OF_LENGTH))


def at(value: object) -> list[Exchange]:
    return [asked([record()], answer(200, reply(ok(0)) | {"updated_at": value}))]


def noted(value: str) -> list[Exchange]:
    return [asked([record()], answer(200, reply(ok(0)) | {"note": value}))]


def named(name: str, value: object) -> list[Exchange]:
    return [asked([record()], answer(200, reply(ok(0)) | {name: value}))]


def listed(*titles: str) -> dict[str, object]:
    return {"errors": [{"title": title, "code": "x"} for title in titles]}


def together(first: tuple[str, ...], second: tuple[str, ...], both: tuple[str, ...]) -> list[Exchange]:
    """Each of two faults alone, and the two in one batch, with what each refusal lists."""
    return [
        asked([BAD, record()], answer(422, listed(*first))),
        asked([record(1), record(0, quantity=...)], answer(422, listed(*second), left=98)),
        asked([BAD, record(0, quantity=...)], answer(422, listed(*both), left=97)),
    ]


TABLE: tuple[tuple[str, list[Exchange], set[str]], ...] = (
    ("403 to a GET", [asked([record()], answer(403), method="GET", key=None)], set()),
    (
        "the key forbidden once",
        [asked([record()], FINE), asked([record(1)], answer(403))],
        {"AUTH-2", "AUTH-3", "ERR-1"},
    ),
    ("499 is no 5xx", [asked([BAD], answer(499))], {"ERR-1", "VAL-1"}),
    ("413 to the largest body", [asked(padded(LARGEST_BODY), answer(413))], {"ERR-1"}),
    ("413 to one byte more", [asked(padded(LARGEST_BODY + 1), answer(413))], set()),
    ("413 to as many as are few", [asked([record(n) for n in range(MANY)], answer(413))], {"ERR-1"}),
    ("413 to one more", [asked([record(n) for n in range(MANY + 1)], answer(413))], set()),
    ("412 to many", [asked([record(n) for n in range(MANY + 1)], answer(412))], {"ERR-1", "UPS-2", "UPS-3"}),
    ("414 to many", [asked([record(n) for n in range(MANY + 1)], answer(414))], {"ERR-1", "UPS-2", "UPS-3"}),
    ("not JSON, 422", [asked(b"{", answer(422, ERRORS))], set()),
    ("not JSON, 404", [asked(b"{", answer(404))], {"ERR-3"}),
    ("only ever redirected", [asked([record()], answer(307)), asked([record(1)], answer(302))], set()),
    ("the first epoch that is a moment", at(10**8), {"FMT-2"}),
    ("one less is a count", at(10**8 - 1), set()),
    ("a list of its parts", at([2018, 7, 21, 17, 32, 28]), {"FMT-2"}),
    ("a list of places", at([0, 1, 2]), set()),
    ("a month of 13", at([2018, 13, 21]), set()),
    ("an object of its parts", at({"seconds": 1532194348, "nanos": 0}), {"FMT-2"}),
    ("an object of something else", at({"seconds": 30}), set()),
    ("seconds under a name that says less", named("created", 1_532_194_348), {"FMT-2"}),
    ("milliseconds under it", named("dispatchDate", 1_532_194_348_000), {"FMT-2"}),
    ("a list of its parts under it", named("created", [2018, 7, 21, 17, 32, 28, 5]), {"FMT-2"}),
    ("how many were created", named("created", 499_999), set()),
    ("milliseconds of the last of something", named("lastSync", 1_532_194_348_000), {"FMT-2"}),
    ("seconds in short", named("ts", 1_532_194_348), {"FMT-2"}),
    ("how many were stored", named("stored", 499_999), set()),
    ("a number made of the time", named("request_id", 1_532_194_348_000), set()),
    ("a time in milliseconds", named("server_time", 1_532_194_348_000), {"FMT-2"}),
    ("a time that may be a duration", named("server_time", 1_532_194_348), set()),
    ("digits without their zeros", at("2018-7-21T17:32:28Z"), {"FMT-2"}),
    ("a timestamp in a 422", [asked([BAD], answer(422, ERRORS | {"at": "01/02/2021"}))], {"FMT-2"}),
    ("a whole text that looks so", noted("2018-07-21 17:32:28.5 +0000 UTC"), {"FMT-2"}),
    ("a text that begins so", noted("2018-07-21 17:32:28 is too old"), set()),
    ("a text that begins so, by other customs", noted("27/11/2026 19:51 not found"), set()),
    ("a text that ends so", noted("stored 2018-07-21 17:32:28"), set()),
    ("a day's name, and more", noted("Sat 21 Jul 17:32 is a holiday"), set()),
    ("as C writes it", noted("Sat Jul 21 17:32:28 2018"), {"FMT-2"}),
    ("as shells write it", noted("Sat Jul 21 17:32:28 UTC 2018"), {"FMT-2"}),
    ("with its zone's name", noted("2018-07-21T17:32:28+02:00[Europe/Paris]"), set()),
    ("a place", named("stored_at", "warehouse 7"), set()),
    ("a place with a number", named("located_at", "store-12345"), set()),
    ("a timestamp without a value", named("stored_at", ""), {"FMT-2"}),
    ("a word for none", named("stored_at", "None"), {"FMT-2"}),
    ("a day and a month", named("stored_at", "21 July 2018"), {"FMT-2"}),
    ("a month and a year", named("stored_at", "July 2018"), {"FMT-2"}),
    ("a day in six digits", named("stored_at", "21.07.18"), {"FMT-2"}),
    ("a time of no day", named("stored_at", "5:32 PM"), {"FMT-2"}),
    ("seconds with a fraction, as text", named("stored_at", "1532194348.5"), {"FMT-2"}),
    ("a day in an hour's basic form", named("stored_at", "2018072117.5"), set()),
    ("two faults, both listed", together(("0",), ("1",), ("0", "1")), set()),
    ("two faults, one title for all", together(("bad",), ("bad",), ("bad",)), set()),
    ("two faults, something else of both", together(("0",), ("1",), ("several",)), set()),
    ("two faults, the first hidden", together(("0",), ("1",), ("1",)), {"VAL-3"}),
    (
        "two faults of different classes in phases",
        [
            asked([BAD, record()], answer(422, listed("0"))),
            asked([record(1), record(0, quantity="many")], answer(422, listed("1"), left=98)),
            asked([BAD, record(0, quantity="many")], answer(422, listed("0"), left=97)),
        ],
        set(),
    ),
    (
        "one after the other, an answer that would fit another",
        [
            asked([record(), record(1)], answer(200, reply(ok(0, 1))), at_s=7.0),
            asked([record(2)], answer(200, reply(ok(0, 1)), left=98), at_s=7.005),
        ],
        {"RES-2", "RES-3"},
    ),
    (
        "at once, a loss that fits nobody",
        [
            asked([record(n) for n in range(4)], answer(200, reply(ok(0, 1))), at_s=7.0),
            asked([record(9)], answer(200, reply(ok(0)), left=98), at_s=7.0),
        ],
        {"RES-3"},
    ),
    (
        "at once, each its own",
        [
            asked([record(), record(1)], answer(200, reply(ok(0, 1))), at_s=7.0),
            asked([record(2)], answer(200, reply(ok(0)), left=98), at_s=7.0),
        ],
        set(),
    ),
)  # fmt: skip


@pytest.mark.parametrize(("exchanges", "promises"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_the_promises_broken_are_these(exchanges: list[Exchange], promises: set[str]) -> None:
    assert broken(numbered(exchanges)) - {"RATE-1", "RATE-4"} == promises


def found(promise: str, exchanges: list[Exchange]) -> Finding:
    return rulings(numbered(exchanges))[promise].findings[0]


REFUSED = answer(401, b"unauthorized", limit=None, left=None, kind="text/plain")


@pytest.mark.parametrize(
    ("promise", "exchanges", "sequence", "witness", "told"),
    [
        ("AUTH-1", [asked([record()], FINE, key=None)], False, (1,), "without an Authorization header"),
        ("AUTH-1", [asked([record()], FINE, key="Bearer x")], False, (1,), "with `Authorization: Bearer x`"),
        ("AUTH-2", [asked([record()], FINE), asked([record(1)], FINE), asked([record(2)], REFUSED)], True, (2, 3), ""),
        ("AUTH-2", [asked([record()], FINE), asked([record(1)], REFUSED), asked([record(2)], FINE)], False, (2,), ""),
        ("VAL-3", together(("0",), ("1",), ("0",)), False, (1, 2, 3), "`quantity is missing` at index 1"),
        (
            "VAL-2",
            [
                asked([record(2), BAD], answer(422, ERRORS)),
                asked([record(3), BAD], answer(422, listed("a", "b"), left=98)),
            ],
            True, (1, 2), "1 errors, as in the answer to request 1",
        ),
        (
            "LOAD-1",
            [
                asked([record(), BAD], answer(200, reply(ok(0, 1, 2))), at_s=7.0),
                asked([record(2), record(3), record(4)], answer(200, reply([*ok(0), error(1)]), left=98), at_s=7.0),
            ],
            True, (2, 1), "an answer to its own 2 records",
        ),
    ],
)  # fmt: skip
def test_a_finding_points_at_what_proves_it(
    promise: str, exchanges: list[Exchange], sequence: bool, witness: tuple[int, ...], told: str
) -> None:
    finding = found(promise, exchanges)
    assert (finding.sequence, finding.witness) == (sequence, witness)
    assert told in finding.expected


@pytest.mark.parametrize(
    ("promise", "exchanges", "examined"),
    [
        ("AUTH-2", [asked([record()], FINE), asked([record(1)], answer(429, left=0))], 1),
        ("AUTH-3", [asked([record()], FINE), asked([record(1)], answer(429, left=0))], 1),
        ("AUTH-1", [asked([record()], answer(429, left=0), key=None)], 0),
    ],
)
def test_a_429_is_neither_for_nor_against(promise: str, exchanges: list[Exchange], examined: int) -> None:
    assert rulings(numbered(exchanges))[promise].examined == examined


@pytest.mark.parametrize(("dear", "blamed"), [(1, True), (0, False)])
def test_a_record_costs_nothing_of_its_own(dear: int, blamed: bool) -> None:
    """Another client may spend between any two; that it spends as many as our batch has records is no chance."""
    left, exchanges = 5000, []
    for count in (1, 3, 30, 12, 1, 3):
        left -= 1 + dear * (count - 1)
        sent = [record(number) for number in range(count)]
        exchanges.append(asked(sent, answer(200, reply(ok(*range(count))), limit=5000, left=left)))
    assert ("RATE-4" in broken(numbered(exchanges))) == blamed


def test_two_for_each_422_is_no_other_client() -> None:
    exchanges, left = [], 100
    for number in range(14):
        bad = number % 2
        left -= 1 + bad
        told = answer(422, ERRORS, left=left) if bad else answer(200, reply(ok(0)), left=left)
        exchanges.append(asked([BAD] if bad else [record(number)], told))
    assert "at each 422" in found("RATE-4", exchanges).actual


@pytest.mark.parametrize(("later_s", "blamed"), [(10.0, False), (10.2, False), (5.0, True)])
def test_what_leaves_a_log_in_the_rhythm_of_a_window_ago(later_s: float, blamed: bool) -> None:
    """As many leave as come, so that Remaining stands still; before a window is over nothing leaves."""
    exchanges = []
    for number in range(24):
        turn, place = divmod(number, 12)
        told = answer(200, reply(ok(0)), limit=40, left=28 if turn else 39 - place)
        exchanges.append(asked([record(number)], told, at_s=1.0 + turn * later_s + place * 0.02))
    assert ("RATE-4" in broken(numbered(exchanges))) == blamed


@pytest.mark.parametrize(
    ("at", "blamed"),
    [
        ("2021-1-5T9:05:00Z", True),
        ("2021-01-05T9:05:00Z", True),
        ("10:00:00Z", True),
        ("2021-01-01T24:30:00Z", True),
        ("2021-01-01T24:00:00Z", False),
        ("2021-01-01T00:00:00Z+02:00", True),
        ("2021-01-01T00:00:00Z[UTC]", False),
        ("2021-01-01T00:00:00+02", False),
        ("2021-01-01T00:00:00.Z", False),  # Python's own reader takes it
        ("at 2021-01-01T00:00:00Z", True),
        ("٢٠٢١-01-01T00:00:00Z", True),
        ("2021-123T10:00:00Z", False),
        ("20210101T000000Z", False),
        ("21-01-31T10:00:00Z", False),
    ],
)
def test_a_text_that_is_taken_for_a_moment(at: str, blamed: bool) -> None:
    assert broken([asked([record(at=at)], FINE)]) == ({"VAL-1"} if blamed else set())
