"""Formats: the media type of an answer, its JSON, its timestamps."""

import json
import re
from collections.abc import Iterator, Mapping

from contracts.exchanges.instants import Form, read_instant
from contracts.exchanges.replies import NotJSON, pointer_to, read_json
from contracts.finding import Examined, Finding
from contracts.seen import Seen
from openapi.ledger import FMT_1, FMT_2

_NAMED_SO = re.compile(r"(^|_)(at|timestamp|datetime)$|[a-z](At|Timestamp)$")
_NAMED_AS_DATE = re.compile(
    r"(^|_)(date|created|updated|modified|processed|completed|received|expires|started|finished|generated|stored|synced)"
    r"(_on)?$|(^|_)(ts|last_(seen|sync|update))$|[a-z](Date|On|Ts)$|^last(Seen|Sync|Update)$"
)
_NAMED_AS_TIME = re.compile(r"(^|_)time$|[a-z]Time$")  # perhaps a duration
_PARTS = {"$date", "seconds", "nanos", "_seconds", "_nanoseconds", "epochSecond", "nano"}  # of other customs
# The rest of a moment, to the end: a time of day, its half, a zone by offset or name. No word of a sentence fits in.
_CLOCK = (
    r"\d\d?:\d\d(:\d\d)?([.,]\d+)?( ?[AaPp]\.?[Mm]\.?)?( ?([A-Z]{1,5}|[+-]\d\d(:?\d\d)?)){0,2}(\[[\w/+-]+\])?( \d{4})?"
)
# A moment in ISO 8601 or nearly, and by other customs: 07/21/2018 05:32 PM, 21.07.2018 17:32,
# Sat, 21 Jul 2018 17:32:28 GMT, Sat Jul 21 17:32:28 2018.
_DAY = r"(\d{4}-\d\d-\d\d[T ]|\d{1,4}[/.]\d{1,2}[/.]\d{1,4},? |(Mon|Tue|Wed|Thu|Fri|Sat|Sun),? [A-Z\d][\w ]+ )"
_LOOKS_SO = re.compile(_DAY + _CLOCK, re.ASCII)
# Names that may tell a place as well. Of theirs a moment is what has as many digits as a day, a time of day, a month by
# its name, or a word for none.
_OF_PLACES = re.compile(
    r"(^|_)(located|stored|held|kept|available|found|sold|placed|stocked|shelved|picked|offered)_?[aA]t$"
)
_OF_MOMENTS = re.compile(
    r"\d:\d\d|\b(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]* \d"
    r"|^(\s*|none|null|nil|nan|undefined|invalid date|never|now|today|yesterday)$",
    re.ASCII | re.IGNORECASE,
)
_DIGITS_OF_A_DAY = 6
_ISO = re.compile(r"[+-]?\d{4}(?!-\d\d-\d\d )(-?\d|-?W\d|$)", re.ASCII)  # a year first, and no space for the T
_DECADES = (1_500_000_000, 2_500_000_000)  # seconds: 2017 to 2049
_EPOCH = 10**8  # a smaller number is a count or a place, no moment of our time


def answers_are_json(seen: Seen) -> Examined:
    """FMT-1: 200 and 422 are `application/json`, with or without parameters, and valid JSON."""
    if not seen.authenticated or seen.status not in (200, 422) or seen.answer is None:
        return
    media_type = seen.answer.header("Content-Type")
    document = read_json(seen.answer)
    if (media_type or "").partition(";")[0].strip().lower() != "application/json":
        yield Finding(FMT_1, "Content-Type: application/json", f"Content-Type: {media_type}", (seen.seq,))
    elif isinstance(document, NotJSON):
        yield Finding(FMT_1, "valid JSON", document.why, (seen.seq,), pointer="")
    else:
        yield None


def timestamps_are_iso_8601(seen: Seen) -> Examined:
    """FMT-2: "Timestamps are rendered in ISO-8601 format (e.g. 2018-07-21T17:32:28Z)".

    A timestamp is a property whose name says so, or whose whole value looks so; free text is not searched. Of ISO 8601
    any form will do, but a space for the T is none, and neither is a count of seconds. What the request itself said,
    given back, is the client's writing.
    """
    if not seen.authenticated or seen.status not in (200, 422) or seen.answer is None:
        return
    for keys, value, iso in timestamps(read_json(seen.answer)):
        if not _echoed(value, seen):
            actual = f"`{keys[-1]}`: {value!r:.60}"
            at_fault = pointer_to(*keys)
            yield None if iso else Finding(FMT_2, "a timestamp in ISO 8601", actual, (seen.seq,), pointer=at_fault)


def timestamps(document: object) -> Iterator[tuple[tuple[str | int, ...], object, bool]]:
    """Every timestamp in a JSON document: its names and places, its value, and whether it is in ISO 8601."""
    for keys, name, value in _members(document):
        if _is_timestamp(name, value):
            iso = isinstance(value, str) and _ISO.match(value) and read_instant(value).form is not Form.IMPOSSIBLE
            yield (*keys, name), value, bool(iso)


def _is_timestamp(name: str, value: object) -> bool:
    if isinstance(value, str):
        return bool(_LOOKS_SO.fullmatch(value)) or (bool(_NAMED_SO.search(name)) and _no_place(name, value))
    if isinstance(value, int | float):
        return _is_epoch(name, value)
    if isinstance(value, list):
        return _is_list_of_parts(value) and any(named.search(name) for named in (_NAMED_SO, _NAMED_AS_DATE))
    return isinstance(value, dict) and _is_parts(value) and bool(_NAMED_SO.search(name))


def _no_place(name: str, text: str) -> bool:
    if not _OF_PLACES.search(name):
        return True
    return sum(map(str.isdecimal, text)) >= _DIGITS_OF_A_DAY or _OF_MOMENTS.search(text) is not None


def _is_epoch(name: str, value: float) -> bool:
    """A count of seconds or milliseconds: of a name that says less, only where it is a moment of these decades."""
    if _NAMED_SO.search(name):
        return value >= _EPOCH
    in_seconds, in_milliseconds = (unit * _DECADES[0] <= value < unit * _DECADES[1] for unit in (1, 1000))
    if _NAMED_AS_TIME.search(name):
        return in_milliseconds  # in seconds it might be a duration in nanoseconds
    return bool(_NAMED_AS_DATE.search(name)) and (in_seconds or in_milliseconds)


def _is_list_of_parts(value: list[object]) -> bool:
    """[2018, 7, 21, 17, 32, 28]"""
    if not 3 <= len(value) <= 7 or any(type(part) is not int for part in value):
        return False
    year, month, day = (part for part in value[:3] if isinstance(part, int))
    return 1970 <= year <= 2100 and 1 <= month <= 12 and 1 <= day <= 31


def _is_parts(value: Mapping[str, object]) -> bool:
    """{"seconds": 1532194348, "nanos": 0}"""
    counts = [part for part in value.values() if isinstance(part, int | float)]
    return value.keys() <= _PARTS and any(part >= _EPOCH for part in counts)


def _echoed(value: object, seen: Seen) -> bool:
    """What we sent ourselves, given back."""
    return json.dumps(value).encode() in seen.exchange.request.body


def _members(value: object, keys: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str, object]]:
    """Every member of every object: what leads to its object, its name, its value."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield keys, name, member
            if isinstance(member, dict | list):
                yield from _members(member, (*keys, name))
    elif isinstance(value, list):
        for place, member in enumerate(value):
            if isinstance(member, dict | list):
                yield from _members(member, (*keys, place))
