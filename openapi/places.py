"""Where an edit is and what it changes, in words for a person. A document's own text cannot break a line of them."""

import json
from collections.abc import Iterator
from typing import Any

from openapi.document import OPERATION_PATH
from openapi.edits import METHODS, Edit
from openapi.prose import differing
from openapi.ways import MISSING, Change

MOST_NAMES = 5
LONGEST = 70  # characters of one value


def place(path: tuple[str, ...]) -> str:
    """`request: inventories[].sku, maxLength`, `answer 200: results[].status, enum`, `info.description`."""
    if not path:
        return "the document"
    if path[:2] != ("paths", f"[{OPERATION_PATH}]"):
        return _safe("".join(f" {part[1:-1]}" if part.startswith("[") else f".{part}" for part in path).lstrip("."))
    if len(path) == 2:
        return f"path {OPERATION_PATH}"
    where, rest = path[2].upper() if path[2] in METHODS else path[2], path[3:]
    if rest[:1] == ("requestBody",) and len(rest) > 1:
        where, rest = "request", rest[1:]
    elif rest[:1] == ("responses",) and len(rest) > 1:
        where, rest = f"answer {rest[1][1:-1]}", rest[2:]
    if rest[:1] == ("content",) and len(rest) > 1:
        where, rest = f"{where}{_body(rest[1][1:-1])}", rest[2:]
    return _safe(f"{where}: {', '.join(_steps(rest)) or 'all of it'}")


def _body(media_type: str) -> str:
    return "" if media_type == "application/json" else f" as {media_type}"


def _steps(rest: tuple[str, ...]) -> Iterator[str]:
    """From the body inwards: the property as a client would write it, then keywords with the names below them."""
    if rest[:1] == ("schema",) and len(rest) > 1:
        rest = rest[1:]
    field = ""
    while rest[:1] == ("items",) or (rest[:1] == ("properties",) and len(rest) > 1):
        name, rest = ("[]", rest[1:]) if rest[0] == "items" else (f".{rest[1][1:-1]}", rest[2:])
        field += name
    if field:
        yield field.removeprefix(".")
    for part in rest:
        yield part[1:-1] if part.startswith("[") else part


def values(edit: Edit) -> str:
    """What stood there and what stands there now, from a new line on; nothing where the change says it all."""
    if edit.old is MISSING and edit.new is MISSING:
        return ""
    if isinstance(edit.old, str) and isinstance(edit.new, str) and max(len(edit.old), len(edit.new)) > LONGEST:
        return f"\n    {_safe(differing(edit.old, edit.new))}" if edit.old.split() != edit.new.split() else ""
    match edit.change:
        case Change.ADDED if edit.old is MISSING:
            return f"\n    {_short(edit.new)}"
        case Change.REMOVED:
            return f"\n    {_short(edit.old)}"
    return f"\n    {_short(edit.old)} -> {_short(edit.new)}"


def counted(names: list[str], one: str, many: str) -> str:
    """The names, as far as a person would read them, and how many they are."""
    said = one if len(names) == 1 else f"{len(names):,} {many}"
    more = ", …" if len(names) > MOST_NAMES else ""
    return _safe(f"{said}: {', '.join(names[:MOST_NAMES])}{more}")


def _short(value: Any) -> str:
    text = repr(MISSING) if value is MISSING else json.dumps(value, ensure_ascii=False, default=repr)
    return _safe(text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…")


def _safe(text: str) -> str:
    """On one line, with whatever would move a terminal's cursor or turn its direction as an escape."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)
