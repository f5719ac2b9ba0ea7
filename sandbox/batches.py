"""The honest stages for the records of a batch: is it a record, do we know what it is about, is it news, write it."""

import re

from sandbox.message import Fault
from sandbox.outcome import Outcome, Result
from sandbox.records import FIELDS, MAX_QUANTITY, REFERENCES, Instant, Record, parse_instant
from sandbox.server import Server, Stage

ACCEPTED = Outcome("ok", applied=True)
UNKNOWN = Fault("product_ref, sku and store_ref are not in the catalogue", "not_found", "business")
UNSTORABLE = re.compile("[\0\ud800-\udfff]")  # SQLite ends a text at NUL; half a surrogate pair has no UTF-8
STALE = Fault("at is older than the stored one: not applied", "stale", "business")


@Stage
def settle(server: Server, items: list[object]) -> list[Result]:
    """One result for every record, in order. A record sees no neighbour, except an earlier one of its own reference."""
    assess_one = server[assess]
    results = []
    for index, item in enumerate(items):
        outcome = assess_one(item)
        message = "; ".join(fault.title for fault in outcome.faults) or None
        results.append(Result(index, outcome.status, message, outcome.faults))
    return results


@Stage
def assess(server: Server, item: object) -> Outcome:
    """The outcome for one element of `inventories`; a record that is to be applied is written."""
    record = server[parse](item)
    if not isinstance(record, Record):
        return Outcome("error", record)
    outcome = server[identify](record)
    if outcome is ACCEPTED:
        outcome = server[order](record, server.store.instant(record))
    if outcome.applied:
        server.store.put(record)
    return outcome


@Stage
def parse(server: Server, item: object) -> Record | tuple[Fault, ...]:
    """The record that `item` is, or all that keeps it from being one."""
    if not isinstance(item, dict):
        return (Fault("must be an object", "invalid_type", "shape"),)
    faults = [Fault(f"{name} is missing", "missing", "shape") for name in FIELDS if name not in item]
    found = [server[check_reference](name, item[name]) for name in REFERENCES if name in item]
    if "quantity" in item:
        found.append(server[check_quantity](item["quantity"]))
    instant = server[read_at](item["at"]) if "at" in item else None
    if isinstance(instant, Fault):
        found.append(instant)
    faults += filter(None, found)
    if faults or not isinstance(instant, Instant):
        return tuple(faults)
    return Record(item["product_ref"], item["sku"], item["store_ref"], item["quantity"], item["at"], instant)


@Stage
def check_reference(server: Server, name: str, value: object) -> Fault | None:  # noqa: ARG001 - a stage is given its server
    """A reference is a string, and one that can be kept and compared."""
    if not isinstance(value, str):
        return Fault(f"{name} must be a string", "invalid_type", "shape")
    if not value:
        return Fault(f"{name} must not be empty", "empty", "value")
    if UNSTORABLE.search(value):
        return Fault(f"{name} holds a character that cannot be stored", "invalid_text", "value")
    return None


@Stage
def check_quantity(server: Server, value: object) -> Fault | None:  # noqa: ARG001 - a stage is given its server
    """A quantity is an integer: neither true, nor 10.0, nor "10"; not negative, and of 63 bits at most."""
    if not isinstance(value, int) or isinstance(value, bool):
        return Fault("quantity must be an integer", "invalid_type", "shape")
    if not 0 <= value <= MAX_QUANTITY:
        return Fault(f"quantity must be between 0 and {MAX_QUANTITY}", "out_of_range", "value")
    return None


@Stage
def read_at(server: Server, value: object) -> Instant | Fault:  # noqa: ARG001 - a stage is given its server
    """The instant that `at` means."""
    if not isinstance(value, str):
        return Fault("at must be a string", "invalid_type", "shape")
    instant = parse_instant(value)
    return instant or Fault("at must be an ISO 8601 datetime with an offset", "invalid_datetime", "value")


@Stage
def identify(server: Server, record: Record) -> Outcome:
    """Whether the catalogue knows the record's product, article and store."""
    return ACCEPTED if record.reference in server.catalogue else Outcome("error", (UNKNOWN,))


@Stage
def order(server: Server, record: Record, stored: Instant | None) -> Outcome:  # noqa: ARG001 - a stage is given its server
    """Whether the record is news: what was effective earlier than the stored level does not replace it."""
    if stored is not None and record.instant < stored:
        return Outcome("warning", (STALE,))
    return ACCEPTED
