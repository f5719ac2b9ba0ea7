"""Records at the edges of their rules: results, updates and moments that are just still legal, and just no more."""

import pytest

from contracts.exchanges.exchange import Exchange
from contracts.rules.formats import _is_epoch, _is_list_of_parts, _is_parts
from tests.build import ERRORS, answer, asked, broken, error, numbered, ok, record, reply, rulings

FINE = answer(200, reply(ok(0)))
BAD = record(1, quantity=...)
WORSE = record(2, sku=...)
STRANGE = record(product_ref="bspk-harness-x")
LATER = record(second=9, product_ref="bspk-harness-x")
TWO = {"errors": ERRORS["errors"] * 2}


def taken(*records: dict[str, object], left: int = 99) -> Exchange:
    return asked([*records], answer(200, reply(ok(*range(len(records)))), left=left))


def refused_alone(**changes: object) -> Exchange:
    return asked([record(0, 0, **changes)], answer(200, reply([error(0)])))


def updated(**changes: object) -> list[Exchange]:
    """A record taken, and its update refused."""
    return [taken(record()), asked([record(0, 9, **changes)], answer(200, reply([error(0)]), left=98))]


def moments(first: str, then: str) -> list[Exchange]:
    """A moment taken, and another refused, of two references."""
    return [taken(record(0, at=first)), asked([record(1, at=then)], answer(200, reply([error(0)]), left=98))]


TABLE: tuple[tuple[str, list[Exchange], set[str]], ...] = (
    # RES
    ("index minus one", [asked([record()], answer(200, reply(ok(-1))))], {"RES-2"}),
    ("no record, a result in other words", [asked({"inventories": []}, answer(200, reply([{"index": 0, "status": "OK"}])))], {"VAL-4"}),
    ("no record, an error without words", [asked({"inventories": []}, answer(200, reply([{"index": 0, "status": "error"}])))], {"VAL-4"}),
    ("one of two faulty ones blamed, and a good one", [asked([record(), BAD, WORSE], answer(200, reply([error(0), *ok(1, 2)])))],
     {"RES-6", "VAL-1"}),
    ("the blame on a record that is none", [asked([record(), BAD], answer(200, reply([*ok(0), error(5)])))], {"RES-2", "RES-6"}),
    # RES-6 or UPS-3: is the like of it refused among valid ones alone as well?
    ("nothing is never taken", [refused_alone(quantity=0), asked([record(1, quantity=0), WORSE], answer(200, reply([error(0), error(1)]), left=98))],
     {"UPS-3"}),
    ("nothing is taken but beside a fault", [taken(record(quantity=0)), asked([record(1, quantity=0), WORSE], answer(200, reply([error(0), error(1)]), left=98))],
     {"RES-6", "RES-7"}),
    ("another is never taken", [refused_alone(quantity=0), asked([record(1, quantity=1001), WORSE], answer(200, reply([error(0), error(1)]), left=98))],
     {"UPS-3", "RES-6"}),
    ("nothing is never taken, nor another beside a fault", [refused_alone(quantity=0), asked(
        [record(1, quantity=0), record(3), WORSE], answer(200, reply([error(0), error(1), error(2)]), left=98))], {"UPS-3", "RES-6"}),
    ("nothing is never taken, and a fault is", [refused_alone(quantity=0), asked([record(1, quantity=0), WORSE], answer(200, reply([error(0), *ok(1)]), left=98))],
     {"UPS-3", "RES-6"}),
    ("an update is never taken", [*updated(), asked([record(0, 19), WORSE], answer(200, reply([error(0), error(1)]), left=97))],
     {"UPS-1", "UPS-3", "RES-7"}),
    ("what is new is taken, but beside a fault", [*updated(), asked([record(3), WORSE], answer(200, reply([error(0), error(1)]), left=97))],
     {"UPS-1", "UPS-3", "RES-6", "RES-7"}),
    # UPS-1: plain updates, one by one
    ("an update alone, 422", [taken(record()), asked([record(0, 9)], answer(422, ERRORS, left=98))], {"UPS-1", "UPS-3"}),
    ("an update in company, 422", [*(taken(record(n), left=99 - n) for n in range(3)),
                                   asked([record(n, 9) for n in range(3)], answer(422, ERRORS, left=96))], set()),
    ("an update in company, refused", [taken(record()), asked([record(0, 9), record(1)], answer(200, reply([error(0), *ok(1)]), left=98))],
     {"UPS-1", "UPS-3", "RES-7"}),
    ("to nothing", updated(quantity=0), {"UPS-3"}),
    ("to one", updated(quantity=1), {"UPS-1", "UPS-3", "RES-7"}),
    ("to a thousand", updated(quantity=1000), {"UPS-1", "UPS-3", "RES-7"}),
    ("to more", updated(quantity=1001), {"UPS-3"}),
    ("with an offset", updated(at="2026-06-01T11:59:00+00:00"), {"UPS-3"}),
    ("with a fraction", updated(at="2026-06-01T11:59:00.5Z"), {"UPS-3"}),
    # UPS-2, UPS-3
    ("three valid, 422", [asked([record(n) for n in range(3)], answer(422, ERRORS))], set()),
    ("a stranger in company, 422", [asked([record(), STRANGE], answer(422, ERRORS))], set()),
    ("beside a stranger, refused", [asked([record(), STRANGE], answer(200, reply([error(0), *ok(1)])))], {"UPS-3"}),
    # RES-7: a kind is narrow
    ("two offsets", moments("2026-06-01T13:58:00+02:00", "2026-06-01T12:58:00+01:00"), {"UPS-3"}),
    ("one offset", moments("2026-06-01T13:58:00+02:00", "2026-06-01T13:58:35+02:00"), {"UPS-3", "RES-7"}),
    ("two signs", moments("2026-06-01T13:58:00+02:00", "2026-06-01T09:58:00-02:00"), {"UPS-3"}),
    ("one length of fraction", moments("2026-06-01T11:58:00.5Z", "2026-06-01T11:58:00.7Z"), {"UPS-3", "RES-7"}),
    ("two lengths of fraction", moments("2026-06-01T11:58:00.5Z", "2026-06-01T11:58:00.75Z"), {"UPS-3"}),
    ("no fraction, and one", moments("2026-06-01T11:58:00Z", "2026-06-01T11:58:00.7Z"), {"UPS-3"}),
    ("rolled back, and later taken",
     [asked([record(), BAD], answer(200, reply([error(0, "rolled back with the batch"), error(1)]))), taken(record(3), left=98)], set()),
    ("a stranger rolled back, and later taken",
     [asked([STRANGE, BAD], answer(200, reply([error(0, "rolled back with the batch"), error(1)]))), taken(LATER, left=98)], set()),
    ("a stranger refused, and later taken",
     [asked([STRANGE, BAD], answer(200, reply([error(0), error(1)]))), taken(LATER, left=98)], {"RES-7"}),
    ("a stranger's fault, and the same of one that is none",
     [asked([BAD], answer(422, TWO)), asked([record(quantity=..., product_ref="bspk-harness-x")], answer(422, ERRORS, left=98))], set()),
    ("a fault, and the same beside a quantity below zero",
     [asked([record(at=...)], answer(422, ERRORS)), asked([record(at=..., quantity=-1)], answer(422, TWO, left=98))], set()),
    ("a name missing, and the same of names that nobody knows",
     [asked([record(sku=...)], answer(422, ERRORS)), asked([record(sku=..., store_ref="x")], answer(422, TWO, left=98))], set()),
    ("one fault, twice, and two errors once",
     [asked([BAD], answer(422, TWO)), asked([BAD], answer(422, ERRORS, left=98))], {"VAL-2"}),
    # moments
    ("ten minutes old, refused", [asked([record(at="2026-06-01T11:50:00Z")], answer(200, reply([error(0)])))], {"UPS-3"}),
    ("older than that", [asked([record(at="2026-06-01T11:49:59Z")], answer(200, reply([error(0)])))], set()),
    # VAL
    ("a faulty one, 404", [taken(record()), asked([BAD], answer(404))], {"VAL-1"}),
    ("a faulty one beside a stranger, 409", [asked([BAD, STRANGE], answer(409))], {"ERR-1", "VAL-1"}),
    ("inventories missing, 422", [asked({}, answer(422, ERRORS))], set()),
    ("inventories null, 422", [asked({"inventories": None}, answer(422, ERRORS))], set()),
    ("two faulty ones together, of which one was seen alone",
     [asked([BAD, record()], answer(422, ERRORS)), asked([BAD, record(0, quantity=...)], answer(422, ERRORS, left=98))], set()),
    ("errors that a 200 lists besides",
     [asked([BAD, record(n)], answer(200, reply([error(0), *ok(1)]) | {"errors": [{}] * n}, left=99 - n)) for n in (2, 3)], set()),
    # LOAD-1
    ("refused at once, and an empty one", [asked([BAD], answer(422, ERRORS), at_s=7.0),
                                           asked({"inventories": []}, answer(422, ERRORS, left=98), at_s=7.0)], set()),
    ("at once, a faulty one and a good one", [asked([record(), BAD], answer(200, reply([*ok(0), error(1)])), at_s=7.0),
                                              asked([record(2), record(3)], answer(200, reply(ok(0, 1)), left=98), at_s=7.0)], set()),
    # ERR
    ("only ever redirected, whereto so ever", [asked([record()], answer(399))], set()),
)  # fmt: skip


@pytest.mark.parametrize(("exchanges", "promises"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_the_promises_broken_are_these(exchanges: list[Exchange], promises: set[str]) -> None:
    assert broken(numbered(exchanges)) - {"RATE-1", "RATE-4"} == promises


MANY_TAKEN = [taken(*(record(n) for n in range(3)))]


@pytest.mark.parametrize(
    ("promise", "exchanges", "witness", "index", "expected", "actual"),
    [
        ("VAL-1", [asked([record(), record(1, product_ref=..., sku=...), WORSE], answer(409))], (1,), 1,
         "422, or 200 with `error` at its index, since product_ref is missing", "409"),
        ("VAL-2", [asked([BAD], answer(422, {"error": "no"}))], (1,), None, "`errors`", "`errors` is missing"),
        ("VAL-2", [asked([BAD], answer(422, {"errors": "no"}))], (1,), None, "`errors`", "`errors` is no array"),
        ("RES-3", [asked([record(n) for n in range(4)], answer(200, reply(ok(0, 1))))], (1,), 2,
         "4 results", "2 results for 4 records, none for index 2"),
        ("RES-6", [asked([record(), record(2), BAD], answer(200, reply([error(0), error(1), error(2)])))], (1,), 0,
         "`error` at [2]", "`error` at [0, 1, 2]"),
        ("RES-6", [asked([record(), BAD], answer(200, reply([*ok(0), error(5)])))], (1,), None, "`error` at [1]", "`error` at [5]"),
        ("RES-6", [asked([record(), BAD], answer(200, reply([error(0), {**error(1), "index": "1"}])))], (1,), 0,
         "`error` at [1]", "`error` at [0]"),
        ("UPS-2", [*MANY_TAKEN, asked([record(n, 5) for n in range(3)], answer(422, ERRORS))], (1, 2), None,
         "a batch of 3 records, as it took 3 is accepted", "422"),
        ("UPS-2", [asked([record(n) for n in range(2)], answer(422, ERRORS))], (1,), None, "a batch of two records is accepted", "422"),
        ("UPS-3", [asked([record()], answer(422, ERRORS))], (1,), 0, "`ok` or `warning`", "422 for quantity 5, at 2026-06-01T11:58:00Z"),
        ("UPS-3", [asked([record()], answer(200, reply([error(0)])))], (1,), 0, "", "`error` for quantity 5, at 2026-06-01T11:58:00Z"),
        ("RES-7", updated(), (1, 2), 0, "the outcome of request 1, index 0: accepted", "`error` for a record of the same kind at index 0 of 1"),
    ],
)  # fmt: skip
def test_a_finding_names_the_record(
    promise: str, exchanges: list[Exchange], witness: tuple[int, ...], index: int | None, expected: str, actual: str
) -> None:
    finding = rulings(numbered(exchanges))[promise].findings[0]
    assert (finding.witness, finding.index, finding.sequence) == (witness, index, promise == "RES-7")
    assert expected in finding.expected
    assert finding.actual == actual


def test_a_200_is_no_list_of_what_failed() -> None:
    some = [[BAD, record()], [record(1), record(0, quantity=...)], [BAD, record(0, quantity=...)]]
    told = [asked(each, answer(200, reply([error(0), error(1)]))) for each in some]
    assert rulings(numbered(told))["VAL-3"].examined == 0


@pytest.mark.parametrize(
    ("parts", "moment"),
    [
        ([1970, 1, 1], True), ([1969, 12, 31], False), ([2100, 12, 31], True), ([2101, 1, 1], False),
        ([2018, 0, 1], False), ([2018, 13, 1], False), ([2018, 1, 0], False), ([2018, 1, 32], False),
        ([2018, 7], False), ([2018, 7, 21, 17, 32, 28, 5], True), ([2018, 7, 21, 17, 32, 28, 5, 0], False),
    ],
)  # fmt: skip
def test_a_list_is_a_moment_in_parts(parts: list[object], moment: bool) -> None:
    assert _is_list_of_parts(parts) is moment


@pytest.mark.parametrize(
    ("name", "value", "moment"),
    [
        ("updated_at", 10**8, True), ("updated_at", 10**8 - 1, False),
        ("created", 1_500_000_000, True), ("created", 1_499_999_999, False),
        ("created", 2_499_999_999, True), ("created", 2_500_000_000, False),
        ("created", 1_500_000_000_000, True), ("created", 1_499_999_999_999, False),
        ("created", 2_499_999_999_999, True), ("created", 2_500_000_000_000, False),
    ],
)  # fmt: skip
def test_a_number_is_a_moment_of_these_decades(name: str, value: int, moment: bool) -> None:
    assert _is_epoch(name, value) is moment


def test_an_object_is_a_moment_in_parts() -> None:
    assert _is_parts({"seconds": 10**8, "nanos": 0})
    assert _is_parts(
        {"seconds": 10**8, "nanos": 0, "_seconds": 0, "$date": 0, "_nanoseconds": 0, "epochSecond": 0, "nano": 0}
    )
    assert not _is_parts({"seconds": 10**8 - 1})
    assert not _is_parts({"seconds": 10**8, "count": 1})
