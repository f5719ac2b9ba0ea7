"""Reads an OpenAPI document from YAML, JSON or the published page's Markdown, with every reference resolved."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

_FENCE = re.compile(r"^(`{3,})(?:ya?ml|json)\b[^\n]*\n(.*?)^\1[ \t]*$", re.MULTILINE | re.DOTALL)


class UnreadableDocumentError(ValueError):
    """There is no document here, or not one that can be understood whole."""


def read_document(path: Path) -> dict[str, Any]:
    """The document in the file; raises UnreadableDocumentError, with a line for the user, where there is none."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableDocumentError(f"{path} cannot be read: {error}") from None
    fence = _FENCE.search(text)
    try:
        document = yaml.safe_load(fence[2] if fence else text)  # JSON is YAML
    except yaml.YAMLError as error:
        raise UnreadableDocumentError(f"{path} is neither YAML, nor JSON, nor a page that holds it: {error}") from None
    if not isinstance(document, Mapping) or "openapi" not in document:
        raise UnreadableDocumentError(f"{path} is no OpenAPI document: it has no `openapi`")
    return resolve(document)


def resolve(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with what each `$ref` points to in its place, and its keys as text (YAML reads 200 as a number)."""
    resolved: dict[str, Any] = _resolve(document, document, ())
    return resolved


def _resolve(value: Any, document: Mapping[str, Any], under_way: tuple[str, ...]) -> Any:
    if isinstance(value, list):
        return [_resolve(item, document, under_way) for item in value]
    if not isinstance(value, Mapping):
        return value
    reference = value.get("$ref")
    if isinstance(reference, str):
        if reference in under_way:
            return dict(value)  # a schema that holds itself: written out once, then left as a reference
        return _resolve(_target(reference, document), document, (*under_way, reference))
    return {str(key): _resolve(item, document, under_way) for key, item in value.items()}


def _target(reference: str, document: Mapping[str, Any]) -> Any:
    if not reference.startswith("#/"):
        raise UnreadableDocumentError(f"{reference} is outside of the document")
    value: Any = document
    for part in reference.removeprefix("#/").split("/"):
        key = part.replace("~1", "/").replace("~0", "~")  # RFC 6901, section 4
        if not isinstance(value, Mapping) or key not in value:
            raise UnreadableDocumentError(f"{reference} points to nothing")
        value = value[key]
    return value
