"""What a text in `at` says by ISO 8601: a form that UPS-3 names, another form that a server may refuse, or no instant.

Knows nothing of servers or clocks. Where ISO 8601 or a fair reader might accept a text, it is OTHER, never IMPOSSIBLE.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from functools import lru_cache


class Form(Enum):
    """How far the document binds a server to this text."""

    PROMISED = auto()  # YYYY-MM-DDThh:mm:ss[.f{1,6}](Z or ±hh:mm), a real instant
    OTHER = auto()  # some other writing: observed
    IMPOSSIBLE = auto()  # no ISO 8601 datetime under any reading


@dataclass(frozen=True, slots=True)
class Instant:
    """A text read: its form, the oddity's name where the form is OTHER, and the moment where one is certain."""

    form: Form
    oddity: str | None = None
    moment: datetime | None = None


_FULL = re.compile(
    r"(?P<y>\d{4})-(?P<mo>\d\d)-(?P<d>\d\d)(?P<sep>[Tt ])(?P<h>\d\d):(?P<mi>\d\d):(?P<s>\d\d)"
    r"(?P<frac>[.,]\d+)?(?P<zone>[Zz]|[+-]\d\d:\d\d)?",
    re.ASCII,
)
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
_WEEK = re.compile(r"\d{4}-?W\d\d(-?\d)?(T.*)?", re.ASCII)
# Broken off after a separator: no profile of ISO 8601 ends so.
_HALF = re.compile(r"\d{4}-(\d\d-)?|\d{4}-\d\d-\d\dT(\d\d:(\d\d:)?)?", re.ASCII)
# Written after a whole datetime, some reader's way of naming its offset: +02, +0200, UTC, RFC 9557's [Europe/Paris].
# And a point without a fraction, which Python's own reader takes.
_ZONE = re.compile(r"\.?\s*(UTC|GMT|Z|[+-−]?\d\d(:?\d\d)?)?\s*(\[[^\]]*\])*\s*", re.ASCII)
_ONLY_NAMED = re.compile(r"\s*(\[[^\]]*\])*\s*", re.ASCII)  # what may follow an offset that stands there already
# Dates of other customs: 01/31/2021, 2021/01/31, 31.01.2021, names of days and months, a word before; of the day or the
# hour one digit; a time of no day.
_FOREIGN = re.compile(
    r"\d{1,4}/\d{1,2}/\d{1,4}\b.*|\d{1,2}\.\d{1,2}\.\d{4}\b.*|.*[A-Z][a-z]{2}.*|[a-z]{2}.*"
    r"|\d{4}-(\d-\d\d?|\d\d-\d)(?!\d).*|\d{4}-\d\d-\d\d[T ]\d:.*"
    r"|T?\d\d:\d\d(:\d\d([.,]\d+)?)?(Z|[+-]\d\d:?\d\d)?",
    re.ASCII,
)


@lru_cache(maxsize=4096)  # the records of a batch often share one
def read_instant(text: str) -> Instant:
    """Read one `at`. Source: "ISO 8601 datetime when the inventory is effective"."""
    full = _FULL.match(text)
    if full:
        rest = text[full.end() :]
        if not rest:
            return _read_full(full)
        zone = _ONLY_NAMED if full["zone"] else _ZONE
        return Instant(Form.OTHER, "at-other") if zone.fullmatch(rest) else Instant(Form.IMPOSSIBLE)
    if date := _DATE.fullmatch(text):
        possible = date[1] == "0000" or _real_date(*map(int, date.groups()))
        return Instant(Form.OTHER, "at-date-only") if possible else Instant(Form.IMPOSSIBLE)
    if _WEEK.fullmatch(text):
        return Instant(Form.OTHER, "at-week-date")
    foreign = _FOREIGN.fullmatch(text) or _is_epoch(text)
    if _HALF.fullmatch(text) or foreign or not re.search(r"[0-9]", text) or _other_digits(text):
        return Instant(Form.IMPOSSIBLE)
    return Instant(Form.OTHER, "at-other")


def _is_epoch(text: str) -> bool:
    """A count of seconds or milliseconds: ten or thirteen digits that are no year, month, day and hour in a row.

    With a fraction, as many languages write it, or without.
    """
    if not re.fullmatch(r"(\d{10}|\d{13})(\.\d+)?", text, re.ASCII):
        return False
    return len(text.partition(".")[0]) == 13 or not (
        1 <= int(text[4:6]) <= 12 and 1 <= int(text[6:8]) <= 31 and int(text[8:10]) <= 24
    )


def _other_digits(text: str) -> bool:
    """Arabic or full-width ones, which some languages read as numbers."""
    return any(character.isdigit() and not character.isascii() for character in text)


def _read_full(match: re.Match[str]) -> Instant:
    year, month, day, hour, minute, second = (int(match[name]) for name in ("y", "mo", "d", "h", "mi", "s"))
    zone = match["zone"]
    offset = _offset_minutes(zone) if zone else 0
    if year == 0 and _real_date(4, month, day):  # there is one in ISO 8601, and no library that everybody has reads it
        return Instant(Form.OTHER, "at-other")
    if not _real_date(year, month, day) or minute > 59 or second > 60 or hour > 24 or offset is None:
        return Instant(Form.IMPOSSIBLE)
    if hour == 24:
        return Instant(Form.OTHER if minute == second == 0 else Form.IMPOSSIBLE, "at-other")
    if second == 60:
        return Instant(Form.OTHER, "at-leap-second")
    fraction = (match["frac"] or "")[1:]
    try:
        moment = datetime(year, month, day, hour, minute, second, int((fraction + "000000")[:6]), UTC)
        moment = (moment - timedelta(minutes=offset)).astimezone(UTC)
    except OverflowError:
        return Instant(Form.OTHER, "at-other")
    oddity = _oddity(match, fraction, offset, year)
    return Instant(Form.OTHER if oddity else Form.PROMISED, oddity, moment if zone else None)


def _oddity(match: re.Match[str], fraction: str, offset: int, year: int) -> str | None:
    zone = match["zone"]
    if zone is None:
        return "at-no-offset"
    if match["sep"] == " ":
        return "at-space"
    if match["sep"] == "t" or zone == "z":
        return "at-lower-case"
    rare = len(fraction) > 6 or (match["frac"] or ".")[0] == "," or zone == "-00:00" or not year >= 1970
    return "at-other" if rare or not -12 * 60 <= offset <= 14 * 60 else None


def _offset_minutes(zone: str) -> int | None:
    if zone in "Zz":
        return 0
    hours, minutes = int(zone[1:3]), int(zone[4:6])
    return (hours * 60 + minutes) * (-1 if zone[0] == "-" else 1) if hours < 24 and minutes < 60 else None


def _real_date(year: int, month: int, day: int) -> bool:
    try:
        datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        return False
    return True
