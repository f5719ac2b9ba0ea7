"""The record cases: what must be refused, what must be accepted, what is the server's to decide. Tables, no traffic."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from contracts.drivers.references import Fields
from contracts.drivers.run import Edit, Literal
from contracts.records import FIELDS, OURS, REFERENCE_FIELDS

Case = tuple[str, Edit]


def put(name: str, value: object) -> Edit:
    """The record with one property replaced."""
    return lambda record: {**record, name: value}


def drop(*names: str) -> Edit:
    """The record without some of its properties."""
    return lambda record: {name: value for name, value in record.items() if name not in names}


def instead(value: object) -> Edit:
    """Something else in the record's place."""
    return lambda _: value


def reform(write: Callable[[datetime], str]) -> Edit:
    """The same moment of `at` in another form."""

    def edit(record: Fields) -> Fields:
        moment = datetime.strptime(str(record["at"]), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        return {**record, "at": write(moment)}

    return edit


def _shift(hours: int, minutes: int = 0) -> Callable[[datetime], str]:
    offset = timedelta(hours=hours, minutes=minutes if hours >= 0 else -minutes)
    sign = "+" if hours >= 0 else "-"
    return lambda moment: (moment + offset).strftime("%Y-%m-%dT%H:%M:%S") + f"{sign}{abs(hours):02}:{minutes:02}"


def _fraction(digits: str) -> Callable[[datetime], str]:
    return lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%S.") + digits + "Z"


WRONG_TYPES: dict[str, object] = {
    "null": None, "a number": 4711, "an object": {}, "true": True, "an array": [], "a fraction": 1.5, "false": False,
}  # fmt: skip
IMPOSSIBLE_AT = (
    "2021-13-01T00:00:00Z", "2021-02-30T00:00:00Z", "2021-01-01T25:00:00Z", "2021-01-01T00:60:00Z", "yesterday", "",
    "2023-02-29T00:00:00Z", "2021-00-10T00:00:00Z", "2021-01-01T", "2021-01-01T00:", "2021-01-32T00:00:00Z",
    "2021-01-01T00:00:00Z and more", "2021-01-01T00:00:00+99:99", "2021-04-31T00:00:00Z", "2021-01-01T00:00:61Z",
    "01/31/2021", "Fri, 01 Jan 2021 00:00:00 GMT", "1609459200",
)  # fmt: skip


def faulty() -> Iterator[Case]:
    """Every field with every class of wrong value, the likeliest slips first."""
    for name in FIELDS:
        yield f"{name} missing", drop(name)
    for name in FIELDS:
        yield f"{name} null", put(name, None)
    yield "quantity a numeric string", put("quantity", "10")
    yield "quantity a fraction", put("quantity", 10.5)
    yield "quantity true", put("quantity", True)
    yield f"at {IMPOSSIBLE_AT[0]}", put("at", IMPOSSIBLE_AT[0])
    yield "at not a date", put("at", "not-a-date")
    for name in REFERENCE_FIELDS:
        yield f"{name} a number", put(name, 4711)
    yield "at a number", put("at", 1609459200)
    for name, value in {
        "a word": "ten", "an empty string": "", "false": False, "an array": [10], "an object": {"value": 10},
        "a fractional string": "10.5", "a negative fraction": -0.5, "a padded string": " 10 ",
    }.items():  # fmt: skip
        yield f"quantity {name}", put("quantity", value)
    for at in IMPOSSIBLE_AT[1:]:
        yield f"at {at or 'empty'}", put("at", at)
    yield "two faults", lambda record: {**drop("sku")(record), "quantity": "many"}  # type: ignore[dict-item]
    yield "every field null", instead(dict.fromkeys(FIELDS))
    for told, value in {"an empty object": {}, "null": None, "a string": "x", "a number": 7, "an array": []}.items():
        yield f"record {told}", instead(value)
    for told, value in WRONG_TYPES.items():
        for name in (*REFERENCE_FIELDS, "at"):
            if told not in ("null", "a number"):
                yield f"{name} {told}", put(name, value)


def acceptable() -> Iterator[Case]:
    """What a careful client may send and must see accepted, with catalogued references (UPS-3)."""
    forms: dict[str, Callable[[datetime], str]] = {
        "+02:00": _shift(2), "-05:00": _shift(-5), "+05:30": _shift(5, 30), "+14:00": _shift(14), "-11:00": _shift(-11),
        "+00:00": _shift(0), "-03:30": _shift(-3, 30), "+12:45": _shift(12, 45), "-08:00": _shift(-8),
        ".1": _fraction("1"), ".25": _fraction("25"), ".123": _fraction("123"), ".1234": _fraction("1234"),
        ".123456": _fraction("123456"), ".000": _fraction("000"), ".999999": _fraction("999999"),
        ".5+02:00": lambda moment: _shift(2)(moment).replace("+", ".5+"),
    }  # fmt: skip
    for told, write in forms.items():
        yield f"at with {told}", reform(write)
    for quantity in (
        0,
        1,
        127,
        128,
        255,
        256,
        999,
        1000,
        9999,
        10000,
        32767,
        32768,
        65535,
        65536,
        99999,
        999999,
        10**6,
    ):
        yield f"quantity {quantity}", put("quantity", quantity)
    yield "fields in reverse", lambda record: dict(reversed(record.items()))
    yield "fields sorted", lambda record: dict(sorted(record.items()))
    yield "at first", lambda record: {"at": record["at"], **record}


# Real past instants. A reference takes the first of all, and then one of these: an update before it sees the present.
LONG_PAST = "1990-05-17T09:41:27Z"
PAST_AT = (
    "1999-12-31T23:59:59Z", "2000-02-29T12:00:00Z", "2019-12-31T23:59:59Z", "2021-03-14T02:30:00Z",
    "2021-03-28T02:30:00Z", "2021-11-07T01:30:00Z", "2016-12-31T23:59:59Z", "2010-10-10T10:10:10Z",
    "2020-02-28T12:00:00Z", "2020-02-29T12:00:00Z",
    "2020-03-01T00:00:00Z", "2024-02-29T00:00:00Z", "2024-02-29T23:59:59Z", "2024-12-31T23:59:59Z",
    "2025-01-01T00:00:00Z",
)  # fmt: skip


def odd_moments() -> Iterator[Case]:
    """Forms of `at` that a server may refuse, or read as another moment than we would: each clouds its reference."""
    forms: dict[str, Callable[[datetime], str]] = {
        "in the future": lambda moment: (moment + timedelta(days=400)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "without offset": lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%S"),
        "with a space": lambda moment: moment.strftime("%Y-%m-%d %H:%M:%SZ"),
        "in lower case": lambda moment: moment.strftime("%Y-%m-%dt%H:%M:%Sz"),
        "with a leap second": lambda _: "2016-12-31T23:59:60Z",
        "date alone": lambda moment: moment.strftime("%Y-%m-%d"),
        "week date": lambda moment: moment.strftime("%G-W%V-%u"),
        "basic format": lambda moment: moment.strftime("%Y%m%dT%H%M%SZ"),
        "nine digits of fraction": _fraction("123456789"),
        "year 0001": lambda _: "0001-01-01T00:00:00Z",
        "before 1970": lambda _: "1969-12-31T23:59:59Z",
    }
    for told, write in forms.items():
        yield f"at {told}", reform(write)


def open_cases() -> Iterator[Case]:
    """What may be refused but must never break the server: the ledger's questions."""
    yield "a reference that nobody knows", put("product_ref", f"{OURS}unknown")
    yield "an sku that nobody knows", put("sku", f"{OURS}unknown")
    yield "a store that nobody knows", put("store_ref", f"{OURS}unknown")
    for quantity in (
        -1,
        1_000_001,
        2**31 - 1,
        2**31,
        2**32,
        2**53 + 1,
        2**63 - 1,
        2**63,
        2**64,
        -(2**31) - 1,
        -(2**63) - 1,
    ):
        yield f"quantity {quantity}", put("quantity", quantity)
    yield "quantity 10.0", put("quantity", Literal("10.0"))
    yield "quantity 1e2", put("quantity", Literal("1e2"))
    yield "quantity 1e400", put("quantity", Literal("1e400"))
    yield "quantity of 100 digits", put("quantity", 10**100)
    for name in REFERENCE_FIELDS:
        for told, value in {
            "empty": "", "blank": "   ", "of 256 characters": OURS + "x" * 243,
            "of 10,000 characters": OURS + "x" * 9987,
            "not ASCII": f"{OURS}Größe-日本", "an emoji": f"{OURS}😀", "with a control character": f"{OURS}\x01\x1f",
            "with NUL": f"{OURS}\x00", "with a lone surrogate": f"{OURS}\ud800", "quoted": f"{OURS}'\"--;<b>%s{{}}",
        }.items():  # fmt: skip
            yield f"{name} {told}", put(name, value)
    yield "an unknown property", put("note", f"{OURS}note")
    yield "a nested unknown property", put("extra", {"deep": [{"er": None}]})
