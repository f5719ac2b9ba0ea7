"""One way of writing a schema for the several that mean the same, so that none of them passes for an edit.

OpenAPI 3.0 and 3.1 spell null, constants and exclusive bounds differently; authors write out what is so by default,
and put into an `allOf` what stands as well beside it.
"""

from collections.abc import Mapping
from typing import Any

from openapi.ways import same, spelled

_DEFAULTS: Mapping[str, tuple[Any, ...]] = {
    **dict.fromkeys(("minItems", "minLength", "minProperties"), (0,)),
    **dict.fromkeys(("uniqueItems", "readOnly", "writeOnly", "deprecated", "nullable"), (False,)),
    "additionalProperties": (True, {}),
    "items": (True, {}),
    "properties": ({},),
    "required": ([],),
}
SAID_OF_IT = frozenset(
    {"title", "description", "example", "examples", "default", "deprecated", "externalDocs", "$comment"}
)
_NULL = {"type": ["null"]}


def plain(schema: Any) -> Any:
    """The schema in that one way, itself alone: what is in its properties is left as it is."""
    if isinstance(schema, bool):
        return {} if schema else {"not": {}}
    if not isinstance(schema, Mapping):
        return schema
    written = _bounded(_typed(_merged(dict(schema))))
    return {
        key: value for key, value in written.items() if not any(same(value, each) for each in _DEFAULTS.get(key, ()))
    }


def is_one_of(schema: Mapping[str, Any], other: Mapping[str, Any]) -> str | None:
    """The keyword under which the other, which says nothing else, offers the schema among its alternatives."""
    keys = [key for key in other if key not in SAID_OF_IT]
    if keys not in (["anyOf"], ["oneOf"]) or not isinstance(other[keys[0]], list):
        return None
    return keys[0] if any(same(_bare(plain(each)), _bare(schema)) for each in other[keys[0]]) else None


def _bare(schema: Any) -> Any:
    if not isinstance(schema, Mapping):
        return schema
    return {key: value for key, value in schema.items() if key not in SAID_OF_IT}


def _typed(schema: dict[str, Any]) -> dict[str, Any]:
    """`type` as the list of all types allowed, an integer being a number too; a constant as a choice of one."""
    if "const" in schema and "enum" not in schema:
        schema["enum"] = [schema.pop("const")]
    types = schema.get("type")
    if isinstance(types, str):
        types = [types]
    if isinstance(types, list):
        null = ["null"] if schema.pop("nullable", False) is True and "null" not in types else []
        integer = ["integer"] if "number" in types and "integer" not in types else []
        schema["type"] = [*types, *null, *integer]
    return schema


def _bounded(schema: dict[str, Any]) -> dict[str, Any]:
    """Exclusive bounds as 3.1 has them: numbers of their own."""
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if schema.get(exclusive) is True and bound in schema:
            schema[exclusive] = schema.pop(bound)
        elif schema.get(exclusive) is False:
            del schema[exclusive]
    return schema


def _merged(schema: dict[str, Any]) -> dict[str, Any]:
    """Without `allOf`, and without an `anyOf` or `oneOf` of one, as far as their members contradict nothing."""
    for key in ("allOf", "anyOf", "oneOf"):
        members = schema.get(key)
        if not isinstance(members, list) or not members:
            continue
        members = [plain(each) for each in members]
        if key != "allOf":
            members = _without_null(members)
            if len(members) != 1:
                continue
        rest = {name: value for name, value in schema.items() if name != key}
        left: list[Any] = []
        for member in members:
            both = _both(_typed(dict(rest)), member) if isinstance(member, Mapping) else None
            rest, left = (rest, [*left, member]) if both is None else (both, left)
        schema = rest | {key: left} if left else rest
    return schema


def _without_null(members: list[Any]) -> list[Any]:
    """`null` among the types of the one alternative beside it."""
    others = [each for each in members if not same(_bare(each), _NULL)]
    if len(others) != 1 or len(others) == len(members) or not isinstance(others[0], Mapping) or "type" not in others[0]:
        return members
    (other,) = others
    enum = {"enum": [*other["enum"], None]} if isinstance(other.get("enum"), list) else {}
    return [plain(other | {"type": [*other["type"], "null"]} | enum)]


def _both(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any] | None:
    """What says all that both say; None where that takes more than writing it side by side."""
    closed = {"additionalProperties", "unevaluatedProperties", "$ref"} & (one.keys() | other.keys())
    if closed and len(one.keys() - SAID_OF_IT) and len(other.keys() - SAID_OF_IT):
        return None
    whole = dict(one)
    for key, value in other.items():
        if key not in whole:
            whole[key] = value
        elif key == "required" and isinstance(value, list) and isinstance(whole[key], list):
            said = {spelled(name) for name in whole[key]}
            whole[key] = [*whole[key], *(name for name in value if spelled(name) not in said)]
        elif key == "properties" and isinstance(value, Mapping) and isinstance(whole[key], Mapping):
            shared = {name: {"allOf": [whole[key][name], value[name]]} for name in value if name in whole[key]}
            whole[key] = {**whole[key], **value, **shared}
        elif key not in SAID_OF_IT and not same(value, whole[key]):
            return None
    return whole
