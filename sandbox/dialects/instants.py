"""Which forms of `at` are read, and what becomes of a record that is stale, known already, or of the future."""

import re

from sandbox.batches import ACCEPTED, order, read_at
from sandbox.message import Fault
from sandbox.outcome import Outcome
from sandbox.records import Instant, Record, to_instant
from sandbox.server import Server
from sandbox.signatures import Order, ReadAt
from sandbox.variant import dialect


def _fault(title: str, code: str) -> tuple[Fault]:
    return (Fault(title, code, "business"),)


def _is_stale(record: Record, stored: Instant | None) -> bool:
    return stored is not None and record.instant < stored


@dialect(order)
def stale_ignored_ok(_server: Server, inner: Order, record: Record, stored: Instant | None) -> Outcome:
    """A record older than the stored one is ignored, and called ok."""
    return Outcome("ok") if _is_stale(record, stored) else inner(record, stored)


@dialect(order)
def stale_refused(_server: Server, inner: Order, record: Record, stored: Instant | None) -> Outcome:
    """A record older than the stored one is an error."""
    return Outcome("error", _fault("at is too old", "stale")) if _is_stale(record, stored) else inner(record, stored)


@dialect(order)
def stale_applied(_server: Server, _inner: Order, _record: Record, _stored: Instant | None) -> Outcome:
    """The order of `at` is of no interest: the last record to come is the one stored."""
    return ACCEPTED


@dialect(order)
def equal_at_refused(_server: Server, inner: Order, record: Record, stored: Instant | None) -> Outcome:
    """A record as old as the stored one is an error."""
    return Outcome("error", _fault("at is known", "equal_at")) if record.instant == stored else inner(record, stored)


@dialect(order)
def equal_at_warned(_server: Server, inner: Order, record: Record, stored: Instant | None) -> Outcome:
    """A record as old as the stored one is left out, with a warning."""
    return Outcome("warning", _fault("at is known", "equal_at")) if record.instant == stored else inner(record, stored)


@dialect(order)
def future_refused(server: Server, inner: Order, record: Record, stored: Instant | None) -> Outcome:
    """A record of the future is an error."""
    if record.instant > to_instant(server.clock.now()):
        return Outcome("error", _fault("at is in the future", "future"))
    return inner(record, stored)


@dialect(order)
def future_warned(server: Server, inner: Order, record: Record, stored: Instant | None) -> Outcome:
    """A record of the future is stored, with a warning."""
    if record.instant > to_instant(server.clock.now()) and not _is_stale(record, stored):
        return Outcome("warning", _fault("at is in the future", "future"), applied=True)
    return inner(record, stored)


@dialect(read_at)
def space_for_t_accepted(_server: Server, inner: ReadAt, value: object) -> Instant | Fault:
    """A space may stand for the T of `at`."""
    return inner(re.sub(r"(?<=^.{10}) ", "T", value) if isinstance(value, str) else value)


@dialect(read_at)
def lower_case_at_accepted(_server: Server, inner: ReadAt, value: object) -> Instant | Fault:
    """The letters of `at` may be in lower case."""
    return inner(value.upper() if isinstance(value, str) else value)


@dialect(read_at)
def no_offset_means_utc(_server: Server, inner: ReadAt, value: object) -> Instant | Fault:
    """An `at` without an offset is in UTC."""
    local = r"[0-9-]{10}T[0-9:]{8}(\.[0-9]+)?"
    return inner(f"{value}Z" if isinstance(value, str) and re.fullmatch(local, value) else value)


@dialect(read_at)
def leap_second_accepted(_server: Server, inner: ReadAt, value: object) -> Instant | Fault:
    """Second 60 at the end of June or December is taken for the second before."""
    leap = r"(?<=-06-30T23:59:)60|(?<=-12-31T23:59:)60"
    return inner(re.sub(leap, "59", value) if isinstance(value, str) else value)


@dialect(read_at)
def date_alone_accepted(_server: Server, inner: ReadAt, value: object) -> Instant | Fault:
    """A date alone is its midnight in UTC."""
    is_date = isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value)
    return inner(f"{value}T00:00:00Z" if is_date else value)


@dialect(read_at)
def six_digits_of_fraction(_server: Server, inner: ReadAt, value: object) -> Instant | Fault:
    """A fraction of more than six digits is refused."""
    if isinstance(value, str) and re.search(r"\.[0-9]{7}", value):
        return Fault("at is too exact", "invalid_datetime", "value")
    return inner(value)
