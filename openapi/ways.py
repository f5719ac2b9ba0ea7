"""Which way a keyword goes when its value changes: more is allowed than before, less, or neither can be said."""

import json
import math
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final

from openapi.prose import same_facts


class Change(StrEnum):
    """Which way an edit goes; narrowed and widened speak of the set of values that are allowed."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    NARROWED = "narrowed"
    WIDENED = "widened"
    REWORDED = "reworded"  # it says the same in another way


class _Missing:
    def __repr__(self) -> str:
        return "nothing"


MISSING: Final = _Missing()


def spelled(value: Any) -> str:
    """The value by its content alone: equal for equal JSON, whatever the order of keys. True is no 1; 1.0 is 1."""
    return json.dumps(_as_json(value), sort_keys=True, default=repr)


def _as_json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _as_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_json(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def same(old: Any, new: Any) -> bool:
    """Whether both are one JSON value, or both are missing."""
    return (old is MISSING) == (new is MISSING) and spelled(old) == spelled(new)


def presence(old: Any, new: Any) -> Change:
    """Of two that differ."""
    if old is MISSING:
        return Change.ADDED
    return Change.REMOVED if new is MISSING else Change.CHANGED


def way(key: str, old: Any, new: Any) -> Change | None:
    """Which way the keyword goes, None where it stays. Of one that is not known no more than that it differs."""
    if same(old, new):
        return None
    try:
        return _WAYS[key](old, new) or Change.REWORDED if key in _WAYS else presence(old, new)
    except TypeError:  # no value that this keyword may have: not to be compared, so not to be excused
        return Change.CHANGED


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    return value


def _order(old: float, new: float) -> Change | None:
    if old == new:
        return None
    return Change.NARROWED if new > old else Change.WIDENED if new < old else Change.CHANGED


def _lower_bound(old: Any, new: Any) -> Change | None:
    return _order(*(-math.inf if value is MISSING else _number(value) for value in (old, new)))


def _size(old: Any, new: Any) -> Change | None:
    return _order(*(0 if value is MISSING else _number(value) for value in (old, new)))


def _upper_bound(old: Any, new: Any) -> Change | None:
    return _order(*(-math.inf if value is MISSING else -_number(value) for value in (old, new)))


def _step(old: Any, new: Any) -> Change | None:
    """`multipleOf`."""
    before, after = (1 if value is MISSING else _number(value) for value in (old, new))
    if old is MISSING or new is MISSING:
        return _condition(old, new)
    if not before or not after or (before % after and after % before):
        return Change.CHANGED
    return _order(before, after)


def _choice(old: Any, new: Any) -> Change | None:
    """Of values allowed: where there is no list, all are."""
    for value in (old, new):
        if value is not MISSING and (not isinstance(value, list) or not value):
            raise TypeError
    if old is MISSING or new is MISSING:
        return _condition(old, new)
    return _compared(old, new)


def _demand(old: Any, new: Any) -> Change | None:
    """`required`, of names or as a flag: the more is asked for, the less is allowed."""
    before, after = (
        [] if value is MISSING or value is False else [value] if value is True else value for value in (old, new)
    )
    change = _compared(before, after)
    turned = {Change.NARROWED: Change.WIDENED, Change.WIDENED: Change.NARROWED}
    return turned.get(change, change) if change else None


def _compared(old: Any, new: Any) -> Change | None:
    if not isinstance(old, list) or not isinstance(new, list):
        raise TypeError
    before, after = ({spelled(item) for item in value} for value in (old, new))
    if before == after:
        return None
    return Change.NARROWED if after < before else Change.WIDENED if after > before else Change.CHANGED


def _word(old: Any, new: Any) -> Change | None:
    if not all(value is MISSING or isinstance(value, str) for value in (old, new)):
        raise TypeError
    return _condition(old, new)


def _condition(old: Any, new: Any) -> Change | None:
    return {Change.ADDED: Change.NARROWED, Change.REMOVED: Change.WIDENED}.get(presence(old, new), Change.CHANGED)


_ROOMIER = {("int32", "int64"), ("float", "double")}


def _format(old: Any, new: Any) -> Change | None:
    change = _word(old, new)
    return Change.WIDENED if (old, new) in _ROOMIER else Change.NARROWED if (new, old) in _ROOMIER else change


def _openness(old: Any, new: Any) -> Change | None:
    """`additionalProperties`: anything, some things, nothing. Two schemas are for the caller to compare."""
    for value in (old, new):
        if value is not MISSING and not isinstance(value, bool | Mapping):
            raise TypeError
    before, after = (0 if value in (MISSING, True) else 2 if value is False else 1 for value in (old, new))
    return Change.CHANGED if before == after == 1 else _order(before, after)


def _permission(old: Any, new: Any) -> Change | None:
    """`nullable`, where there is no type that it could be said with."""
    if not all(value is MISSING or isinstance(value, bool) for value in (old, new)):
        raise TypeError
    return _order(*(0 if value is True else 1 for value in (old, new)))


def _prose(old: Any, new: Any) -> Change | None:
    before, after = ("" if value is MISSING else value for value in (old, new))
    if not isinstance(before, str) or not isinstance(after, str):
        raise TypeError
    return Change.REWORDED if same_facts(before, after) else presence(old, new)


_WAYS: Mapping[str, Callable[[Any, Any], Change | None]] = {
    **dict.fromkeys(("type", "enum"), _choice),
    **dict.fromkeys(("required", "uniqueItems"), _demand),
    **dict.fromkeys(("minItems", "minLength", "minProperties"), _size),
    **dict.fromkeys(("minimum", "exclusiveMinimum"), _lower_bound),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxItems", "maxLength", "maxProperties"), _upper_bound),
    **dict.fromkeys(("pattern", "contentEncoding", "contentMediaType"), _word),
    **dict.fromkeys(("description", "summary"), _prose),
    "format": _format,
    "multipleOf": _step,
    "additionalProperties": _openness,
    "nullable": _permission,
}
