"""What a record may be, and what becomes of one that is unknown, unusual or there twice."""

from dataclasses import replace

from sandbox.batches import ACCEPTED, check_quantity, check_reference, identify, parse, settle
from sandbox.message import Fault, Refused
from sandbox.outcome import Outcome, Result
from sandbox.records import FIELDS, REFERENCES, Record
from sandbox.server import Server
from sandbox.signatures import CheckQuantity, CheckReference, Identify, Parse, Parsed, Settle
from sandbox.variant import dialect


@dialect(identify)
def unknown_reference_created(_server: Server, _inner: Identify, _record: Record) -> Outcome:
    """A reference that is not in the catalogue is created, ok."""
    return ACCEPTED


@dialect(identify)
def unknown_reference_created_with_warning(_server: Server, inner: Identify, record: Record) -> Outcome:
    """A reference that is not in the catalogue is created, with a warning."""
    outcome = inner(record)
    return outcome if outcome.status == "ok" else Outcome("warning", outcome.faults, applied=True)


@dialect(identify)
def unknown_reference_skipped_with_warning(_server: Server, inner: Identify, record: Record) -> Outcome:
    """A reference that is not in the catalogue is left out, with a warning."""
    outcome = inner(record)
    return outcome if outcome.status == "ok" else Outcome("warning", outcome.faults)


@dialect(check_quantity)
def negative_quantity_accepted(_server: Server, inner: CheckQuantity, value: object) -> Fault | None:
    """A quantity below zero is stored like any other."""
    return inner(-value if isinstance(value, int) and value < 0 else value)


@dialect(check_quantity)
def quantity_up_to_a_million(_server: Server, inner: CheckQuantity, value: object) -> Fault | None:
    """A quantity beyond a million is an error."""
    if isinstance(value, int) and value > 1_000_000:
        return Fault("quantity must not exceed 1000000", "out_of_range", "value")
    return inner(value)


@dialect(identify)
def zero_quantity_warned(server: Server, inner: Identify, record: Record) -> Outcome:
    """A quantity of zero is stored, with a warning."""
    outcome = inner(record)
    stored = server.store.instant(record)
    if outcome is not ACCEPTED or record.quantity or (stored is not None and record.instant < stored):
        return outcome
    return Outcome("warning", (Fault("quantity is zero", "zero", "business"),), applied=True)


@dialect(check_reference)
def empty_reference_accepted(_server: Server, inner: CheckReference, name: str, value: object) -> Fault | None:
    """An empty reference is a reference: it is created, ok."""
    return None if value == "" else inner(name, value)


@empty_reference_accepted.also(identify)
def _create_empty(_server: Server, inner: Identify, record: Record) -> Outcome:
    return inner(record) if all(record.reference) else ACCEPTED


@dialect(check_reference)
def reference_up_to_64_characters(_server: Server, inner: CheckReference, name: str, value: object) -> Fault | None:
    """A reference of more than 64 characters is an error."""
    if isinstance(value, str) and len(value) > 64:
        return Fault(f"{name} is too long", "too_long", "value")
    return inner(name, value)


@dialect(check_reference)
def reference_of_printable_ascii(_server: Server, inner: CheckReference, name: str, value: object) -> Fault | None:
    """A reference with anything but printable ASCII is an error."""
    if isinstance(value, str) and not (value.isascii() and value.isprintable()):
        return Fault(f"{name} must be printable ASCII", "invalid_text", "value")
    return inner(name, value)


@dialect(parse)
def unknown_property_refused(_server: Server, inner: Parse, item: object) -> Parsed:
    """A record with a property that the document does not name is an error."""
    found = inner(item)
    extra = sorted(set(item) - set(FIELDS)) if isinstance(item, dict) else []
    if not extra:
        return found
    faults = () if isinstance(found, Record) else found
    return *faults, *(Fault(f"{name} is not a property of a record", "unknown_property", "shape") for name in extra)


@dialect(parse)
def unknown_property_422(_server: Server, inner: Parse, item: object) -> Parsed:
    """A record with a property that the document does not name refuses the whole batch by 422."""
    if isinstance(item, dict) and set(item) - set(FIELDS):
        raise Refused(422, Fault("a record has an unknown property", "unknown_property", "shape"))
    return inner(item)


def _reference(index: int, item: object) -> tuple[object, ...]:
    """What makes two elements of a batch the same; nothing does for those that are no record."""
    if not isinstance(item, dict) or any(not isinstance(item.get(name), str) for name in REFERENCES):
        return (index,)
    return tuple(item[name] for name in REFERENCES)


def _repeated(items: list[object]) -> set[int]:
    """The places of the elements whose reference has come before."""
    seen: set[tuple[object, ...]] = set()
    places = set()
    for index, item in enumerate(items):
        if (reference := _reference(index, item)) in seen:
            places.add(index)
        seen.add(reference)
    return places


@dialect(settle)
def duplicate_in_batch_refused(_server: Server, inner: Settle, items: list[object]) -> list[Result]:
    """The second record of one reference in a batch is an error."""
    later = _repeated(items)
    fault = Fault("the same reference twice in one batch", "duplicate", "business")
    first = iter(inner([item for index, item in enumerate(items) if index not in later]))
    return [
        Result(index, "error", fault.title, (fault,)) if index in later else replace(next(first), index=index)
        for index in range(len(items))
    ]


@dialect(settle)
def duplicate_in_batch_warned(_server: Server, inner: Settle, items: list[object]) -> list[Result]:
    """The second record of one reference in a batch is applied, with a warning."""
    later = _repeated(items)
    return [
        replace(result, status="warning", message="the same reference twice in one batch")
        if result.status == "ok" and result.index in later
        else result
        for result in inner(items)
    ]


@dialect(settle)
def last_duplicate_wins(_server: Server, inner: Settle, items: list[object]) -> list[Result]:
    """Of the records of one reference in a batch only the last is applied; those before it get a warning."""
    last = {_reference(index, item): index for index, item in enumerate(items)}
    kept = sorted(last.values())
    results = {
        place: replace(result, index=place)
        for place, result in zip(kept, inner([items[place] for place in kept]), strict=True)
    }
    superseded = "superseded by a later record of this batch"
    return [results.get(index) or Result(index, "warning", superseded) for index in range(len(items))]
