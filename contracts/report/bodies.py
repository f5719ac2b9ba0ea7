"""A request and its answer as text to be read, with what makes the difference marked. Fetches nothing.

Marked are the record at a finding's index with the results that speak of it, or the place in the answer that it points
at; where it names neither, the lines of a head of which the promise or its chapter speaks. Whatever came from a server
is escaped here, and bounded.
"""

import json
from collections.abc import Mapping
from functools import reduce
from operator import getitem
from typing import Any

from markupsafe import Markup, escape

from contracts.command import safe
from contracts.exchanges.exchange import Answer, Exchange

LONGEST_BODY = 4000  # characters of a body in the page; the history holds it whole
LONGEST_HEAD = 2000
LONGEST_INDENTED = 1 << 20  # bytes of a body that is worth reading as JSON
_PLACE = "\x00 what is marked \x00"
_Path = tuple[str | int, ...]

# By chapter or promise: the lines at issue in a request's head, and in an answer's, where "" is the first line.
_Lines = tuple[tuple[str, ...], tuple[str, ...]]
_AT_ISSUE: Mapping[str, _Lines] = {
    "AUTH": (("authorization:",), ("",)),
    "RATE": ((), ("", "x-ratelimit-limit:", "x-ratelimit-remaining:", "retry-after:")),
    "ERR": ((), ("",)),
    "VAL": ((), ("",)),
    "FMT-1": ((), ("content-type:",)),
}


def request_head(exchange: Exchange, promise: str) -> Markup:
    """The request's line and headers."""
    request = exchange.request
    lines = [f"{request.method} {request.path}", *(f"{name}: {value}" for name, value in request.headers)]
    return _head(lines, _at_issue(promise)[0])


def answer_head(exchange: Exchange, promise: str) -> Markup:
    """The answer's status and headers, or why there is none."""
    outcome = exchange.outcome
    if isinstance(outcome, Answer):
        lines = [str(outcome.status), *(f"{name}: {value}" for name, value in outcome.headers)]
    else:
        lines = [f"no answer: {outcome.cause}", *([outcome.detail] if outcome.detail else [])]
    return _head(lines, _at_issue(promise)[1])


def _at_issue(promise: str) -> _Lines:
    return _AT_ISSUE.get(promise) or _AT_ISSUE.get(promise.partition("-")[0], ((), ()))


def _head(lines: list[str], at_issue: tuple[str, ...]) -> Markup:
    told: list[Markup] = []
    left = LONGEST_HEAD
    for number, line in enumerate(lines):
        text = escape(safe(line, max(left, 1)))
        left -= len(line)
        marked = "" in at_issue if number == 0 else line.lower().startswith(tuple(filter(None, at_issue)) or "\n")
        told.append(Markup("<mark>{}</mark>").format(text) if marked else text)
        if left <= 0:
            break
    return Markup("\n").join(told)


def body(raw: bytes, index: int | None = None, pointer: str | None = None) -> Markup:
    """A body to be read: JSON indented where that changes nothing but white space, anything else as it came.

    Marked is what the JSON Pointer (RFC 6901) points at; without one, the record with this index, or the results that
    speak of it. In a body that is not JSON, the pointer to the whole marks where it ceases to be.
    """
    text = raw.decode("utf-8", "backslashreplace")
    read = _read(text) if len(raw) <= LONGEST_INDENTED else None
    if read is None:
        return _from_where_it_breaks(text) if pointer == "" else _as_it_came(text)
    value, ascii_only = read
    paths = _at_index(value, index) if pointer is None else _pointed_at(value, pointer)
    try:
        return _indented(value, [] if _PLACE in text else paths, ascii_only)
    except RecursionError:  # what is read may be deeper than what can be indented
        return _as_it_came(text)


def _as_it_came(text: str) -> Markup:
    return escape(safe(text, LONGEST_BODY, keep="\n"))


def _indented(value: Any, paths: list[_Path], ascii_only: bool) -> Markup:
    """The whole value; of a long one the items of its list with something marked only."""
    whole = json.dumps(value, indent=2, ensure_ascii=ascii_only)
    if len(whole) <= LONGEST_BODY or not paths or len(paths[0]) < 2:
        return _with_marks(value, paths, ascii_only)
    name = paths[0][0]
    told = [escape(f"{name}: of {len(value[name]):,} these alone, the whole is in history.jsonl\n")]
    for _, place, *rest in paths[:3]:
        told += [escape(f"\n[{place}] "), _with_marks(value[name][place], [tuple(rest)], ascii_only)]
    return Markup("").join(told)


def _with_marks(value: Any, paths: list[_Path], ascii_only: bool) -> Markup:
    """The whole value, indented, these places in it marked."""
    hollow = value
    for path in paths:
        hollow = _replaced(hollow, path)
    parts = json.dumps(hollow, indent=2, ensure_ascii=ascii_only).split(json.dumps(_PLACE))
    told = [escape(safe(parts[0], LONGEST_BODY, keep="\n"))]
    for path, rest in zip(paths, parts[1:], strict=True):
        item = json.dumps(_value_at(value, path), indent=2, ensure_ascii=ascii_only)
        told += [_mark(item.replace("\n", "\n" + "  " * len(path))), escape(safe(rest, LONGEST_BODY, keep="\n"))]
    return Markup("").join(told)


def _from_where_it_breaks(text: str) -> Markup:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        before, after = text[: error.pos], text[error.pos :]
        return _as_it_came(before) + _mark(after[:LONGEST_BODY])
    except (ValueError, RecursionError):
        pass
    return _as_it_came(text)


def _mark(text: str) -> Markup:
    """Line by line, so that what indents it stays unmarked."""
    lines = [(line, line.lstrip(" ")) for line in safe(text, LONGEST_BODY, keep="\n").split("\n")]
    return Markup("\n").join(
        Markup("{}<mark>{}</mark>").format(" " * (len(line) - len(bare)), bare) for line, bare in lines
    )


def _at_index(value: object, index: int | None) -> list[_Path]:
    """The record with this index in a request, or the results that speak of it in an answer."""
    if index is None or not isinstance(value, dict):
        return []
    sent, results = value.get("inventories"), value.get("results")
    if isinstance(sent, list):
        return [("inventories", index)] if 0 <= index < len(sent) else []
    if not isinstance(results, list):
        return []
    places = [place for place, item in enumerate(results) if isinstance(item, dict) and item.get("index") == index]
    return [("results", place) for place in places]


def _pointed_at(value: object, pointer: str) -> list[_Path]:
    """Where the pointer leads, if anywhere: the whole is not marked, since then nothing would stand out."""
    path: list[str | int] = []
    for token in pointer.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        key: str | int = int(name) if isinstance(value, list) and name.isascii() and name.isdigit() else name
        try:
            value = value[key]  # type: ignore[index]  # whatever it is
        except (TypeError, KeyError, IndexError):
            return []
        path.append(key)
    return [tuple(path)] if path else []


def _value_at(value: Any, path: _Path) -> Any:
    return reduce(getitem, path, value)


def _replaced(value: Any, path: _Path) -> Any:
    """A copy with a mark in this place."""
    if not path:
        return _PLACE
    key, *rest = path
    copy = value.copy()
    copy[key] = _replaced(value[key], tuple(rest))
    return copy


def _read(text: str) -> tuple[Any, bool] | None:
    """The document, and whether it is in ASCII alone; None where indenting would change more than white space."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    for separators in ((",", ":"), (", ", ": ")):
        for ascii_only in (True, False):
            if json.dumps(value, separators=separators, ensure_ascii=ascii_only) == text.strip():
                return value, ascii_only
    return None
