"""Is an answer plainly right for its batch? Proved quickly, or not at all: whatever is not goes before the very rules.

Says "yes" only where no one-exchange rule could find anything (a property test holds that), so that speed changes no
verdict. Every answer is read whole; nothing is remembered from one to the next. Results that stand, byte for byte, as
JSON encoders write those due to the batch are compared with that text; all others are decoded.
"""

import json
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Literal

import msgspec

from contracts.rules.allowance import LIMIT, REMAINING
from contracts.rules.formats import timestamps
from loadtests.wire.reply import Reply

_LIMIT, _REMAINING = LIMIT.lower().encode(), REMAINING.lower().encode()
_MOST_DIGITS = 9  # 15 are legal, and go before the rules
_LARGEST_FRAME = 4096  # bytes of a 200 beside its results


class Result(msgspec.Struct, gc=False):
    """One element of `results`, its properties of the documented types; others are passed over."""

    index: int
    status: Literal["ok", "warning", "error"]
    message: str | None = None


class _Bare(Result, forbid_unknown_fields=True, gc=False):
    """With no other property."""


class _Taken(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The usual one, of which a thousand are quickly read."""

    index: int
    status: Literal["ok"]
    message: str | None = None


_RESULTS = msgspec.json.Decoder(list[_Bare])
_ALL_TAKEN = msgspec.json.Decoder(list[_Taken])
# A result of a record that was taken, and what stands between two: with and without spaces, either member first.
_TAKEN = (
    ('{"index":%d,"status":"ok"}', ","),
    ('{"status":"ok","index":%d}', ","),
    ('{"index": %d, "status": "ok"}', ", "),
    ('{"status": "ok", "index": %d}', ", "),
)


def _refused(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON")


# A timestamp is what a name says to be one, a time of day, a large number, or a list that begins with a number. Each
# pattern begins with a character that is quickly found, and looks back from there.
_NAME_OF_TIME = re.compile(rb'"(?<=[tpe]")(?:(?<=[aA]t")|(?<=tamp")|(?<=ime"))\s*:')
_TIME_OF_DAY = re.compile(r":(?<=\d:)\d\d", re.ASCII)  # in a message
_VALUE_OF_TIME = re.compile(rb":(?:(?<=\d:)\d\d|\s*(?:\d(?:\d{8}|[\d.]*[eE])|\[\s*\d))")
# The usual beginning of a 200, up to its results: members that are plain strings, none a timestamp by name or value.
_USUAL = re.compile(rb'\{(?:"\w*+(?<![aA]t)(?<!tamp)(?<!time)": ?"[\w .-]*+", ?)++"results": ?(?=\[)')
_FRAME = msgspec.json.Decoder(dict[str, Any])
_PLACE = -70_931_694  # stands in a 200 for its results; a whole number is written in one way alone
_WRITTEN = b"%d" % _PLACE
_WHOLE = json.JSONDecoder(parse_constant=_refused)


class Wanted:
    """What an answer to a batch of so many records has to say, those at `faulty` being wrong."""

    def __init__(self, size: int, faulty: tuple[int, ...]) -> None:
        self.size = size
        self.faulty = frozenset(faulty)
        self.indices = list(range(size))
        self.taken = () if faulty else _all_taken(size)  # how its results may be written


@lru_cache(maxsize=64)
def _all_taken(size: int) -> tuple[bytes, ...]:
    """All results of a batch that was taken whole, in each of the usual ways."""
    return tuple(f"[{between.join(form % k for k in range(size))}]".encode() for form, between in _TAKEN)


def told(reply: Reply) -> tuple[int | None, int | None]:
    """Limit and Remaining, where they are plain decimal numbers."""
    named = reply.named
    return _number(named.get(_LIMIT)), _number(named.get(_REMAINING))


def _number(value: bytes | None) -> int | None:
    if value is None or len(value) > _MOST_DIGITS or not value.isdigit():  # of bytes: 0 to 9 alone
        return None
    return int(value)


def plainly_right(reply: Reply, wanted: Wanted, limit: int | None, remaining: int | None) -> tuple[bool, int]:
    """A right 200, with how many records it accepts; a right 429, or 422 to a batch with a faulty record.

    `limit` and `remaining` as `told` read them.
    """
    if limit is None or remaining is None or remaining > limit:
        return False, 0
    if reply.status == 429:
        return remaining == 0, 0
    if reply.status == 422:
        return bool(wanted.faulty) and _is_json(reply) and _lists_errors(reply.body), 0
    right = reply.status == 200 and _is_json(reply) and _is_right(reply.body, wanted)
    return right, wanted.size - len(wanted.faulty) if right else 0


def _is_json(reply: Reply) -> bool:
    media_type = reply.named.get(b"content-type", b"")
    return media_type == b"application/json" or media_type.partition(b";")[0].strip().lower() == b"application/json"


def _lists_errors(body: bytes) -> bool:
    try:
        document = _WHOLE.decode(body.decode())
    except (ValueError, RecursionError):
        return False
    errors = document.get("errors") if isinstance(document, dict) else None
    if not isinstance(errors, list) or not errors or not all(iso for *_, iso in timestamps(document)):
        return False
    return all(
        isinstance(error, dict) and isinstance(error.get("title"), str) and isinstance(error.get("code"), str)
        for error in errors
    )


def _is_right(body: bytes, wanted: Wanted) -> bool:
    start, end = _usual(body)
    for written in wanted.taken:
        if len(written) == end - start and body.startswith(written, start):
            return True
    try:
        results = (not wanted.faulty and _taken(memoryview(body)[start:end])) or _read(body)
    except (ValueError, RecursionError):  # msgspec's errors are ValueErrors
        return False
    indices = [result.index for result in results]
    if indices != wanted.indices and sorted(indices) != wanted.indices:
        return False
    messages = "\n".join([result.message or "" for result in results])
    if ":" in messages and _TIME_OF_DAY.search(messages):
        return False  # a timestamp, perhaps
    return all(_is_due(result, wanted.faulty) for result in results if not isinstance(result, _Taken))


def _is_due(result: Result, faulty: frozenset[int]) -> bool:
    if (result.index in faulty) != (result.status == "error"):
        return False
    return result.status == "ok" or bool((result.message or "").strip())


def _usual(body: bytes) -> tuple[int, int]:
    """Where the results begin and end in a 200 of the usual form; 0 and 0 in another."""
    usual = _USUAL.match(body)
    end = len(body) - (2 if body.endswith(b"\n") else 1)
    if usual is None or not body.startswith(b"]}", end - 1) or body.find(b'"status":', 0, usual.end()) < 0:
        return 0, 0
    return usual.end(), end


def _taken(results: memoryview) -> Sequence[_Taken] | None:
    """What is listed there, where all are ok and have no other property."""
    try:
        return _ALL_TAKEN.decode(results)
    except ValueError:
        return None


def _read(body: bytes) -> Sequence[Result]:
    """The results of a 200 of the documented shape, any timestamp round them in ISO 8601.

    Raises ValueError (or RecursionError) for another. First the results and what stands round them are read apart;
    where that does not come out even, or a result has more than is documented, the whole is read at once.
    """
    begin, end = body.find(b"["), body.rfind(b"]") + 1
    frame = body[:begin] + _WRITTEN + body[end:]
    if not 0 <= begin < end or len(frame) > _LARGEST_FRAME or frame.count(_WRITTEN) != 1:
        return _read_whole(body)
    try:
        document = _FRAME.decode(frame)
        results = _RESULTS.decode(memoryview(body)[begin:end])
    except ValueError:
        return _read_whole(body)
    place = document.get("results")
    if type(place) is int and place == _PLACE and _is_framed(document, frame):
        return results
    return _read_whole(body)


def _read_whole(body: bytes) -> Sequence[Result]:
    document = _WHOLE.decode(body.decode())
    if not _is_framed(document, body):
        raise ValueError("not of the documented shape")
    return msgspec.convert(document["results"], list[Result])


def _is_framed(document: Any, text: bytes) -> bool:
    """An object with a string `status` and `results`, and no timestamp in it that is not in ISO 8601."""
    if not isinstance(document, dict) or not isinstance(document.get("status"), str) or "results" not in document:
        return False
    return not _may_tell_time(text) or all(iso for *_, iso in timestamps(document))


def _may_tell_time(text: bytes) -> bool:
    """Whether a timestamp may be in this JSON text; an escape may hide one."""
    return b"\\" in text or _NAME_OF_TIME.search(text) is not None or _VALUE_OF_TIME.search(text) is not None
