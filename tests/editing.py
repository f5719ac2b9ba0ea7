"""The published document, edited: places in it, and what it looks like once something there was put or taken away."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from openapi.document import OPERATION_PATH, load_document
from openapi.drift import Judgement, row_for
from openapi.edits import edits

PUBLISHED = load_document().published
REMOVED = object()
Place = tuple[str, ...]

ITEM = ("paths", OPERATION_PATH)
POST = (*ITEM, "post")
BODY = (*POST, "requestBody", "content", "application/json", "schema")
RECORD = (*BODY, "properties", "inventories", "items")
SKU = (*RECORD, "properties", "sku")
QUANTITY = (*RECORD, "properties", "quantity")
ANSWERS = (*POST, "responses")
ANSWER = (*ANSWERS, "200", "content", "application/json", "schema")
RESULT = (*ANSWER, "properties", "results", "items")
STATUS = (*RESULT, "properties", "status")
MESSAGE = (*RESULT, "properties", "message")
REFUSAL = (*ANSWERS, "422", "content", "application/json", "schema")


def edited(*changes: tuple[Place, Any], old: Mapping[str, Any] = PUBLISHED) -> dict[str, Any]:
    """The document with a value put at each place, or taken from it."""
    document = deepcopy(dict(old))
    for place, value in changes:
        parent: Any = document
        for key in place[:-1]:
            parent = parent.setdefault(key, {})
        if value is REMOVED:
            del parent[place[-1]]
        else:
            parent[place[-1]] = value
    return document


def at(place: Place, document: Mapping[str, Any] = PUBLISHED) -> Any:
    """What stands there."""
    value: Any = document
    for key in place:
        value = value[key]
    return deepcopy(value)


def worst(old: Mapping[str, Any], new: Mapping[str, Any]) -> Judgement | None:
    """The worst of what the edits from one to the other amount to; None where there are none."""
    judgements = {row_for(edit).judgement for edit in edits(old, new)}
    return min(judgements, key=list(Judgement).index, default=None)
