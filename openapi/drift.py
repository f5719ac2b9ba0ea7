"""Is a newer document breaking? `python -m openapi.drift NEW`: every edit, judged by the document's own sentence.

"BSPK reserves the right to add more properties to objects, but will never change or remove them." So narrowing a
request or widening an answer is breaking; an edit that no row knows is breaking, never clean. NEW is YAML, JSON or the
page's Markdown. Exit 0: nothing, additions or wording; 1: breaking; 4: the two could not be compared.
"""

import argparse
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from openapi.document import OPERATION_PATH, load_document
from openapi.edits import Change, Edit, edits
from openapi.ledger import LEDGER
from openapi.reading import UnreadableDocumentError, read_document, resolve


class Judgement(StrEnum):
    """What an edit does to a client that was written by the older document."""

    BREAKING = "breaking"
    ADDITION = "addition"  # more is allowed, offered or promised than before
    WORDING = "wording"  # nothing that goes over the wire


BREAKING, ADDITION, WORDING = Judgement


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of edit. In `path`, `[*]` is any one name and `**` anything; `change` None is any change."""

    path: str
    change: Change | None
    judgement: Judgement
    why: str

    def fits(self, edit: Edit) -> bool:
        """Whether the edit is of this kind."""
        pattern = self.path.translate({ord("."): r"\.", ord("["): r"\[", ord("]"): r"\]"})
        pattern = pattern.replace("**", "<any>").replace("*", r"[^\]]*").replace("<any>", ".*")
        return self.change in (None, edit.change) and re.fullmatch(pattern, edit.path) is not None


_OPERATION = "paths[*].(get|put|post|delete|options|head|patch|trace)"
_REQUEST = f"({_OPERATION}|paths[*]).(requestBody|parameters[*])"
_ANSWER = f"{_OPERATION}.responses[*]"

# The first row that fits decides.
ROWS: tuple[Row, ...] = (
    Row("openapi|tags|(info|externalDocs|**.externalDocs)(|.**)", None, WORDING, "it tells of the document"),
    Row("**.(description|summary|title|tags|operationId|deprecated)", None, WORDING, "nothing of it is sent"),
    Row("(**.(example|examples)|x-*|**.x-*)(|.**|[**)", None, WORDING, "it illustrates"),
    Row("components.(schemas|responses|parameters|requestBodies|headers)**", None, WORDING, "judged where it is used"),
    Row(f"paths[*]|{_OPERATION}", Change.ADDED, ADDITION, "another operation"),
    Row("servers[*]", Change.ADDED, ADDITION, "another server"),
    Row("components.securitySchemes[*]", Change.ADDED, ADDITION, "another way in"),
    Row(f"{_REQUEST}**.properties[*]", Change.ADDED, ADDITION, "more properties may be added to objects"),
    Row(f"{_OPERATION}.requestBody.content[*]", Change.ADDED, ADDITION, "another body is taken"),
    Row(_REQUEST, Change.ADDED, ADDITION, "a parameter that may be left out"),
    Row(f"{_REQUEST}**", Change.WIDENED, ADDITION, "more requests are taken"),
    Row(f"{_REQUEST}**", Change.NARROWED, BREAKING, "requests that were taken are refused"),
    Row(f"{_ANSWER}**.properties[*]", Change.ADDED, ADDITION, "more properties may be added to objects"),
    Row(f"{_ANSWER}.headers[*]", Change.ADDED, ADDITION, "another header"),
    Row(
        f"{_OPERATION}.responses[(400|401|404|422|429|500)]", Change.ADDED, ADDITION, "the Error Codes name it already"
    ),
    Row(_ANSWER, Change.ADDED, BREAKING, "a status for which no client has a branch"),
    Row(f"{_ANSWER}.content[*]", Change.ADDED, BREAKING, "an answer that no client reads"),
    Row(f"{_ANSWER}**", Change.NARROWED, ADDITION, "more is promised of the answer"),
    Row(f"{_ANSWER}**", Change.WIDENED, BREAKING, "answers that no client expects"),
    Row("**.properties[*]", Change.REMOVED, BREAKING, "properties are never removed"),
    Row("**", Change.REMOVED, BREAKING, "what clients rely on is gone"),
    Row("(|**.)security", None, BREAKING, "who is let in changes"),
)
_UNKNOWN = Row("**", None, BREAKING, "no row knows this kind of edit")


def row_for(edit: Edit) -> Row:
    """The row that decides on an edit; breaking where none knows its kind."""
    return next((row for row in ROWS if row.fits(edit)), _UNKNOWN)


def lost_quotes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """The promises whose sentence stood in the older document's prose and does not in the newer's.

    Quotes of a schema are not looked for: their edits are judged one by one.
    """
    before, after = (" ".join(" ".join(_texts(document)).split()) for document in (old, new))
    return [promise.id for promise in LEDGER if promise.quote in before and promise.quote not in after]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(item)


def compare(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[tuple[Judgement, str]]:
    """Each edit from old to new, references resolved, as a judgement and a line; the breaking ones first."""
    found = [(row_for(edit), edit) for edit in edits(old, new)]
    lines = [
        (row.judgement, f"{edit.path}: {edit.change}, {row.why} ({_short(edit.old)} -> {_short(edit.new)})")
        for row, edit in found
    ]
    lines += [(BREAKING, f"{lost}: the sentence that it quotes no longer stands") for lost in lost_quotes(old, new)]
    return sorted(lines, key=lambda line: list(Judgement).index(line[0]))


def _short(value: object) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."


def main(arguments: list[str] | None = None) -> int:
    """Print every edit with its judgement; the exit code is in the module's docstring."""
    parser = argparse.ArgumentParser(prog="python -m openapi.drift", description="Is a newer document breaking?")
    parser.add_argument("new", type=Path, help="the newer document: YAML, JSON or the published page's Markdown")
    path: Path = parser.parse_args(arguments).new
    try:
        new = read_document(path)
        _check_operation(new, path)
    except UnreadableDocumentError as error:
        print(f"cannot compare: {error}", file=sys.stderr)
        return 4
    lines = compare(resolve(load_document().published), new)
    for judgement, line in lines:
        print(f"{judgement:9} {line}")
    if not lines:
        print("no difference")
    return 1 if any(judgement is BREAKING for judgement, _ in lines) else 0


def _check_operation(document: Mapping[str, Any], path: Path) -> None:
    value: Any = document
    for key in ("paths", OPERATION_PATH, "post"):
        value = value.get(key) if isinstance(value, Mapping) else None
    if not isinstance(value, Mapping):
        raise UnreadableDocumentError(f"{path} has no POST {OPERATION_PATH}")


if __name__ == "__main__":
    sys.exit(main())
