"""The strict applier: what the Overlay specification says, and a refusal where it says nothing."""

from typing import Any

import pytest

from openapi.overlay import OverlayError, apply

INFO = {"title": "test", "version": "1"}


def overlaid(document: dict[str, Any], *actions: dict[str, Any]) -> dict[str, Any]:
    return apply({"overlay": "1.0.0", "info": INFO, "actions": list(actions)}, document)


@pytest.mark.parametrize(
    ("document", "action", "result"),
    [
        # update: objects are merged to any depth, values replaced, arrays within them appended
        ({"a": {"b": 1}}, {"target": "$.a", "update": {"c": 2}}, {"a": {"b": 1, "c": 2}}),
        ({"a": {"b": 1}}, {"target": "$.a", "update": {"b": 2}}, {"a": {"b": 2}}),
        ({"a": {"b": {"c": 1}}}, {"target": "$", "update": {"a": {"b": {"d": 2}}}}, {"a": {"b": {"c": 1, "d": 2}}}),
        ({"a": {"b": [1]}}, {"target": "$.a", "update": {"b": [2, 3]}}, {"a": {"b": [1, 2, 3]}}),
        ({"a": {}}, {"target": "$.a", "update": {"b": None}}, {"a": {"b": None}}),
        # update: an array takes the value as one more entry
        ({"a": [1]}, {"target": "$.a", "update": 2}, {"a": [1, 2]}),
        ({"a": []}, {"target": "$.a", "update": {"b": 1}}, {"a": [{"b": 1}]}),
        # update: elements of an array
        ({"a": [{"n": 1}, {"n": 2}]}, {"target": "$.a[1]", "update": {"m": 0}}, {"a": [{"n": 1}, {"n": 2, "m": 0}]}),
        ({"a": [{"n": 1}, {"n": 2}]}, {"target": "$.a[?@.n==1]", "update": {"n": 3}}, {"a": [{"n": 3}, {"n": 2}]}),
        ({"a": [{}, {}]}, {"target": "$.a[*]", "update": {"m": []}}, {"a": [{"m": []}, {"m": []}]}),
        # remove
        ({"a": {"b": {}}, "c": 1}, {"target": "$.a", "remove": True}, {"c": 1}),
        ({"a": [{"n": 1}, {"n": 2}, {"n": 1}]}, {"target": "$.a[?@.n==1]", "remove": True}, {"a": [{"n": 2}]}),
        ({"a": {"b": {"b": {}}}}, {"target": "$..b", "remove": True}, {"a": {}}),
        ({"a": [{}] * 11}, {"target": "$.a[9, 10]", "remove": True}, {"a": [{}] * 9}),
        ({"a": {}}, {"target": "$.a", "remove": True, "update": {"b": 1}}, {}),  # update has no impact then
        ({"a": {}}, {"target": "$.a", "remove": False, "update": {"b": 1}}, {"a": {"b": 1}}),
        # what the specification lets anyone add
        ({"a": {}}, {"target": "$.a", "update": {"b": 1}, "description": "why", "x-mine": 1}, {"a": {"b": 1}}),
    ],
)
def test_an_action_does_what_the_specification_says(
    document: dict[str, Any], action: dict[str, Any], result: dict[str, Any]
) -> None:
    assert overlaid(document, action) == result


@pytest.mark.parametrize(
    ("document", "action", "complaint"),
    [
        ({"a": {}}, {"target": "$.b", "update": {}}, "matches nothing"),
        ({"a": []}, {"target": "$.a[*]", "remove": True}, "matches nothing"),
        ({"a": 1}, {"target": "$.a", "update": {"b": 1}}, "neither object nor array"),
        ({"a": None}, {"target": "$.a", "update": {"b": 1}}, "neither object nor array"),
        ({"a": "text"}, {"target": "$.a", "remove": True}, "neither object nor array"),
        ({"a": {}}, {"target": "$", "remove": True}, "cannot be removed"),
        ({"a": {}}, {"target": "$.a", "remove": False}, "neither updates nor removes"),
        ({"a": {}}, {"target": "$.a"}, "neither updates nor removes"),
        ({"a": {}}, {"target": "$.a", "remove": "false"}, "true or false"),
        ({"a": {}}, {"target": "$.a", "update": 1}, "by an object alone"),
        ({"a": {}}, {"target": "$.a", "update": [1]}, "by an object alone"),
        ({"a": {"b": {}}}, {"target": "$.a", "update": {"b": 1}}, "cannot be merged"),
        ({"a": {"b": 1}}, {"target": "$.a", "update": {"b": [1]}}, "cannot be merged"),
        ({"a": {}}, {"target": "$.a", "updates": {"b": 1}}, "unknown keys"),
        ({"a": {}}, {"target": "a", "update": {}}, "no JSONPath"),
        ({"a": {}}, {"update": {}}, "must be a JSONPath"),
    ],
)
def test_an_action_that_does_not_fit_is_refused(
    document: dict[str, Any], action: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(OverlayError, match=complaint):
        overlaid(document, action)


@pytest.mark.parametrize(
    ("overlay", "complaint"),
    [
        ({"overlay": "1.0.0", "info": INFO}, "actions"),
        ({"overlay": "1.0.0", "info": INFO, "actions": []}, "actions"),
        ({"overlay": "1.0.0", "info": INFO, "actions": ["$"]}, "actions"),
        ({"overlay": "1.0.0", "actions": [{}]}, "info"),
        ({"overlay": "1.0.0", "info": {"title": "no version"}, "actions": [{}]}, "info"),
        ({"overlay": "2.0.0", "info": INFO, "actions": [{}]}, "2.0.0"),
        ({"info": INFO, "actions": [{}]}, "None"),
        ({"overlay": "1.0.0", "info": INFO, "actions": [{}], "action": []}, "unknown keys"),
    ],
)
def test_an_overlay_that_is_not_well_formed_is_refused(overlay: dict[str, Any], complaint: str) -> None:
    with pytest.raises(OverlayError, match=complaint):
        apply(overlay, {})


def test_actions_are_applied_in_turn_and_the_document_given_is_left_alone() -> None:
    published: dict[str, Any] = {"a": {"tags": ["x"]}}
    first = {"target": "$.a", "update": {"b": {}}}
    second = {"target": "$.a.b", "update": {"c": 1}}
    assert overlaid(published, first, second) == {"a": {"tags": ["x"], "b": {"c": 1}}}
    assert published == {"a": {"tags": ["x"]}}


def test_an_error_names_the_action() -> None:
    with pytest.raises(OverlayError, match=r"action 1 \(\$\.b\)"):
        overlaid({"a": {}}, {"target": "$.a", "update": {"c": 1}}, {"target": "$.b", "update": {}})
