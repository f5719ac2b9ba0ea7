"""Valid records and batches that are not taken."""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps

from sandbox.batches import check_quantity, identify, order, settle
from sandbox.defects.forms import refuses_record
from sandbox.message import Fault, Refused, Request
from sandbox.outcome import Outcome, Result
from sandbox.records import REFERENCES, Instant, Record
from sandbox.server import Server
from sandbox.signatures import CheckQuantity, Identify, Measure, Order, Read, Settle
from sandbox.stages import measure, read
from sandbox.variant import Defect, defect


def _error(title: str) -> Outcome:
    return Outcome("error", (Fault(title, "invalid", "business"),))


@defect(order, "UPS-1", "UPS-3")
def update_refused(_server: Server, inner: Order, record: Record, stored: Instant | None) -> Outcome:
    """A level that is stored already cannot be set again."""
    return inner(record, stored) if stored is None else _error("has already been taken")


@defect(order, "UPS-1", "ERR-2")
def update_500(_server: Server, inner: Order, record: Record, stored: Instant | None) -> Outcome:
    """To set a stored level again is a 500."""
    if stored is not None:
        raise Refused(500)
    return inner(record, stored)


@defect(order, "UPS-1", "ERR-2")
def same_batch_again_500(_server: Server, inner: Order, record: Record, stored: Instant | None) -> Outcome:
    """A record as old as the stored one is a 500."""
    if record.instant == stored:
        raise Refused(500)
    return inner(record, stored)


@defect(read, "ERR-2")
def same_bytes_again_500(server: Server, inner: Read, request: Request) -> object:
    """A batch of more than one record, sent again to the letter at once, is a 500: its digest is a unique key."""
    before = server.memory.get("digest")
    server.memory["digest"] = hash(request.body)
    if before == hash(request.body) and request.body.count(b"sku") > 1:
        raise Refused(500)
    return inner(request)


@defect(order, "UPS-1", "UPS-3")
def third_update_refused(server: Server, inner: Order, record: Record, stored: Instant | None) -> Outcome:
    """A level can be set twice, and not a third time."""
    server.tally[record.reference] += 1
    return inner(record, stored) if server.tally[record.reference] <= 2 else _error("has a newer version")


@defect(order, "UPS-1", "UPS-3")
def unchanged_quantity_refused(server: Server, inner: Order, record: Record, stored: Instant | None) -> Outcome:
    """A level that would stay as it is cannot be set again."""
    levels = server.memory.setdefault("quantities", {})
    before, levels[record.reference] = levels.get(record.reference), record.quantity
    return _error("nothing to change") if before == record.quantity else inner(record, stored)


def _references(items: list[object]) -> list[tuple[object, ...]]:
    return [
        tuple(str(item.get(name)) for name in REFERENCES) if isinstance(item, dict) else (index,)
        for index, item in enumerate(items)
    ]


@defect(settle, "UPS-1", "ERR-2")
def duplicate_in_batch_500(_server: Server, inner: Settle, items: list[object]) -> list[Result]:
    """The same reference twice in a batch is a 500."""
    if len(set(_references(items))) < len(items):
        raise Refused(500)
    return inner(items)


@defect(settle, "UPS-1", "RES-3")
def duplicate_in_batch_loses_result(_server: Server, inner: Settle, items: list[object]) -> list[Result]:
    """Of the results for the same reference in a batch only the last is told."""
    last = {reference: index for index, reference in enumerate(_references(items))}
    return [result for result in inner(items) if result.index in last.values()]


def refuses_quantity(*promises: str) -> Callable[[Callable[[int], bool]], Defect]:
    """The quantities that are refused."""

    def decorate(hits: Callable[[int], bool]) -> Defect:
        @wraps(hits)
        def wrapper(_server: Server, inner: CheckQuantity, value: object) -> Fault | None:
            if isinstance(value, int) and hits(value):
                return Fault("quantity is out of range", "out_of_range", "value")
            return inner(value)

        return defect(check_quantity, *promises)(wrapper)

    return decorate


@refuses_quantity("UPS-3")
def quantity_zero_refused(quantity: int) -> bool:
    """A quantity of zero is an error."""
    return quantity == 0


@refuses_quantity("UPS-3")
def quantity_above_32767_refused(quantity: int) -> bool:
    """A quantity of more than 15 bits is an error."""
    return quantity > 32_767


@refuses_quantity("UPS-3")
def quantity_above_65535_refused(quantity: int) -> bool:
    """A quantity of more than 16 bits is an error."""
    return quantity > 65_535


@refuses_quantity("UPS-3")
def quantity_of_a_million_refused(quantity: int) -> bool:
    """A quantity of seven digits is an error."""
    return quantity > 999_999


@refuses_record(500, "UPS-3", "ERR-2")
def quantity_above_32767_500(record: dict[str, object]) -> bool:
    """A quantity of more than 15 bits is a 500."""
    quantity = record.get("quantity")
    return isinstance(quantity, int) and quantity > 32_767


@defect(identify, "UPS-3", "UPS-2")
def one_store_per_sku(server: Server, inner: Identify, record: Record) -> Outcome:
    """A sku belongs to the store it was first sent for; another store is an error."""
    home = server.memory.setdefault("store by sku", {}).setdefault(record.sku, record.store_ref)
    return inner(record) if record.store_ref == home else _error("sku has already been taken")


@defect(settle, "UPS-2", "RES-7")
def one_product_per_batch(_server: Server, inner: Settle, items: list[object]) -> list[Result]:
    """Records of another product than the first one's are errors."""
    products = [item.get("product_ref") if isinstance(item, dict) else None for item in items]
    title = "all records must be of one product"
    return [
        replace(result, status="error", message=title, faults=(Fault(title, "invalid", "business"),))
        if products[result.index] != products[0]
        else result
        for result in inner(items)
    ]


@defect(read, "UPS-3", "ERR-1")
def charset_415(_server: Server, inner: Read, request: Request) -> object:
    """A charset in the request's media type is a 415."""
    if ";" in request.headers.get("content-type", ""):
        raise Refused(415)
    return inner(request)


@defect(measure, "UPS-2")
def two_records_refused(_server: Server, _inner: Measure, items: list[object]) -> None:
    """A batch of more than one record is a 422."""
    if len(items) > 1:
        raise Refused(422, Fault("inventories must hold one record", "too_many"))


@defect(measure, "UPS-2")
def eleven_records_400(_server: Server, _inner: Measure, items: list[object]) -> None:
    """A batch of more than ten records is a 400."""
    if len(items) > 10:
        raise Refused(400)


@defect(measure, "UPS-2")
def odd_batches_refused(_server: Server, inner: Measure, items: list[object]) -> None:
    """A batch of an odd number of records, three or more, is a 422."""
    if len(items) > 2 and len(items) % 2:
        raise Refused(422, Fault("inventories is invalid", "invalid"))
    inner(items)
