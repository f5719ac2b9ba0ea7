"""A request and its answer as text to be read, with what makes the difference marked. Fetches nothing.

Marked are the record at a finding's index with the results that speak of it, and the lines of a head of which the
promise or its chapter speaks. Whatever came from a server is escaped here, and bounded.
"""

import json
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup, escape

from contracts.exchange import Answer, Exchange
from contracts.report.terminal import safe

LONGEST_BODY = 4000  # characters of a body in the page; the history holds it whole
LONGEST_HEAD = 2000
LONGEST_INDENTED = 1 << 20  # bytes of a body that is worth reading as JSON
_PLACE = "\x00 the marked record \x00"

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


def body(raw: bytes, index: int | None = None) -> Markup:
    """A body to be read: JSON indented where that changes nothing but white space, anything else as it came."""
    text = raw.decode("utf-8", "backslashreplace")
    read = _read(text) if len(raw) <= LONGEST_INDENTED else None
    if read is None:
        return escape(safe(text, LONGEST_BODY, keep="\n"))
    value, ascii_only = read
    whole = json.dumps(value, indent=2, ensure_ascii=ascii_only)
    marked = _marked(value, index)
    if marked is None or _PLACE in text:
        return escape(safe(whole, LONGEST_BODY, keep="\n"))
    name, places = marked
    if len(whole) > LONGEST_BODY:
        return _alone(value[name], name, places, ascii_only)
    items = [_PLACE if place in places else item for place, item in enumerate(value[name])]
    between = json.dumps(value | {name: items}, indent=2, ensure_ascii=ascii_only)
    parts = between.split(json.dumps(_PLACE))
    told = [json.dumps(value[name][place], indent=2, ensure_ascii=ascii_only) for place in places]
    pieces = [escape(safe(parts[0], LONGEST_BODY, keep="\n"))]
    for item, rest in zip(told, parts[1:], strict=True):
        pieces += [_mark(item.replace("\n", "\n    ")), escape(safe(rest, LONGEST_BODY, keep="\n"))]
    return Markup("").join(pieces)


def _alone(items: list[Any], name: str, places: list[int], ascii_only: bool) -> Markup:
    """Of a long list the marked items only."""
    words = escape(f"{name}: of {len(items):,} these alone, the whole is in history.jsonl\n")
    told = (
        escape(f"\n[{place}] ") + _mark(json.dumps(items[place], indent=2, ensure_ascii=ascii_only))
        for place in places[:3]
    )
    return words + Markup("").join(told)


def _mark(text: str) -> Markup:
    """Line by line, so that what indents it stays unmarked."""
    lines = [(line, line.lstrip(" ")) for line in safe(text, LONGEST_BODY, keep="\n").split("\n")]
    return Markup("\n").join(
        Markup("{}<mark>{}</mark>").format(" " * (len(line) - len(bare)), bare) for line, bare in lines
    )


def _marked(value: object, index: int | None) -> tuple[str, list[int]] | None:
    """The name of the list, and the places in it that the finding's index means."""
    if index is None or not isinstance(value, dict):
        return None
    sent, results = value.get("inventories"), value.get("results")
    if isinstance(sent, list):
        return ("inventories", [index]) if 0 <= index < len(sent) else None
    if not isinstance(results, list):
        return None
    places = [place for place, item in enumerate(results) if isinstance(item, dict) and item.get("index") == index]
    return ("results", places) if places else None


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
