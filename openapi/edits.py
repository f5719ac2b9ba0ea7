"""What was edited between two documents, and which way each edit goes. Says nothing on whether that does harm.

Only below what is known of OpenAPI's structure are two values compared part by part; whatever else differs is one edit.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from openapi.prepared import prepared, security_way
from openapi.schemas import is_one_of, plain
from openapi.ways import MISSING, Change, presence, same, spelled, way


@dataclass(frozen=True, slots=True)
class Edit:
    """One difference; `old` or `new` is MISSING where the keyword or the name was not there.

    `path` holds keywords and, in brackets, names of the author's own: `("paths", "[/api/…]", "post", "summary")`.
    """

    path: tuple[str, ...]
    change: Change
    old: Any
    new: Any


_LIMITED = {"schema", "parameter", "header", "body"}  # the kinds whose keywords set limits
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
# Of each kind of object the keywords that hold others: how they hold them, and of what kind these are.
_PARTS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "document": {
        "info": ("object", "info"),
        "paths": ("named", "path"),
        "servers": ("listed", "server"),
        "components": ("object", "components"),
        "webhooks": ("named", "webhook"),
    },
    "path": {**dict.fromkeys(METHODS, ("object", "operation")), "servers": ("listed", "server")},
    "operation": {
        "parameters": ("listed", "parameter"),
        "requestBody": ("object", "body"),
        "responses": ("named", "response"),
        "servers": ("listed", "server"),
    },
    "body": {"content": ("named", "media")},
    "response": {"content": ("named", "media"), "headers": ("named", "header")},
    "parameter": {"schema": ("object", "schema"), "content": ("named", "media")},
    "header": {"schema": ("object", "schema"), "content": ("named", "media")},
    "media": {"schema": ("object", "schema")},
    "schema": {
        "properties": ("named", "schema"),
        "items": ("object", "schema"),
        "additionalProperties": ("object", "schema"),
        **dict.fromkeys(("allOf", "anyOf", "oneOf"), ("alternatives", "schema")),
    },
    "components": dict.fromkeys(
        ("schemas", "responses", "parameters", "requestBodies", "headers", "securitySchemes", "links", "pathItems"),
        ("named", "component"),
    ),
}


def edits(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Edit]:
    """Every difference between two documents, each reported once, where it is; none only where they are the same."""
    found = list(_object("document", prepared(old), prepared(new), ()))
    if not found and not same(old, new):
        found = [Edit((), Change.REWORDED, MISSING, MISSING)]
    yield from found


def _object(kind: str, old: Mapping[str, Any], new: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[Edit]:
    for key in [*old, *(key for key in new if key not in old)]:
        before, after = old.get(key, MISSING), new.get(key, MISSING)
        how, part = _PARTS.get(kind, {}).get(key, ("", ""))
        match how:
            case "object":
                yield from _part(part, before, after, (*path, key))
            case "named" | "listed":
                yield from _names(how, part, before, after, (*path, key))
            case "alternatives":
                yield from _alternatives(key, before, after, (*path, key))
            case _:
                yield from _leaf(kind, before, after, (*path, key))


def _leaf(kind: str, old: Any, new: Any, path: tuple[str, ...]) -> Iterator[Edit]:
    if kind == "operation" and path[-1] == "security":
        change = None if same(old, new) else security_way(old, new)
    elif path == ("info", "version"):
        change = None if same(old, new) else Change.CHANGED if _major(old) != _major(new) else Change.REWORDED
    elif kind in _LIMITED or path == ("info", "title") or path[-1] in ("description", "summary"):
        change = way("summary" if path == ("info", "title") else path[-1], old, new)
    else:
        change = None if same(old, new) else presence(old, new)
    if change is not None:
        yield Edit(path, change, old, new)


def _major(version: Any) -> str:
    return str(version).removeprefix("v").partition(".")[0]


def _part(kind: str, old: Any, new: Any, path: tuple[str, ...]) -> Iterator[Edit]:
    open_to_all = kind == "schema" and path[-1] != "additionalProperties"  # no schema, no condition
    before, after = (plain({} if value is MISSING else value) if open_to_all else value for value in (old, new))
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        yield from _leaf(kind, old, new, path)
        return
    found = list(_schema(before, after, path) if kind == "schema" else _object(kind, before, after, path))
    if not found and not same(old, new):
        found = [Edit(path, Change.REWORDED, old, new)]
    yield from found


def _schema(old: Mapping[str, Any], new: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[Edit]:
    old, new = plain(old), plain(new)
    for change, key in ((Change.WIDENED, is_one_of(old, new)), (Change.NARROWED, is_one_of(new, old))):
        if key is not None and key not in (old if change is Change.WIDENED else new):
            yield Edit((*path, key), change, old.get(key, MISSING), new.get(key, MISSING))
            return
    yield from _object("schema", old, new, path)


def _names(how: str, kind: str, old: Any, new: Any, path: tuple[str, ...]) -> Iterator[Edit]:
    before, after = (_by_name(how, path[-1], value) for value in (old, new))
    if before is None or after is None:
        yield from _leaf("", old, new, path)
        return
    found = []
    for name in [*before, *(name for name in after if name not in before)]:
        (shown, one), (newly, other) = before.get(name, ("", MISSING)), after.get(name, ("", MISSING))
        here = (*path, f"[{shown or newly}]")
        if one is MISSING or other is MISSING:
            found.append(Edit(here, _presence(kind, one, other), one, other))
        else:
            found += _part(kind, one, _called_alike(one, other) if how == "listed" else other, here)
    if not found and not same(old, new):
        found = [Edit(path, Change.REWORDED, old, new)]
    yield from found


def _presence(kind: str, old: Any, new: Any) -> Change:
    """Of a name that only one of the two has; what is no object is not known to be an addition."""
    if kind == "parameter" and isinstance(new, Mapping) and new.get("required") is True:
        return Change.NARROWED
    return presence(old, new) if new is MISSING or isinstance(new, Mapping | bool) else Change.CHANGED


def _by_name(how: str, key: str, value: Any) -> dict[str, tuple[str, Any]] | None:
    """By what tells two of them apart, each with its name as it is written; None where nothing does."""
    if value is MISSING:
        return {}
    if how == "listed":
        if not _are_objects(value):
            return None
        parts = _CALLED_BY[key]
        pairs = [(" ".join(str(item[part]) for part in parts if part in item), item) for item in value]
    elif isinstance(value, Mapping):
        pairs = list(value.items())
    else:
        return None
    named = {_told_apart(key, name): (name, item) for name, item in pairs}
    return named if len(named) == len(pairs) else None


_CALLED_BY = {"parameters": ("in", "name"), "servers": ("url",)}


def _called_alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """The other under the one's name, which differs in spelling alone."""
    return {**other, **{part: one[part] for part in ("in", "name", "url") if part in one and part in other}}


def _told_apart(key: str, name: str) -> str:
    """Names of headers and media types are in any case (RFC 9110), and JSON is UTF-8 whether it says so or not."""
    if key == "headers" or (key == "parameters" and name.startswith("header ")):
        return name.lower()
    if key == "content":
        return name.lower().replace(" ", "").removesuffix(";charset=utf-8")
    return name.rstrip("/") if key == "servers" else name


def _alternatives(key: str, old: Any, new: Any, path: tuple[str, ...]) -> Iterator[Edit]:
    """Those that both have are no edit; of the others each is compared with its counterpart, if there is one."""
    more, less = (Change.NARROWED, Change.WIDENED) if key == "allOf" else (Change.WIDENED, Change.NARROWED)
    if not all(value is MISSING or _are_objects(value) for value in (old, new)):
        yield Edit(path, Change.CHANGED, old, new)
        return
    if old is MISSING or new is MISSING:  # a condition where none was, or no longer one
        yield Edit(path, Change.NARROWED if old is MISSING else Change.WIDENED, old, new)
        return
    kept = [spelled(plain(item)) for item in new]
    gone = [item for item in old if not _taken(kept, spelled(plain(item)))]
    came = [(number, item) for number, item in enumerate(new) if _taken(kept, spelled(plain(item)))]
    if len(gone) == len(came):
        for item, (number, other) in zip(gone, came, strict=True):
            yield from _part("schema", item, other, (*path, f"[{number}]"))
    elif not gone or not came:
        yield Edit(path, less if gone else more, gone or MISSING, [item for _, item in came] or MISSING)
    else:
        yield Edit(path, Change.CHANGED, old, new)


def _are_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, Mapping) for item in value)


def _taken(items: list[str], item: str) -> bool:
    if item in items:
        items.remove(item)
        return True
    return False
