"""What a kind reader takes for JSON, for a property's name or for a moment, and what it does that is none too kind."""

import re
from collections.abc import Callable
from functools import wraps

from sandbox.batches import order, parse
from sandbox.decoding import load_json
from sandbox.defects.forms import reads_value, refuses_record
from sandbox.message import Fault, Refused, Reply, Request
from sandbox.outcome import Outcome
from sandbox.records import Instant, Record
from sandbox.server import Server
from sandbox.signatures import Authenticate, Handle, Order, Parse, Parsed, Read, Unpack
from sandbox.stages import authenticate, handle, read, respond, unpack
from sandbox.variant import Defect, defect

SOME_DAY = "2021-06-15T12:00:00Z"


def repairs_body(*promises: str) -> Callable[[Callable[[str], str]], Defect]:
    """How a body that is not JSON is made into JSON."""

    def decorate(repair: Callable[[str], str]) -> Defect:
        @wraps(repair)
        def wrapper(_server: Server, inner: Read, request: Request) -> object:
            try:
                return inner(request)
            except Refused as refused:
                try:
                    return load_json(repair(request.body.decode()).encode())
                except ValueError:
                    raise refused from None

        return defect(read, *promises)(wrapper)

    return decorate


@repairs_body("ERR-3")
def single_quotes_read(text: str) -> str:
    """Strings may stand in single quotes."""
    return text.replace("'", '"')


@repairs_body("ERR-3")
def comma_too_many_read(text: str) -> str:
    """A comma may stand before a closing bracket."""
    return re.sub(r",\s*([}\]])", r"\1", text)


@repairs_body("ERR-3")
def comments_read(text: str) -> str:
    """JSON may have comments."""
    return re.sub(r"/\*.*?\*/", "", text)


@defect(unpack, "VAL-1")
def inventories_in_any_case(_server: Server, inner: Unpack, document: object) -> list[object]:
    """The name `inventories` may be in any case."""
    known = {name.lower(): value for name, value in document.items()} if isinstance(document, dict) else document
    return inner(known)


@defect(unpack, "VAL-1")
def envelope_opened(_server: Server, inner: Unpack, document: object) -> list[object]:
    """A batch may stand in another object, as its only property."""
    if isinstance(document, dict) and len(document) == 1 and isinstance(inside := next(iter(document.values())), dict):
        return inner(inside)
    return inner(document)


@defect(parse, "VAL-1")
def properties_in_any_case(_server: Server, inner: Parse, item: object) -> Parsed:
    """The names of a record's properties may be in any case."""
    return inner({name.lower(): value for name, value in item.items()} if isinstance(item, dict) else item)


@defect(parse, "VAL-1")
def properties_in_camel_case(_server: Server, inner: Parse, item: object) -> Parsed:
    """The names of a record's properties may be written like productRef."""
    if not isinstance(item, dict):
        return inner(item)
    return inner({re.sub("(?<=[a-z])[A-Z]", lambda hump: f"_{hump[0].lower()}", name): item[name] for name in item})


@reads_value("quantity")
def quantity_blank_is_zero(value: object) -> object:
    """A quantity of nothing but spaces is zero."""
    return 0 if isinstance(value, str) and value.isspace() else value


@reads_value("quantity")
def quantity_not_a_number_is_zero(value: object) -> object:
    """A quantity may be the text NaN, which is zero."""
    return 0 if value == "NaN" else value


def reads_as_some_day(pattern: str) -> Callable[[Callable[[], None]], Defect]:
    """What `at` may be written like, beside what is right."""

    def decorate(told: Callable[[], None]) -> Defect:
        @wraps(told)
        def read_as(value: object) -> object:
            return SOME_DAY if isinstance(value, str) and re.fullmatch(pattern, value) else value

        return reads_value("at")(read_as)

    return decorate


@reads_as_some_day(r"[0-9]{4}-[0-9]-[0-9]{1,2}T.*")
def at_with_short_month() -> None:
    """The month and the day in `at` may have one digit."""


@reads_as_some_day(r"[0-9-]{10}T[0-9]:.*")
def at_with_short_hour() -> None:
    """The hour in `at` may have one digit."""


@reads_as_some_day(r"[0-9]{2}:[0-9]{2}(:[0-9]{2})?Z?")
def at_without_date() -> None:
    """An `at` may be a time alone, of today."""


@reads_as_some_day(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
def at_in_any_digits() -> None:
    """An `at` may be written in the digits of any script."""


@reads_as_some_day(r".*[0-9]T[0-9:]{8}Z[+-].*")
def at_with_two_offsets() -> None:
    """An `at` may have an offset behind its Z."""


@reads_as_some_day(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}[+-](0[0-9]|1[0-4]):[6-9][0-9]")
def offset_of_sixty_minutes() -> None:
    """The minutes of an offset may be sixty and more."""


@reads_as_some_day(r".*[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z")
def at_with_anything_before() -> None:
    """An `at` is looked for within the text."""


@reads_as_some_day(r".{10}T24:.*")
def at_after_hour_24() -> None:
    """The hour 24 has minutes too."""


@refuses_record(500, "ERR-2")
def long_at_500(record: dict[str, object]) -> bool:
    """An `at` of more than a hundred characters is a 500."""
    return len(str(record.get("at"))) > 100


@refuses_record(500, "ERR-2")
def slash_500(record: dict[str, object]) -> bool:
    """A slash in a reference is a 500."""
    return any("/" in str(record.get(name)) for name in ("product_ref", "sku", "store_ref"))


@defect(respond, "ERR-2")
def unknown_charset_500(_server: Server, inner: Handle, request: Request) -> Reply:
    """A charset that nobody knows is a 500."""
    _, _, charset = request.headers.get("content-type", "").lower().partition("charset=")
    if charset.strip('" ') not in ("", "utf-8"):
        raise Refused(500)
    return inner(request)


@defect(authenticate, "ERR-2", "AUTH-1")
def non_ascii_token_500(_server: Server, inner: Authenticate, request: Request) -> str | None:
    """A token that is not ASCII is a 500."""
    if not request.headers.get("authorization", "").isascii():
        raise Refused(500)
    return inner(request)


@defect(authenticate, "ERR-2", "AUTH-1")
def three_words_500(_server: Server, inner: Authenticate, request: Request) -> str | None:
    """An Authorization of more than two words is a 500."""
    if len(request.headers.get("authorization", "").split()) > 2:
        raise Refused(500)
    return inner(request)


@non_ascii_token_500.also(handle)
@three_words_500.also(handle)
def _tell_of_crash(_server: Server, inner: Handle, request: Request) -> Reply:
    try:
        return inner(request)
    except Refused as refused:
        return Reply(refused.status, "Internal Server Error", "text/plain")


@defect(handle, "AUTH-1")
def answer_remembered_for_all(server: Server, inner: Handle, request: Request) -> Reply:
    """The same body is answered as the last time, whoever asks."""
    answers = server.memory.setdefault("answers by body", {})
    known = answers.get(request.body)
    reply = inner(request)
    if reply.status == 200:
        answers[request.body] = reply
    return known if known is not None and reply.status == 401 else reply


@defect(handle, "ERR-2")
def good_batch_after_422_500(server: Server, inner: Handle, request: Request) -> Reply:
    """What was good is a 500 if a 422 came before it."""
    reply = inner(request)
    before, server.memory["status before"] = server.memory.get("status before"), reply.status
    return Reply(500, "Internal Server Error", "text/plain") if (before, reply.status) == (422, 200) else reply


@defect(order, "UPS-1", "UPS-3")
def sold_out_update_refused(_server: Server, inner: Order, record: Record, stored: Instant | None) -> Outcome:
    """A level that is stored cannot be set to zero."""
    if stored is not None and record.quantity == 0:
        return Outcome("error", (Fault("quantity must be present", "blank", "business"),))
    return inner(record, stored)


@defect(unpack, "VAL-1", "RES-3", "RES-6", speaks=("whole-batch-422",))
def empty_places_passed_over(_server: Server, inner: Unpack, document: object) -> list[object]:
    """A null in the place of a record is left out before anything is looked at."""
    items = inner(document)
    return [item for item in items if item is not None] or items


@defect(unpack, "ERR-2", speaks=("whole-batch-422",))
def half_a_thousand_records_500(_server: Server, inner: Unpack, document: object) -> list[object]:
    """More than 500 records are a 500, before they are looked at."""
    items = inner(document)
    if len(items) > 500:
        raise Refused(500)
    return items
