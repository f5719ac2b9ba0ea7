"""Puts what each `$ref` points to in its place, below what is asked for: the rest of a document is nobody's matter.

A schema that holds itself is written out once and then left as a reference.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from openapi.reading import UnreadableDocumentError

MOST_NODES = 200_000  # a few references to references can make billions
_TELLS = {"summary", "description"}


class Resolver:
    """Of one document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._left = MOST_NODES

    def resolve(self, value: Any, under_way: tuple[str, ...] = ()) -> Any:
        """The value written out; raises UnreadableDocumentError for a reference that cannot be followed."""
        self._left -= 1
        if self._left < 0:
            raise UnreadableDocumentError(f"its references multiply to more than {MOST_NODES:,} values")
        if isinstance(value, list):
            return [self.resolve(item, under_way) for item in value]
        if not isinstance(value, Mapping):
            return value
        reference = value.get("$ref")
        if not isinstance(reference, str):
            return {str(key): self.resolve(item, under_way) for key, item in value.items()}
        if reference in under_way:
            return dict(value)
        target = self.resolve(self._target(reference), (*under_way, reference))
        beside = {key: self.resolve(item, under_way) for key, item in value.items() if key != "$ref"}
        if isinstance(target, Mapping) and all(key in _TELLS or key.startswith("x-") for key in beside):
            return {**target, **beside}
        # OpenAPI 3.0 ignores what stands beside a reference, 3.1 does not: an edit there is never clean.
        return beside | {"allOf": [target, *_listed(beside.get("allOf"))]} if beside else target

    def _target(self, reference: str) -> Any:
        if not reference.startswith("#/"):
            raise UnreadableDocumentError(f"{reference} is outside of the document")
        value: Any = self._document
        for part in reference.removeprefix("#/").split("/"):
            key = unquote(part).replace("~1", "/").replace("~0", "~")  # RFC 6901, sections 4 and 6
            if isinstance(value, list) and key.isdecimal() and int(key) < len(value):
                value = value[int(key)]
            elif isinstance(value, Mapping) and key in value:
                value = value[key]
            else:
                raise UnreadableDocumentError(f"{reference} points to nothing")
        return value


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
