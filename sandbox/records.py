"""What a record is, as the published schema says it, and what an instant is. Has no opinion on catalogues or stock.

Sources: the document's request schema; RFC 3339 section 5.6 for `at` ("ISO 8601 datetime when the inventory is
effective").
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

REFERENCES = ("product_ref", "sku", "store_ref")
FIELDS = ("product_ref", "sku", "quantity", "store_ref", "at")
MAX_QUANTITY = 2**63 - 1
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - naive on purpose: offsets are applied by hand, years 1 and 9999 must not overflow
TIMESTAMP = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?(?:Z|([+-])([0-9]{2}):([0-9]{2}))"
)


class Instant(NamedTuple):
    """A point in time: whole seconds since 1970 in UTC, and nanoseconds within that second."""

    seconds: int
    nanoseconds: int


@dataclass(frozen=True, slots=True)
class Record:
    """A record that the schema allows."""

    product_ref: str
    sku: str
    store_ref: str
    quantity: int
    at: str
    instant: Instant

    @property
    def reference(self) -> tuple[str, str, str]:
        return self.product_ref, self.sku, self.store_ref


def parse_instant(text: str) -> Instant | None:
    """The instant that an RFC 3339 timestamp with offset means, None if it is none.

    Upper-case T and Z, 1 to 9 digits of fraction, a date of the calendar, seconds to 59 (a leap second is refused).
    """
    match = TIMESTAMP.fullmatch(text)
    if match is None:
        return None
    local, fraction, sign, hours, minutes = match.groups()
    if sign and (int(hours) > 23 or int(minutes) > 59):
        return None
    try:
        elapsed = datetime.fromisoformat(local) - EPOCH
    except ValueError:
        return None
    offset_s = int(f"{sign}1") * (int(hours) * 3600 + int(minutes) * 60) if sign else 0
    seconds = elapsed.days * 86_400 + elapsed.seconds - offset_s
    return Instant(seconds, int((fraction or "").ljust(9, "0")))


def to_instant(moment: datetime) -> Instant:
    """The instant of an aware datetime."""
    elapsed = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return Instant(elapsed // timedelta(seconds=1), moment.microsecond * 1000)
