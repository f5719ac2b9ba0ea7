"""Is an answer plainly right for its batch? Proved quickly, or not at all: whatever is not goes before the very rules.

Says "yes" only where no one-exchange rule could find anything (a property test holds that), so that speed changes no
verdict. Every answer is decoded whole; nothing is remembered from one to the next.
"""

import json
import re
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from contracts.rules.allowance import LIMIT, REMAINING
from contracts.rules.formats import timestamps
from loadtests.reply import Reply

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


_RESULTS = msgspec.json.Decoder(list[_Bare])
_ALL_TAKEN = msgspec.json.Decoder(list[_Taken])
_FIRST_DIGITS = re.compile(r"\d{4}")  # a message that may look like a timestamp


def _refused(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON")


# A name that ends as a timestamp's does, a value that begins as one's, or an escape, behind which both may hide.
_MAY_BE_TIMESTAMP = re.compile(rb'\\|at"|At"|tamp"|time"|-\d\d-\d\d[T ]')
# The usual beginning of a 200, up to its results: members that are plain strings, none a timestamp by name or value.
_USUAL = re.compile(rb'\{(?:"\w*(?<![aA]t)(?<!tamp)(?<!time)": ?"[\w .-]*", ?)+"results": ?(?=\[)')
_FRAME = msgspec.json.Decoder(dict[str, Any])
_PLACE = -7_093_169_413_108  # stands in a 200 for its results; a whole number is written in one way alone
_WRITTEN = b"%d" % _PLACE
_WHOLE = json.JSONDecoder(parse_constant=_refused)


class Wanted:
    """What an answer to a batch of so many records has to say, those at `faulty` being wrong."""

    def __init__(self, size: int, faulty: tuple[int, ...]) -> None:
        self.size = size
        self.faulty = frozenset(faulty)
        self.indices = list(range(size))
        self.usual = None if faulty else [_Taken(index, "ok") for index in self.indices]


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
    if not isinstance(errors, list) or not errors or not all(iso for _, _, iso in timestamps(document)):
        return False
    return all(
        isinstance(error, dict) and isinstance(error.get("title"), str) and isinstance(error.get("code"), str)
        for error in errors
    )


def _is_right(body: bytes, wanted: Wanted) -> bool:
    try:
        if wanted.usual is not None and _taken(body) == wanted.usual:
            return True
        results = _read(body)
    except (ValueError, RecursionError):  # msgspec's errors are ValueErrors
        return False
    if sorted(result.index for result in results or ()) != wanted.indices:
        return False
    return all(_is_due(result, result.index in wanted.faulty) for result in results or ())


def _is_due(result: Result, faulty: bool) -> bool:
    message = result.message
    if message is not None and _FIRST_DIGITS.match(message):
        return False  # a timestamp, perhaps
    if faulty != (result.status == "error"):
        return False
    return result.status == "ok" or bool(message and message.strip())


def _taken(body: bytes) -> list[_Taken] | None:
    """The results of a 200 of the usual form, all ok and without a message; None for another."""
    usual = _USUAL.match(body)
    if usual is None or not body.endswith(b"]}") or body.find(b'"status":', 0, usual.end()) < 0:
        return None
    try:
        return _ALL_TAKEN.decode(memoryview(body)[usual.end() : -1])
    except ValueError:
        return None


def _read(body: bytes) -> Sequence[Result] | None:
    """The results of a 200 of the documented shape, any timestamp in it in ISO 8601; None for another.

    Raises ValueError (or RecursionError) for what is no JSON. First the results and what stands round them are read
    apart; where that does not come out even, or a result has more than is documented, the whole is read at once.
    """
    begin, end = body.find(b"["), body.rfind(b"]") + 1
    frame = body[:begin] + _WRITTEN + body[end:]
    if 0 <= begin < end and len(frame) <= _LARGEST_FRAME and frame.count(_WRITTEN) == 1:
        try:
            document = _FRAME.decode(frame)
            results = _RESULTS.decode(memoryview(body)[begin:end])
        except ValueError:
            return _read_whole(body)
        place = document.get("results")
        if type(place) is int and place == _PLACE and _is_framed(document, frame):
            return results
    return _read_whole(body)


def _read_whole(body: bytes) -> Sequence[Result] | None:
    document = _WHOLE.decode(body.decode())
    return msgspec.convert(document["results"], list[Result]) if _is_framed(document, body) else None


def _is_framed(document: Any, text: bytes) -> bool:
    """An object with a string `status` and `results`, and no timestamp in it that is not in ISO 8601."""
    if not isinstance(document, dict) or not isinstance(document.get("status"), str) or "results" not in document:
        return False
    return _MAY_BE_TIMESTAMP.search(text) is None or all(iso for _, _, iso in timestamps(document))
