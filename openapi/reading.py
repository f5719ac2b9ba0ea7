"""Reads an OpenAPI document from YAML, JSON or the published page's Markdown. Resolves nothing, judges nothing.

YAML is read by JSON's rules, as OpenAPI asks: `on` and `no` are words, a date is a text, every key is a text, and a key
that stands twice is a fault rather than the loss of the first.
"""

import json
import re
from collections.abc import Hashable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

MOST_BYTES = 8 * 2**20
MOST_NODES = 1_000_000  # anchors can make billions of a few lines
DEEPEST = 100

_FENCE = re.compile(r"^( {0,3})(`{3,}|~{3,})[^\n]*\n(.*?)^ {0,3}\2[`~]*[ \t]*$", re.MULTILINE | re.DOTALL)
_OPENING = re.compile(r"^ {0,3}(?:`{3,}|~{3,})", re.MULTILINE)
_HTML = re.compile(r"\s*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)


class UnreadableDocumentError(ValueError):
    """There is no document here, or not one that can be understood whole: why, in one line."""

    def __init__(self, reason: str) -> None:
        super().__init__(" ".join(reason.split()))


def read_document(path: Path) -> dict[str, Any]:
    """The document in the file; raises UnreadableDocumentError, with a line for the user, where there is none."""
    text = _text(path)
    if _HTML.match(text):
        raise UnreadableDocumentError(
            f"{path} is a page of HTML: save the page as Markdown (its address with .md), or the document itself"
        )
    found = [_parsed(each, path) for each in _candidates(text)]
    documents = [each for each in found if isinstance(each, Mapping) and "openapi" in each]
    if any(each != documents[0] for each in documents):  # one page may show one document as YAML and as JSON
        raise UnreadableDocumentError(
            f"{path} holds {len(documents)} OpenAPI documents, and not the same: which is meant?"
        )
    if not documents:
        raise UnreadableDocumentError(f"{path} is no OpenAPI document: {_why(found, text)}")
    document = dict(documents[0])
    if not re.fullmatch(r"3(\.\d+)*", str(document["openapi"])):
        raise UnreadableDocumentError(f"{path} is of OpenAPI {document['openapi']}, and only OpenAPI 3 can be compared")
    _check_size(document, path)
    return document


def _why(found: list[Any], text: str) -> str:
    """Why none was found."""
    old = next((each["swagger"] for each in found if isinstance(each, Mapping) and "swagger" in each), None)
    if old is not None:
        return f"it is of Swagger {old}, and only OpenAPI 3 can be compared"
    if _OPENING.search(_FENCE.sub("", text)):
        return "a fence in it is not closed, so the page is cut short"
    return "it has no `openapi`" if found else "none of its fences holds one"


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise UnreadableDocumentError(f"{path} cannot be read: it has more than {MOST_BYTES >> 20} MiB")
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise UnreadableDocumentError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise UnreadableDocumentError(f"{path} cannot be read: it is not UTF-8 at byte {error.start}") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _candidates(text: str) -> list[str]:
    """What may be the document: of a page the fences that speak of OpenAPI, of anything else the whole."""
    fences = [re.sub(f"(?m)^{fence[1]}", "", fence[3]) for fence in _FENCE.finditer(text)]
    of_openapi = [each for each in fences if re.search(r"\b(openapi|swagger)\b", each)]
    return of_openapi if _OPENING.search(text) else [text]


def _parsed(text: str, path: Path) -> Any:
    try:
        try:
            return json.loads(text, object_pairs_hook=_once)
        except json.JSONDecodeError:
            return yaml.load(text, Loader=_Loader)  # noqa: S506 — a SafeLoader
    except RecursionError:
        raise UnreadableDocumentError(f"{path} is nested too deeply to be read") from None
    except yaml.YAMLError as error:
        raise UnreadableDocumentError(
            f"{path} is neither YAML, nor JSON, nor a page that holds it: {_briefly(error)}"
        ) from None
    except ValueError as error:
        raise UnreadableDocumentError(f"{path} cannot be understood: {error}") from None


def _briefly(error: yaml.YAMLError) -> str:
    problem, mark = getattr(error, "problem", None), getattr(error, "problem_mark", None)
    return f"{problem}, line {mark.line + 1} of it" if problem and mark else str(error)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for key, value in pairs:
        if key in read:
            raise ValueError(f"the key {key!r} stands twice in one object")
        read[key] = value
    return read


class _Loader(yaml.SafeLoader):
    """JSON's types for YAML's plain words. Not the loader in C: that one crashes on deep nesting."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        own = [self.construct_object(key, deep=True) for key, _ in node.value if key.tag != _MERGE]
        _once([(_key(key), None) for key in own])
        self.flatten_mapping(node)
        read = super().construct_mapping(node, deep=deep)
        return {_key(key): value for key, value in read.items()}


def _key(key: object) -> str:
    """JSON's spelling: 200 is "200", true is "true"."""
    return json.dumps(key) if isinstance(key, bool) or key is None else str(key)


_Loader.yaml_implicit_resolvers = {}
_MERGE = "tag:yaml.org,2002:merge"
for _tag, _pattern, _first in (
    (_MERGE, r"<<", "<"),
    ("tag:yaml.org,2002:null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("tag:yaml.org,2002:bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("tag:yaml.org,2002:int", r"[-+]?(?:0|[1-9][0-9]*)", "-+0123456789"),
    (
        "tag:yaml.org,2002:float",
        r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?",
        "-+.0123456789",
    ),
):
    _Loader.add_implicit_resolver(_tag, re.compile(f"(?:{_pattern})$"), list(_first))


def _check_size(document: Mapping[str, Any], path: Path) -> None:
    """Without recursion, and counting what anchors repeat as often as it is repeated."""
    waiting: list[tuple[Any, int]] = [(document, 0)]
    for _ in range(MOST_NODES):
        if not waiting:
            return
        value, depth = waiting.pop()
        if depth > DEEPEST:
            raise UnreadableDocumentError(f"{path} is nested more than {DEEPEST} deep")
        waiting.extend((item, depth + 1) for item in _items(value))
    raise UnreadableDocumentError(f"{path} has more than {MOST_NODES:,} values once its anchors are written out")


def _items(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        yield from value.values()
    elif isinstance(value, list):
        yield from value
