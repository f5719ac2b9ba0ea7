"""Records, documents and bodies that make a server fall over: a 500 where a refusal belongs."""

import re

from sandbox.batches import identify
from sandbox.defects.forms import refuses_body, refuses_document, refuses_record
from sandbox.message import Refused, Reply, Request
from sandbox.outcome import Outcome
from sandbox.records import REFERENCES, Record
from sandbox.server import Server
from sandbox.signatures import Answer, Identify
from sandbox.stages import answer
from sandbox.variant import defect


def _references(record: dict[str, object]) -> list[str]:
    return [value for name in REFERENCES if isinstance(value := record.get(name), str)]


@refuses_record(500, "ERR-2", "VAL-1")
def null_500(record: dict[str, object]) -> bool:
    """A null in a record is a 500."""
    return None in record.values()


@refuses_record(500, "ERR-2", "VAL-1")
def missing_field_500(record: dict[str, object]) -> bool:
    """A record without a quantity is a 500."""
    return "quantity" not in record


@refuses_record(500, "ERR-2", "VAL-1")
def nested_object_500(record: dict[str, object]) -> bool:
    """An object where a string belongs is a 500."""
    return any(isinstance(value, dict) for value in record.values())


@refuses_record(500, "ERR-2", "VAL-1")
def nested_array_500(record: dict[str, object]) -> bool:
    """An array where a string belongs is a 500."""
    return any(isinstance(value, list) for value in record.values())


@refuses_record(500, "ERR-2", "VAL-1")
def text_quantity_500(record: dict[str, object]) -> bool:
    """A string for a quantity is a 500."""
    return isinstance(record.get("quantity"), str)


@refuses_record(500, "ERR-2", "VAL-1")
def float_quantity_500(record: dict[str, object]) -> bool:
    """A quantity with a fraction is a 500."""
    return isinstance(record.get("quantity"), float)


@refuses_record(500, "ERR-2", "VAL-1")
def numeric_reference_500(record: dict[str, object]) -> bool:
    """A number for a reference is a 500."""
    return any(isinstance(record.get(name), int) for name in REFERENCES)


@refuses_record(500, "ERR-2")
def huge_integer_500(record: dict[str, object]) -> bool:
    """A quantity of more than 64 bits is a 500."""
    quantity = record.get("quantity")
    return isinstance(quantity, int) and abs(quantity) >= 2**63


@refuses_record(500, "ERR-2")
def negative_quantity_500(record: dict[str, object]) -> bool:
    """A quantity below zero is a 500."""
    quantity = record.get("quantity")
    return isinstance(quantity, int) and quantity < 0


@refuses_record(500, "ERR-2")
def non_ascii_500(record: dict[str, object]) -> bool:
    """A reference that is not ASCII is a 500."""
    return not all(text.isascii() for text in _references(record))


@refuses_record(500, "ERR-2")
def emoji_500(record: dict[str, object]) -> bool:
    """A character of four bytes in UTF-8 is a 500."""
    return any(letter > "\uffff" for text in _references(record) for letter in text)


@refuses_record(500, "ERR-2")
def nul_500(record: dict[str, object]) -> bool:
    """A NUL in a reference is a 500."""
    return any("\0" in text for text in _references(record))


@refuses_record(500, "ERR-2")
def lone_surrogate_500(record: dict[str, object]) -> bool:
    """Half of a surrogate pair is a 500."""
    return any("\ud800" <= letter <= "\udfff" for text in _references(record) for letter in text)


@refuses_record(500, "ERR-2")
def empty_string_500(record: dict[str, object]) -> bool:
    """An empty string in a record is a 500."""
    return "" in record.values()


@refuses_record(500, "ERR-2")
def long_reference_500(record: dict[str, object]) -> bool:
    """A reference of more than 255 characters is a 500."""
    return any(len(text) > 255 for text in _references(record))


@refuses_record(500, "ERR-2")
def quote_500(record: dict[str, object]) -> bool:
    """An apostrophe in a reference is a 500."""
    return any("'" in text for text in _references(record))


@refuses_record(500, "ERR-2", "VAL-1")
def impossible_month_500(record: dict[str, object]) -> bool:
    """An `at` in month 13 or later is a 500."""
    return re.match(r"[0-9]{4}-(1[3-9]|[2-9][0-9])", str(record.get("at"))) is not None


@refuses_record(500, "ERR-2", "VAL-1")
def impossible_day_500(record: dict[str, object]) -> bool:
    """An `at` on 30 February is a 500."""
    return "-02-30" in str(record.get("at"))


@refuses_record(500, "ERR-2", "VAL-1")
def undated_500(record: dict[str, object]) -> bool:
    """An `at` that does not begin with a year is a 500."""
    at = record.get("at")
    return isinstance(at, str) and re.match("[0-9]{4}-", at) is None


@refuses_record(500, "ERR-2")
def outside_the_calendar_500(record: dict[str, object]) -> bool:
    """An `at` that its offset moves out of the years 1 to 9999 is a 500."""
    at = record.get("at")
    return isinstance(at, str) and re.fullmatch(r"0001-01-01T.*\+.*|9999-12-31T.*-[0-9]{2}:[0-9]{2}", at) is not None


@refuses_record(500, "ERR-2")
def unknown_property_500(record: dict[str, object]) -> bool:
    """A property that the document does not name is a 500."""
    return not set(record) <= {*REFERENCES, "quantity", "at"}


@defect(identify, "ERR-2")
def unknown_reference_500(_server: Server, inner: Identify, record: Record) -> Outcome:
    """A reference that is not in the catalogue is a 500."""
    outcome = inner(record)
    if outcome.status == "error":
        raise Refused(500)
    return outcome


@refuses_document(500, "ERR-2", "VAL-4")
def empty_batch_500(document: object) -> bool:
    """A batch without records is a 500."""
    return isinstance(document, dict) and document.get("inventories") == []


@refuses_document(500, "ERR-2", "VAL-1")
def array_body_500(document: object) -> bool:
    """A body that is an array is a 500."""
    return isinstance(document, list)


@refuses_document(500, "ERR-2", "VAL-1")
def scalar_body_500(document: object) -> bool:
    """A body that is a number, a string or null is a 500."""
    return not isinstance(document, dict | list)


@refuses_document(500, "ERR-2", "VAL-1")
def inventories_missing_500(document: object) -> bool:
    """An object without `inventories` is a 500."""
    return isinstance(document, dict) and "inventories" not in document


@refuses_document(500, "ERR-2", "VAL-1")
def inventories_null_500(document: object) -> bool:
    """A null for `inventories` is a 500."""
    return isinstance(document, dict) and document.get("inventories", 0) is None


@refuses_document(500, "ERR-2", "VAL-1")
def inventories_object_500(document: object) -> bool:
    """An object for `inventories` is a 500."""
    return isinstance(document, dict) and isinstance(document.get("inventories"), dict)


@refuses_document(500, "ERR-2", "VAL-1")
def bare_record_500(document: object) -> bool:
    """An element of `inventories` that is no object is a 500."""
    items = document.get("inventories") if isinstance(document, dict) else None
    return isinstance(items, list) and not all(isinstance(item, dict) for item in items)


@refuses_document(500, "ERR-2", "UPS-2")
def large_batch_500(document: object) -> bool:
    """More than 200 records are a 500."""
    items = document.get("inventories") if isinstance(document, dict) else None
    return isinstance(items, list) and len(items) > 200


@refuses_body(500, "ERR-2")
def no_body_500(body: bytes) -> bool:
    """A request without a body is a 500."""
    return not body


@refuses_body(500, "ERR-2")
def not_utf_8_500(body: bytes) -> bool:
    """A body that is not UTF-8 is a 500."""
    return "\ufffd" in body.decode("utf-8", "replace")


@refuses_body(500, "ERR-2")
def byte_order_mark_500(body: bytes) -> bool:
    """A byte order mark is a 500."""
    return body.startswith(b"\xef\xbb\xbf")


@refuses_body(500, "ERR-2")
def deep_nesting_500(body: bytes) -> bool:
    """More than a hundred brackets opened at once are a 500."""
    return b"[" * 100 in body or b'{"a":' * 100 in body


@refuses_body(500, "ERR-2")
def not_a_number_500(body: bytes) -> bool:
    """NaN is a 500."""
    return b"NaN" in body


@defect(answer, "ERR-2")
async def asleep_after_a_silence(server: Server, inner: Answer, request: Request) -> Reply:
    """The first request after a window without any meets a database connection that is gone: a 500."""
    now_ms = int(server.clock.monotonic_s() * 1000)
    silent_ms = now_ms - server.tally["last request"] if server.tally["last request"] else 0
    server.tally["last request"] = now_ms
    if silent_ms > server.settings.window_s * 1000:
        return Reply(500, "Internal Server Error", "text/plain")
    return await inner(request)
