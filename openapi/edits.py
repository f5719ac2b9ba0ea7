"""What was edited between two documents, and which way each edit goes. Says nothing on whether that does harm.

A path names keywords after dots and names of the author's own in brackets:
`paths[/api/…].post.responses[200].content[application/json].schema.properties[status].enum`.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final


class Change(StrEnum):
    """Which way an edit goes; narrowed and widened speak of the set of values that are allowed."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    NARROWED = "narrowed"
    WIDENED = "widened"


class _Missing:
    def __repr__(self) -> str:
        return "nothing"


MISSING: Final = _Missing()


@dataclass(frozen=True, slots=True)
class Edit:
    """One difference; `old` or `new` is MISSING where the keyword or the name was not there."""

    path: str
    change: Change
    old: Any
    new: Any


_NAMES = {"paths", "properties", "responses", "content", "headers", "securitySchemes"}
_LISTS: Mapping[str, tuple[str, ...]] = {"parameters": ("in", "name"), "servers": ("url",)}
_SCHEMAS = {"schema", "items"}  # where there is none, anything goes: {}


def edits(old: Mapping[str, Any], new: Mapping[str, Any], path: str = "") -> Iterator[Edit]:
    """Every difference between two objects of a document, references resolved; each is reported once, where it is."""
    old, new = _with_types(old), _with_types(new)
    for key in [*old, *(key for key in new if key not in old)]:
        yield from _keyword(key, old.get(key, MISSING), new.get(key, MISSING), f"{path}.{key}" if path else key)


def _keyword(key: str, old: Any, new: Any, path: str) -> Iterator[Edit]:
    if key in _WAYS:
        change = _way(key, old, new)
        if change is not None:
            yield Edit(path, change, old, new)
        return
    empty: Any = {} if key in _NAMES | _SCHEMAS | _LISTS.keys() else MISSING
    before, after = (_by_name(key, empty if value is MISSING else value) for value in (old, new))
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        named = key in _NAMES or key in _LISTS
        yield from _names(before, after, path) if named else edits(before, after, path)
    elif before != after:
        yield Edit(path, _presence(old, new), old, new)


def _by_name(key: str, value: Any) -> Any:
    """A list whose items have names, as an object by these names; anything else as it is."""
    if key in _LISTS and isinstance(value, list) and all(isinstance(item, Mapping) for item in value):
        return {" ".join(str(item.get(part)) for part in _LISTS[key]): item for item in value}
    return value


def _names(old: Mapping[str, Any], new: Mapping[str, Any], path: str) -> Iterator[Edit]:
    for name in [*old, *(name for name in new if name not in old)]:
        here = f"{path}[{name}]"
        before, after = old.get(name, MISSING), new.get(name, MISSING)
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from edits(before, after, here)
        elif before != after:
            asked_for = before is MISSING and path.endswith(".parameters") and after.get("required") is True
            yield Edit(here, Change.NARROWED if asked_for else _presence(before, after), before, after)


def _presence(old: Any, new: Any) -> Change:
    if old is MISSING:
        return Change.ADDED
    return Change.REMOVED if new is MISSING else Change.CHANGED


def _with_types(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """`type` as the list of all types allowed: 3.0 says `nullable`, 3.1 lists "null"; an integer is a number."""
    types = value.get("type", MISSING)
    if isinstance(types, str):
        types = [types]
    if types is MISSING or not isinstance(types, list):
        return value
    null = ["null"] if value.get("nullable") is True and "null" not in types else []
    integer = ["integer"] if "number" in types and "integer" not in types else []
    rest = {key: item for key, item in value.items() if key != "nullable"}
    return rest | {"type": [*types, *null, *integer]}


def _way(key: str, old: Any, new: Any) -> Change | None:
    try:
        return _WAYS[key](old, new)
    except TypeError:  # no value that this keyword may have: not to be compared, so not to be excused
        return Change.CHANGED


def _order(old: float, new: float) -> Change | None:
    if old == new:
        return None
    return Change.NARROWED if new > old else Change.WIDENED


def _lower_bound(old: Any, new: Any) -> Change | None:
    return _order(*(-math.inf if value is MISSING else value for value in (old, new)))


def _size(old: Any, new: Any) -> Change | None:
    return _order(*(0 if value is MISSING else value for value in (old, new)))


def _upper_bound(old: Any, new: Any) -> Change | None:
    return _order(*(-math.inf if value is MISSING else -value for value in (old, new)))


def _choice(old: Any, new: Any) -> Change | None:
    """Of values allowed: where there is no list, all are."""
    if old is MISSING or new is MISSING:
        return Change.NARROWED if old is MISSING else Change.WIDENED
    fewer, more = all(item in old for item in new), all(item in new for item in old)
    if fewer and more:
        return None
    return Change.NARROWED if fewer else Change.WIDENED if more else Change.CHANGED


def _demand(old: Any, new: Any) -> Change | None:
    """`required`, of names or as a flag: the more is asked for, the less is allowed."""
    before, after = ([] if value in (MISSING, False) else [value] if value is True else value for value in (old, new))
    change = _choice(before, after)
    turned = {Change.NARROWED: Change.WIDENED, Change.WIDENED: Change.NARROWED}
    return turned.get(change, change) if change else None


def _condition(old: Any, new: Any) -> Change | None:
    if old == new:
        return None
    return {Change.ADDED: Change.NARROWED, Change.REMOVED: Change.WIDENED}.get(_presence(old, new), Change.CHANGED)


def _openness(old: Any, new: Any) -> Change | None:
    """`additionalProperties`: anything, some things, nothing."""
    before, after = (0 if value in (MISSING, True, {}) else 2 if value is False else 1 for value in (old, new))
    return Change.CHANGED if before == after == 1 and old != new else _order(before, after)


_WAYS: Mapping[str, Callable[[Any, Any], Change | None]] = {
    **dict.fromkeys(("type", "enum"), _choice),
    **dict.fromkeys(("required", "uniqueItems"), _demand),
    **dict.fromkeys(("minItems", "minLength", "minProperties"), _size),
    **dict.fromkeys(("minimum",), _lower_bound),
    **dict.fromkeys(("maximum", "maxItems", "maxLength", "maxProperties"), _upper_bound),
    **dict.fromkeys(("format", "pattern", "multipleOf"), _condition),
    "additionalProperties": _openness,
}
