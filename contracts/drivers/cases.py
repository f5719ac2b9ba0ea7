"""The record cases: what must be refused, what must be accepted, what is the server's to decide. Tables, no traffic."""

from collections.abc import Iterator
from dataclasses import replace

from contracts.drivers.changes import Change, Literal, drop, instead, put, reform, rename
from contracts.exchanges.records import FIELDS, OURS, REFERENCE_FIELDS

Case = tuple[str, Change]  # in words that begin with the field at fault, and what is done to a valid record
PLAIN = "%Y-%m-%dT%H:%M:%S"
DAY_MS = 86_400_000

WRONG_TYPES: dict[str, object] = {
    "an object": {}, "true": True, "an array": [], "a fraction": 1.5, "false": False, "an array of a string": [OURS],
    "zero": 0, "an object with a value": {"value": OURS},
}  # fmt: skip
NO_RECORDS: dict[str, object] = {
    "an empty object": {}, "a string": "x", "a number": 7, "an array": [], "true": True, "an array of a record": [
        {"product_ref": OURS, "sku": OURS, "quantity": 1, "store_ref": OURS, "at": "2021-01-01T00:00:00Z"}
    ],
}  # fmt: skip
WRONG_QUANTITIES: dict[str, object] = {
    "a word": "ten", "an empty string": "", "false": False, "an array": [10], "an object": {"value": 10},
    "a fractional string": "10.5", "a negative fraction": -0.5, "a padded string": " 10 ", "the string 0": "0",
    "an empty array": [], "an empty object": {}, "a string with a unit": "10 pcs", "a string with a comma": "1,000",
    "a negative string": "-1", "a hexadecimal string": "0x10", "an exponent in a string": "1e3",
    "the string true": "true",    "a tiny fraction": 0.001, "nearly an integer": 10.0000001, "the string null": "null",
    "a string with a plus": "+10", "a string with a newline": "10\n", "other digits in a string": "١٠",
    "a string with an underscore": "1_000", "a whole fraction in a string": "10.0", "a blank string": "  ",
    "the string NaN": "NaN",
}  # fmt: skip
# A property of another name is unknown, and the one that is required is missing: readers without case take it for that.
MISSPELT = {"quantity": "Quantity", "product_ref": "productRef", "store_ref": "STORE_REF", "sku": " sku", "at": "At"}
LIKELY_AT = ("2021-13-01T00:00:00Z", "not-a-date", "", "2021-02-30T00:00:00Z")
IMPOSSIBLE_AT = (
    "2021-01-01T25:00:00Z", "2021-01-01T00:60:00Z", "yesterday",
    "2023-02-29T00:00:00Z", "2021-00-10T00:00:00Z", "2021-01-01T", "2021-01-01T00:", "2021-01-32T00:00:00Z",
    "2021-01-01T00:00:00Z and more", "2021-01-01T00:00:00+99:00", "2021-04-31T00:00:00Z", "2021-01-01T00:00:61Z",
    "01/31/2021", "Sun, 31 Jan 2021 10:00:00 GMT", "1609459200", "2021-01-00T00:00:00Z", "2100-02-29T00:00:00Z",
    "1/2/2021 10:00", "31.01.2021 10:00", "null", "Z", "1609459200000", "2021-06-31T10:00:00+02:00", "now",
    "0000-00-00T00:00:00Z", "2021-01-01T00:99:00Z", "2021-01-01T00:00:00Z2021-01-01T00:00:00Z", " ",
    "2021-01-01T24:30:00Z", "2021-1-5T9:05:00Z", "2021-01-05T9:05:00Z", "2021/01/31 10:00:00", "10:00:00Z",
    "2021-01-31T10:00:00 PM", "٢٠٢١-٠١-٣١T١٠:٠٠:٠٠Z", "2021-01-01T00:00:00Z+02:00", "2021-01-01T00:00:00+02:75",
    "1609459200.5",
    "at 2021-01-01T00:00:00Z", "2021-01-01T00:00:00" + "Z" * 200,
)  # fmt: skip
WRONG_AT: dict[str, object] = {"milliseconds": 1609459200000, "in an array": ["2021-01-01T00:00:00Z"], "a sign": -1}


def faulty() -> Iterator[Case]:
    """Every field with every class of wrong value, the likeliest slips first."""
    yield from likely_faults()
    yield from rarer_faults()


def likely_faults() -> Iterator[Case]:
    """The slips that every second server makes; where each costs a request, no more than the first are sent."""
    for name in FIELDS:
        yield f"{name} missing", drop(name)
    for name in FIELDS:
        yield f"{name} null", put(name, None)
    yield "quantity a numeric string", put("quantity", "10")
    yield "quantity a fraction", put("quantity", 10.5)
    yield "quantity true", put("quantity", True)
    yield "at a number", put("at", 1609459200)
    for at in LIKELY_AT:
        yield f"at {at or 'empty'}", put("at", at)
    yield "record null", instead(None)
    for name in REFERENCE_FIELDS:
        yield f"{name} a number", put(name, 4711)
    for told, value in list(WRONG_QUANTITIES.items())[:8]:
        yield f"quantity {told}", put("quantity", value)
    yield "record null, once more", instead(None)  # whoever looks a record up by what it is finds the first


def rarer_faults() -> Iterator[Case]:
    """All others."""
    for at in IMPOSSIBLE_AT:
        yield f"at {at}", put("at", at)
    yield "two faults", Change(put={"quantity": "many"}, drop=("sku",))
    yield "every field null", instead(dict.fromkeys(FIELDS))
    for told, value in NO_RECORDS.items():
        yield f"record {told}", instead(value)
    for told, value in WRONG_TYPES.items():
        for name in (*REFERENCE_FIELDS, "at"):
            yield f"{name} {told}", put(name, value)
    for told, value in list(WRONG_QUANTITIES.items())[8:]:
        yield f"quantity {told}", put("quantity", value)
    for told, value in WRONG_AT.items():
        yield f"at {told}", put("at", value)
    for name, other in MISSPELT.items():
        yield f"{name} as {other.strip()}", rename(name, other)


def _shift(hours: int, minutes: int = 0) -> Change:
    sign, total = ("-", -1) if hours < 0 else ("+", 1)
    return reform(f"{PLAIN}{sign}{abs(hours):02}:{minutes:02}", total * (abs(hours) * 60 + minutes) * 60_000)


QUANTITIES = (
    0, 1, 2, 127, 128, 255, 256, 999, 1000, 1001, 4095, 4096, 9999, 10000, 32767, 32768, 65535, 65536, 99999, 100000,
    131072, 262144, 500000, 524288, 999999, 10**6,
)  # fmt: skip


def acceptable() -> Iterator[Case]:
    """What a careful client may send and must see accepted, with catalogued references (UPS-3); moments at last."""
    for quantity in QUANTITIES:
        yield f"quantity {quantity}", put("quantity", quantity)
    yield "fields in reverse", Change(order=tuple(reversed(FIELDS)))
    yield "fields sorted", Change(order=tuple(sorted(FIELDS)))
    yield "at first", Change(order=("at",))
    offsets = ((2, 0), (-5, 0), (5, 30), (14, 0), (-11, 0), (0, 0), (-3, 30), (12, 45), (-8, 0), (-12, 0), (1, 0))
    for hours, minutes in offsets:
        yield f"at with {hours:+03}:{minutes:02}", _shift(hours, minutes)
    for digits in ("1", "25", "123", "1234", "12345", "123456", "000", "999999", "000001"):
        yield f"at with .{digits}", reform(f"{PLAIN}.{digits}Z")
    yield "at with .5+02:00", reform(f"{PLAIN}.5+02:00", 2 * 3_600_000)
    yield "at with .123456-04:30", reform(f"{PLAIN}.123456-04:30", -270 * 60_000)


# Real past instants, as updates: a reference takes first what is before them all, then these, the earlier first.
LONG_PAST = "1990-05-17T09:41:27Z"
PAST_AT = (
    "1999-12-31T23:59:59Z", "2000-01-01T00:00:00Z", "2000-02-29T12:00:00Z", "2001-09-09T01:46:40Z",
    "2004-02-29T23:59:59+01:00", "2010-10-10T10:10:10Z", "2011-11-11T00:00:00+05:30", "2015-06-30T23:59:59Z",
    "2016-02-29T00:00:00.5Z", "2016-12-31T23:59:59Z", "2017-01-01T00:00:00+00:00", "2018-07-21T17:32:28Z",
    "2019-01-31T12:00:00Z", "2019-04-30T12:00:00-03:00", "2019-10-27T02:30:00+01:00", "2019-12-31T23:59:59Z",
    "2019-12-31T23:30:00-01:00", "2020-02-28T12:00:00Z", "2020-02-29T12:00:00Z", "2020-03-01T00:00:00Z",
    "2020-02-29T23:30:00-05:00", "2020-12-31T12:00:00Z", "2021-01-01T00:30:00+02:00", "2021-03-14T02:30:00Z",
    "2021-03-28T02:30:00Z", "2021-11-07T01:30:00Z", "2022-05-05T12:00:00Z", "2022-08-31T23:59:59.999999Z",
    "2023-02-28T23:59:59Z", "2024-02-29T00:00:00Z", "2024-02-29T12:00:00+09:00", "2024-02-29T23:59:59Z",
    "2024-12-31T23:59:59Z", "2025-01-01T00:00:00Z",
)  # fmt: skip

# Two instants each, of which clocks in Paris and London, New York, Chicago, Los Angeles or Sydney show the later one
# earlier, in the hour that autumn gives twice: who compares what a clock showed takes it for stale. After all PAST_AT.
TWICE_ON_THE_CLOCK = (
    ("2025-10-26T00:45:00Z", "2025-10-26T01:15:00Z"), ("2025-11-02T05:45:00Z", "2025-11-02T06:15:00Z"),
    ("2025-11-02T06:45:00Z", "2025-11-02T07:15:00Z"), ("2025-11-02T08:45:00Z", "2025-11-02T09:15:00Z"),
    ("2025-04-05T15:45:00Z", "2025-04-05T16:15:00Z"),
)  # fmt: skip


def odd_moments() -> Iterator[Case]:
    """Forms of `at` that a server may refuse, or read as another moment than we would: each clouds its reference.

    What lies ahead is for references that nobody has: taken, it would make every update stale that comes before it.
    """
    yield "at in the future", _of_nobody(reform(f"{PLAIN}Z", 400 * DAY_MS))
    yield "at without offset", reform(PLAIN)
    yield "at with a space", reform("%Y-%m-%d %H:%M:%SZ")
    yield "at in lower case", reform("%Y-%m-%dt%H:%M:%Sz")
    yield "at with a leap second", put("at", "2016-12-31T23:59:60Z")
    yield "at date alone", reform("%Y-%m-%d")
    yield "at week date", reform("%G-W%V-%u")
    yield "at basic format", reform("%Y%m%dT%H%M%SZ")
    yield "at nine digits of fraction", reform(f"{PLAIN}.123456789Z")
    yield "at hour 24", put("at", "2021-01-01T24:00:00Z")
    yield "at year 0001", put("at", "0001-01-01T00:00:00Z")
    yield "at year 9999", _of_nobody(put("at", "9999-12-31T23:59:59Z"))
    yield "at beyond 2038", _of_nobody(put("at", "2038-01-19T03:14:08Z"))
    yield "at before the year 0001", put("at", "0001-01-01T00:00:00+02:00")
    yield "at beyond the year 9999", _of_nobody(put("at", "9999-12-31T23:59:59-02:00"))
    yield "at before 1970", put("at", "1969-07-20T20:17:40Z")
    yield "at without seconds", reform("%Y-%m-%dT%H:%MZ")


def _of_nobody(change: Change) -> Change:
    return replace(change, put={"product_ref": OPEN_NAMES["nobody knows"], **change.put})


OPEN_QUANTITIES = (
    -1, 1_000_001, 2**31 - 1, 2**31, 2**32, 2**53 + 1, 2**63 - 1, 2**63, 2**64, -(2**31) - 1, -(2**63) - 1, 10**100,
)  # fmt: skip
OPEN_NAMES = {
    "nobody knows": f"{OURS}unknown", "empty": "", "blank": "   ", "of 256 characters": OURS + "x" * 243,
    "of 10,000 characters": OURS + "x" * 9987, "not ASCII": f"{OURS}Größe-日本", "an emoji": f"{OURS}😀",
    "with a control character": f"{OURS}\x01\x1f", "with a new line": f"{OURS}\n\t", "with NUL": f"{OURS}\x00",
    "with a lone surrogate": f"{OURS}\ud800", "quoted": f"{OURS}'\"--;<b>%s{{}}\\,&/../",
}  # fmt: skip
# Where each case may cost a request, those that break servers most.
LIKELIEST_OPEN = (
    "sku nobody knows", "quantity -1", f"quantity {2**31}", f"quantity {2**63}", "product_ref not ASCII",
    "product_ref with NUL", "store_ref empty", "sku of 10,000 characters", "record with an unknown property",
    "sku with a lone surrogate", "sku an emoji", "quantity 1e400",
)  # fmt: skip


def open_cases() -> Iterator[Case]:
    """What may be refused but must never break the server: the ledger's questions."""
    for name in REFERENCE_FIELDS:
        yield f"{name} nobody knows", put(name, OPEN_NAMES["nobody knows"])
    for quantity in OPEN_QUANTITIES:
        yield f"quantity {quantity}" if quantity < 10**20 else "quantity of 100 digits", put("quantity", quantity)
    for text in ("10.0", "1e2", "1e400"):
        yield f"quantity {text}", put("quantity", Literal(text))
    for name in REFERENCE_FIELDS:
        for told, value in list(OPEN_NAMES.items())[1:]:
            yield f"{name} {told}", put(name, value)
    yield "record with an unknown property", put("note", f"{OURS}note")
    yield "record with a nested unknown property", put("extra", {"deep": [{"er": None}]})
    yield "record with __proto__", put("__proto__", {"constructor": OURS})
