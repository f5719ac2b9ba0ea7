"""Drift: what moves a limit that was there, by which way it moves and on which side; and any edit at all is told."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openapi.drift import ADDITION, BREAKING, WORDING, Judgement, compare
from openapi.edits import edits
from tests.editing import ANSWERS, BODY, POST, PUBLISHED, RECORD, REMOVED, RESULT, SKU, STATUS, Place, edited, worst

WORDS = ["ok", "error", "warning"]
PARAMETER = {"in": "header", "name": "X-Shop"}
NULL = {"type": "null"}
TREE = {"properties": {"child": {"$ref": "#/components/schemas/Tree"}}}


@pytest.mark.parametrize(
    ("place", "before", "after", "judgement"),
    [
        # an answer that allowed three words
        ((*STATUS, "enum"), WORDS, ["ok", "error"], ADDITION),
        ((*STATUS, "enum"), WORDS, ["warning", "ok", "error"], WORDING),
        ((*STATUS, "enum"), WORDS, [*WORDS, "stale"], BREAKING),
        ((*STATUS, "enum"), WORDS, ["OK", "error", "warning"], BREAKING),
        ((*STATUS, "enum"), WORDS, REMOVED, BREAKING),
        ((*STATUS, "enum"), [1, 0], [True, False], BREAKING),  # not the same, whatever Python says
        ((*STATUS, "enum"), [1], [1.0], None),
        # an answer's other limits
        ((*RESULT, "additionalProperties"), False, True, ADDITION),  # "the right to add more properties"
        ((*RESULT, "additionalProperties"), {"type": "string"}, True, ADDITION),
        ((*RESULT, "additionalProperties"), {"type": "string"}, {"type": "number"}, BREAKING),
        ((*RESULT, "anyOf"), [{"required": ["a"]}], [{"required": ["a"]}, {"required": ["b"]}], BREAKING),
        ((*RESULT, "anyOf"), [{"title": "a"}, {"title": "b"}, {}], [{}, {"title": "b"}], ADDITION),
        ((*RESULT, "anyOf"), [{"title": "a"}, {"title": "b"}], [{"title": "b"}, {"title": "a"}], WORDING),
        ((*STATUS, "maxLength"), 9, 10, BREAKING),
        ((*ANSWERS, "200", "headers"), {"X-A": {}}, {"x-a": {}}, WORDING),
        ((*ANSWERS, "200", "headers"), {"X-A": {}}, {}, BREAKING),
        ((*ANSWERS, "200", "headers"), {"X-A": {"required": True}}, {"X-A": {}}, BREAKING),
        ((*ANSWERS, "200", "headers"), {"X-A": {"schema": {"type": "integer"}}}, {"X-A": {"schema": {}}}, BREAKING),
        # a request that had a bound
        ((*BODY, "maxProperties"), 5, 9, ADDITION),
        ((*BODY, "maxProperties"), 5, 3, BREAKING),
        ((*BODY, "maxProperties"), 5, True, BREAKING),
        ((*BODY, "minProperties"), 5, 3, ADDITION),
        ((*BODY, "additionalProperties"), False, True, ADDITION),
        ((*BODY, "additionalProperties"), False, {"type": "string"}, ADDITION),
        ((*BODY, "additionalProperties"), {"type": "string"}, {}, ADDITION),
        ((*BODY, "additionalProperties"), {"type": "integer"}, {"type": "number"}, ADDITION),
        ((*BODY, "additionalProperties"), {"type": "number"}, {"type": "integer"}, BREAKING),
        ((*BODY, "additionalProperties"), {"description": "a"}, {"description": "b"}, WORDING),
        ((*SKU, "pattern"), "a", REMOVED, ADDITION),
        ((*SKU, "pattern"), "a", "b", BREAKING),
        ((*SKU, "format"), "int32", "int64", ADDITION),
        ((*SKU, "format"), "int64", "int32", BREAKING),
        ((*SKU, "multipleOf"), 10, 5, ADDITION),
        ((*SKU, "multipleOf"), 5, 10, BREAKING),
        ((*SKU, "multipleOf"), 5, 7, BREAKING),
        ((*SKU, "default"), {"title": "a"}, {"title": "b"}, BREAKING),  # a value, in which no keyword stands
        ((*SKU, "not"), {"enum": ["a"]}, {"enum": ["a", "b"]}, BREAKING),  # the other way round
        ((*SKU, "oneOf"), [{"minLength": 1}, {"title": "x"}], [{"minLength": 2}, {"title": "x"}], BREAKING),
        ((*SKU, "oneOf"), [{"minLength": 2}, {"title": "x"}], [{"minLength": 1}, {"title": "x"}], ADDITION),
        ((*SKU, "oneOf"), [{"minLength": 1}, {"title": "x"}], [{"minLength": 1}], BREAKING),
        ((*SKU, "const"), "a", "b", BREAKING),
        (SKU, {"const": "a"}, {"enum": ["a"]}, WORDING),
        (SKU, {"minimum": 0, "exclusiveMinimum": True}, {"exclusiveMinimum": 0}, WORDING),
        (SKU, {"minimum": 0, "exclusiveMinimum": True}, {"minimum": 0}, BREAKING),
        (SKU, {"type": "string", "nullable": True}, {"type": ["null", "string"]}, WORDING),
        (SKU, {"type": "string", "nullable": True}, {"type": "string"}, BREAKING),
        (SKU, {"nullable": True, "allOf": [{"type": "string"}]}, {"oneOf": [NULL, {"type": "string"}]}, WORDING),
        # parameters, and what stands beside the body
        ((*POST, "parameters"), [PARAMETER], [PARAMETER | {"required": True}], BREAKING),
        ((*POST, "parameters"), [PARAMETER | {"required": True}], [PARAMETER], ADDITION),
        ((*POST, "parameters"), [PARAMETER], [PARAMETER | {"name": "x-shop"}], WORDING),
        ((*POST, "parameters"), [PARAMETER], [], BREAKING),
        ((*POST, "requestBody", "required"), True, False, ADDITION),
        ((*POST, "security"), [{"A": []}, {"B": []}], [{"B": []}, {"A": []}], WORDING),
        ((*POST, "security"), [{"A": []}, {"B": []}], [{"A": []}], BREAKING),
        ((*RECORD, "x-order"), [1, 2], [2, 1], WORDING),
    ],
)  # fmt: skip
def test_a_limit_that_moves_is_judged_by_its_direction(
    place: Place, before: Any, after: Any, judgement: Judgement | None
) -> None:
    old = edited((place, before))
    assert worst(old, edited((place, after), old=old)) is judgement


def test_a_schema_that_holds_itself_is_compared_once_round() -> None:
    inside: Place = ("components", "schemas", "Tree", "properties", "name")
    old = edited((SKU, {"$ref": "#/components/schemas/Tree"}), (("components", "schemas", "Tree"), TREE))
    assert worst(old, deepcopy(old)) is None
    assert worst(old, edited((inside, {"type": "string"}), old=old)) is ADDITION


def places(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place of a document, itself left out."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [each for key, item in items for each in ((*here, key), *places(item, (*here, key)))]


PLACES = places(PUBLISHED)
MORE_KEYWORDS = "nullable allOf anyOf enum default additionalProperties minItems not headers x-a"
KEYWORDS = st.sampled_from(sorted({*(str(place[-1]) for place in PLACES), *MORE_KEYWORDS.split(), "é\n"}))
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.floats()
    | st.sampled_from(["", "string", "null", "a b", "$ref"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYWORDS, inner, max_size=3),
    max_leaves=4,
)


@settings(deadline=None, max_examples=400, derandomize=True)
@given(st.data())
def test_any_edit_anywhere_is_told(data: st.DataObject) -> None:
    document = deepcopy(dict(PUBLISHED))
    *above, last = data.draw(st.sampled_from(PLACES))
    parent: Any = document
    for key in above:
        parent = parent[key]
    match data.draw(st.sampled_from(["delete", "change", "add"])):
        case "delete":
            del parent[last]
        case "change":
            parent[last] = data.draw(ANYTHING)
        case _ if isinstance(parent, list):
            parent.append(data.draw(ANYTHING))
        case _:
            parent[data.draw(KEYWORDS)] = data.draw(ANYTHING)
    told = compare(PUBLISHED, document)
    assert bool(told) == (repr(document) != repr(PUBLISHED))
    assert told == compare(PUBLISHED, deepcopy(document))


def shuffled(value: Any, draw: Any) -> Any:
    if isinstance(value, dict):
        return {key: shuffled(value[key], draw) for key in draw(st.permutations(list(value)))}
    return [shuffled(item, draw) for item in value] if isinstance(value, list) else value


@settings(deadline=None, max_examples=20, derandomize=True)
@given(st.data())
def test_another_order_of_keys_is_no_edit(data: st.DataObject) -> None:
    assert list(edits(PUBLISHED, shuffled(dict(PUBLISHED), data.draw))) == []
