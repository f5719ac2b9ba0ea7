"""Applies an OpenAPI Overlay 1.0.0 strictly: what does not fit is an error. Knows no document of ours.

Nothing is passed over: neither a target without a match, nor a key that the specification does not know.

Source: https://spec.openapis.org/overlay/v1.0.0.html, with targets as of RFC 9535.
"""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import jsonpath_rfc9535 as jsonpath

_OVERLAY_KEYS = {"overlay", "info", "extends", "actions"}
_ACTION_KEYS = {"target", "description", "update", "remove"}


class OverlayError(ValueError):
    """The overlay is not well formed, or does not fit the document that it is applied to."""


def apply(overlay: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of the document with every action applied in turn; raises OverlayError where one does not fit."""
    _check_overlay(overlay)
    result: dict[str, Any] = deepcopy(dict(document))
    for number, action in enumerate(overlay["actions"]):
        try:
            _apply_action(action, result)
        except OverlayError as error:
            raise OverlayError(f"action {number} ({action.get('target')}): {error}") from None
    return result


def _check_overlay(overlay: Mapping[str, Any]) -> None:
    _refuse_unknown_keys(overlay, _OVERLAY_KEYS)
    if not str(overlay.get("overlay", "")).startswith("1.0."):
        raise OverlayError(f"this applies Overlay 1.0, not {overlay.get('overlay')!r}")
    if not isinstance(overlay.get("info"), Mapping) or not {"title", "version"} <= overlay["info"].keys():
        raise OverlayError("info must be an object with title and version")
    actions = overlay.get("actions")
    if not isinstance(actions, list) or not actions or not all(isinstance(action, Mapping) for action in actions):
        raise OverlayError("actions must be a non-empty array of objects")


def _refuse_unknown_keys(value: Mapping[str, Any], known: set[str]) -> None:
    unknown = sorted(key for key in value.keys() - known if not str(key).startswith("x-"))
    if unknown:
        raise OverlayError(f"unknown keys {unknown}")


def _apply_action(action: Mapping[str, Any], document: dict[str, Any]) -> None:
    _refuse_unknown_keys(action, _ACTION_KEYS)
    remove = action.get("remove", False)
    if not isinstance(remove, bool):
        raise OverlayError(f"remove must be true or false, not {remove!r}")
    nodes = _select(action.get("target"), document)
    # "This field has no impact if the remove field of this action object is true."
    if remove:
        _remove(nodes, document)
    elif "update" not in action:
        raise OverlayError("it neither updates nor removes anything")
    else:
        for node in nodes:
            _update(node.value, action["update"])


def _select(target: object, document: dict[str, Any]) -> list[jsonpath.JSONPathNode]:
    """The nodes selected: "objects or arrays (not primitive types or null values)"; none at all is an error here."""
    if not isinstance(target, str):
        raise OverlayError("target must be a JSONPath expression")
    try:
        nodes = list(jsonpath.find(target, document))
    except jsonpath.JSONPathError as error:
        raise OverlayError(f"target is no JSONPath of RFC 9535: {error}") from None
    if not nodes:
        raise OverlayError("the target matches nothing")
    for node in nodes:
        if not isinstance(node.value, dict | list):
            raise OverlayError(f"the target selects {node.value!r}, which is neither object nor array")
    return nodes


def _remove(nodes: list[jsonpath.JSONPathNode], document: dict[str, Any]) -> None:
    # Last things first, so that neither an index nor a parent has moved when its turn comes.
    for location in sorted({node.location for node in nodes}, key=_document_order, reverse=True):
        if not location:
            raise OverlayError("the document itself cannot be removed")
        parent: Any = document
        for key in location[:-1]:
            parent = parent[key]
        del parent[location[-1]]


def _document_order(location: tuple[int | str, ...]) -> list[tuple[bool, int, str]]:
    return [(isinstance(key, str), key if isinstance(key, int) else 0, str(key)) for key in location]


def _update(value: Any, update: Any) -> None:
    # "If the target selects an array, the value of this field MUST be an entry to append to the array."
    if isinstance(value, list):
        value.append(deepcopy(update))
    elif isinstance(update, Mapping):
        _merge(value, update)
    else:
        raise OverlayError(f"an object can be updated by an object alone, not by {update!r}")


def _merge(value: dict[str, Any], update: Mapping[str, Any]) -> None:
    for key, new in update.items():
        old = value.get(key)
        if isinstance(old, dict) and isinstance(new, Mapping):
            _merge(old, new)
        elif isinstance(old, list) and isinstance(new, list):
            old.extend(deepcopy(new))
        elif key in value and (isinstance(old, dict | list) or isinstance(new, dict | list)):
            raise OverlayError(f"{key!r}: {old!r} and {new!r} cannot be merged")
        else:
            value[key] = deepcopy(new)
