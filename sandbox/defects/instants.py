"""Forms of `at` that are not read though the document has them, and instants that are compared wrongly."""

import re
from collections.abc import Callable
from functools import wraps

from sandbox.batches import order, read_at
from sandbox.message import Fault
from sandbox.outcome import Outcome
from sandbox.records import Instant, Record
from sandbox.server import Server
from sandbox.signatures import Order, ReadAt
from sandbox.variant import Defect, defect


def _error(title: str) -> Outcome:
    return Outcome("error", (Fault(title, "invalid", "business"),))


@defect(order, "UPS-1", "UPS-3")
def stale_by_text(server: Server, inner: Order, record: Record, stored: Instant | None) -> Outcome:
    """Times are compared as text, so that offsets mislead; what looks older is an error."""
    texts = server.memory.setdefault("at by reference", {})
    if record.at < texts.get(record.reference, ""):
        return _error("at is too old")
    texts[record.reference] = record.at
    return inner(record, stored)


@defect(order, "UPS-1", "UPS-3")
def stale_by_day(_server: Server, inner: Order, record: Record, stored: Instant | None) -> Outcome:
    """Times are compared by their day: a second update on one day is an error."""
    if stored is not None and record.instant.seconds // 86_400 == stored.seconds // 86_400:
        return _error("at is not newer")
    return inner(record, stored)


END_OF_SUMMER_TIME = 1_761_440_400  # in Paris, 2025-10-26T01:00:00Z: it was three o'clock, and became two


@defect(order, "UPS-1", "UPS-3")
def stale_by_the_clock_in_paris(_server: Server, inner: Order, record: Record, stored: Instant | None) -> Outcome:
    """Times are compared as a clock in Paris shows them, with an hour twice in 2025; what looks older is an error."""
    if stored is not None and _in_paris(record.instant) < _in_paris(stored):
        return _error("at is too old")
    return inner(record, stored)


def _in_paris(instant: Instant) -> int:
    return instant.seconds + (7200 if instant.seconds < END_OF_SUMMER_TIME else 3600)


def refuses_at(*promises: str) -> Callable[[Callable[[str], bool]], Defect]:
    """The forms of `at` that are refused."""

    def decorate(hits: Callable[[str], bool]) -> Defect:
        @wraps(hits)
        def wrapper(_server: Server, inner: ReadAt, value: object) -> Instant | Fault:
            if isinstance(value, str) and hits(value):
                return Fault("at is invalid", "invalid_datetime", "value")
            return inner(value)

        return defect(read_at, *promises)(wrapper)

    return decorate


@refuses_at("UPS-3")
def fraction_refused(at: str) -> bool:
    """An `at` with a fraction is an error."""
    return "." in at


@refuses_at("UPS-3")
def fraction_of_three_digits_only(at: str) -> bool:
    """A fraction of other than three digits is an error."""
    return re.search(r"\.[0-9]+", at) is not None and re.search(r"\.[0-9]{3}(?![0-9])", at) is None


@refuses_at("UPS-3")
def offset_refused(at: str) -> bool:
    """An `at` with an offset other than Z is an error."""
    return not at.endswith("Z")


@refuses_at("UPS-3")
def negative_offset_refused(at: str) -> bool:
    """An `at` west of Greenwich is an error."""
    return re.search(r"-[0-9]{2}:[0-9]{2}$", at) is not None


@refuses_at("UPS-3")
def half_hour_offset_refused(at: str) -> bool:
    """An offset that is not whole hours is an error."""
    return re.search(r"[+-][0-9]{2}:(?!00)[0-9]{2}$", at) is not None


@refuses_at("UPS-3")
def z_refused(at: str) -> bool:
    """An `at` with Z for its offset is an error."""
    return at.endswith("Z")


@refuses_at("UPS-3")
def leap_day_refused(at: str) -> bool:
    """29 February is an error."""
    return "-02-29T" in at


@refuses_at("UPS-3")
def leap_day_of_2000_refused(at: str) -> bool:
    """29 February 2000 is an error: a century's year is taken for a common one."""
    return at.startswith("2000-02-29")


@refuses_at("UPS-3")
def last_day_of_year_refused(at: str) -> bool:
    """31 December is an error."""
    return "-12-31T" in at


@refuses_at("UPS-3")
def midnight_refused(at: str) -> bool:
    """Midnight is an error."""
    return "T00:00:00" in at


@refuses_at("UPS-3")
def gap_of_summer_time_refused(at: str) -> bool:
    """An hour that a clock in Paris skips in spring is an error, whatever the offset."""
    return re.match(r"[0-9]{4}-03-(2[5-9]|3[01])T02:", at) is not None


@defect(read_at, "UPS-1", "UPS-3")
def sign_of_offset_mistaken(_server: Server, inner: ReadAt, value: object) -> Instant | Fault:
    """East is taken for west; what then seems older than the stored level is an error."""
    turned = {"+": "-", "-": "+"}
    if isinstance(value, str) and (offset := re.search(r"[+-](?=[0-9]{2}:[0-9]{2}$)", value)):
        value = value[: offset.start()] + turned[offset.group()] + value[offset.end() :]
    return inner(value)


@defect(read_at, "UPS-1", "UPS-3")
def offset_ignored(_server: Server, inner: ReadAt, value: object) -> Instant | Fault:
    """Offsets are cut off; what then seems older than the stored level is an error."""
    return inner(re.sub(r"[+-][0-9]{2}:[0-9]{2}$", "Z", value) if isinstance(value, str) else value)


@defect(read_at, "UPS-1", "UPS-3")
def minutes_west_mistaken(_server: Server, inner: ReadAt, value: object) -> Instant | Fault:
    """Of an offset to the west the minutes count eastwards; what then seems older than the stored level is an error."""
    instant = inner(value)
    if isinstance(instant, Instant) and isinstance(value, str) and (west := re.search(r"-[0-9]{2}:([0-9]{2})$", value)):
        return instant._replace(seconds=instant.seconds - 2 * 60 * int(west[1]))
    return instant


@sign_of_offset_mistaken.also(order)
@offset_ignored.also(order)
@minutes_west_mistaken.also(order)
def _refuse_stale(_server: Server, inner: Order, record: Record, stored: Instant | None) -> Outcome:
    return _error("at is too old") if stored is not None and record.instant < stored else inner(record, stored)
