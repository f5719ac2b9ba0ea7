"""Is a newer document breaking? `python -m openapi.drift NEW`: every edit, judged by the document's own sentence.

"BSPK reserves the right to add more properties to objects, but will never change or remove them." So narrowing a
request or widening an answer is breaking; an edit that no row knows is breaking, never clean. NEW is YAML, JSON or the
page's Markdown. Exit 0: nothing, additions or wording; 1: breaking; 4: the two could not be compared.
"""

import argparse
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, NoReturn

from openapi.document import OPERATION_PATH, PUBLISHED_FILE
from openapi.edits import METHODS, Edit, edits
from openapi.ledger import LEDGER
from openapi.places import counted, place, values
from openapi.prepared import prepared
from openapi.prose import stands, words
from openapi.reading import UnreadableDocumentError, read_document
from openapi.ways import Change


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
        pattern = pattern.replace("**", "<any>").replace("*", r"[^.\[\]]*").replace("<any>", ".*")
        return self.change in (None, edit.change) and re.fullmatch(pattern, _flat(edit.path)) is not None


def _flat(path: tuple[str, ...]) -> str:
    """The path in a row's notation; a point or a bracket in a name divides nothing."""
    parts = (re.sub(r"[.\[\]\s]", "_", part) for part in path)
    return "".join(
        f"[{part[1:-1]}]" if whole.startswith("[") else f".{part}" for part, whole in zip(parts, path, strict=True)
    ).removeprefix(".")


_OPERATION = f"paths[*].({'|'.join(METHODS)})"
_REQUEST = f"{_OPERATION}.(requestBody|parameters[*])"
_ANSWER = f"{_OPERATION}.responses[*]"

# The first row that fits decides.
ROWS: tuple[Row, ...] = (
    Row("info.version", Change.CHANGED, BREAKING, "breaking changes result in a major version, so this tells of some"),
    Row("info.(title|description|summary)", Change.REWORDED, WORDING, "no figure, name or duty in it changes"),
    Row("(info.(title|description|summary))", None, BREAKING, "a figure, a name or a duty in the prose changes"),
    Row("openapi|tags|(info|externalDocs|**.externalDocs)(|.**)", None, WORDING, "it tells of the document"),
    Row("(**.(example|examples|$comment)|x-*|**.x-*)(|.**)", None, WORDING, "it illustrates"),
    Row("**.(title|tags|operationId|links)|servers[*].description", None, WORDING, "nothing of it is sent"),
    Row("**.deprecated", None, WORDING, "it announces an end, and ends nothing yet"),
    Row("components.securitySchemes[*]", Change.ADDED, ADDITION, "another way in"),
    Row("components(|.**)|security", None, WORDING, "judged where it is used"),
    Row("**.(description|summary)", Change.REWORDED, WORDING, "no figure, name or duty in it changes"),
    Row("**.(description|summary)", None, BREAKING, "a figure, a name or a duty in the prose changes"),
    Row("**", Change.REWORDED, WORDING, "it says the same in another way"),
    Row(f"paths[*]|{_OPERATION}|webhooks[*]", Change.ADDED, ADDITION, "another operation"),
    Row("servers[*]", Change.ADDED, ADDITION, "another server"),
    Row(f"{_OPERATION}.security", Change.WIDENED, ADDITION, "another way in"),
    Row("**.security", None, BREAKING, "who is let in changes"),
    Row(f"{_REQUEST}**.properties[*]", Change.ADDED, ADDITION, "more properties may be added to objects"),
    Row(f"{_OPERATION}.requestBody.content[*]", Change.ADDED, ADDITION, "another body is taken"),
    Row(f"{_OPERATION}.parameters[*]", Change.ADDED, ADDITION, "a parameter that may be left out"),
    Row(f"{_REQUEST}**.writeOnly", None, WORDING, "only requests have it anyway"),
    Row(f"{_REQUEST}**.default", None, BREAKING, "what is left out means something else"),
    Row(f"{_REQUEST}**", Change.WIDENED, ADDITION, "more requests are taken"),
    Row(f"{_REQUEST}**", Change.NARROWED, BREAKING, "requests that were taken are refused"),
    Row(f"{_ANSWER}**.properties[*]", Change.ADDED, ADDITION, "more properties may be added to objects"),
    Row(f"{_ANSWER}**.additionalProperties", Change.WIDENED, ADDITION, "more properties may be added to objects"),
    Row(f"{_ANSWER}**.readOnly", None, WORDING, "only answers have it anyway"),
    Row(f"{_ANSWER}**.default", Change.ADDED, ADDITION, "more is promised of the answer"),
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
)
_UNKNOWN = Row("**", None, BREAKING, "not a kind of edit that is known to be harmless")


def row_for(edit: Edit) -> Row:
    """The row that decides on an edit; breaking where none knows its kind."""
    return next((row for row in ROWS if row.fits(edit)), _UNKNOWN)


def lost_quotes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """The promises whose sentence stood in the older document's prose and does not in the newer's, word by word.

    Quotes of a schema are not looked for: their edits are judged one by one. Nor does it help a sentence of this
    operation that another one has it.
    """
    before, after = (words(" ".join(_texts(_of_operation(document)))) for document in (old, new))
    return [promise.id for promise in LEDGER if stands(promise.quote, before) and not stands(promise.quote, after)]


def _of_operation(document: Mapping[str, Any]) -> list[Any]:
    paths = prepared(document).get("paths")
    return [document.get("info"), paths.get(OPERATION_PATH) if isinstance(paths, Mapping) else None]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(item)


def compare(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[tuple[Judgement, str]]:
    """Each edit from old to new as a judgement and its lines; the breaking ones first, then in the document's order."""
    lost = set(lost_quotes(old, new))
    told = [
        (BREAKING, f'{promise.id}\n    its sentence no longer stands: "{promise.quote}"')
        for promise in LEDGER
        if promise.id in lost
    ]
    others = []
    for edit in edits(old, new):
        row = row_for(edit)
        if row.judgement is ADDITION and edit.path[:1] == ("paths",) and len(edit.path) == 2:
            others.append(edit.path[1][1:-1])
            continue
        told.append((row.judgement, f"{place(edit.path)}\n    {edit.change}: {row.why}{values(edit)}"))
    if others:
        told.append((ADDITION, f"paths\n    added: {counted(others, 'another path', 'other paths')}"))
    return sorted(told, key=lambda line: list(Judgement).index(line[0]))


_NEXT = {
    BREAKING: "Next: ask the API's owner, or change what relies on it; openapi/ORIGIN.md says how to take the newer "
    "document over.",
    ADDITION: "Next: openapi/ORIGIN.md says how to take the newer document over.",
    WORDING: "Next: read it, since no program knows what a sentence means; openapi/ORIGIN.md says how to take the "
    "newer document over.",
}  # fmt: skip


def report(told: list[tuple[Judgement, str]]) -> str:
    """What a person reads: each kind under its name, then how many of each and what to do."""
    if not told:
        return "no difference"
    groups = {judgement: [text for each, text in told if each is judgement] for judgement in Judgement}
    lines = [f"{judgement} {text}" for judgement, texts in groups.items() for text in texts]
    counts = ", ".join(f"{len(texts)} {judgement}" for judgement, texts in groups.items())
    return "\n".join([*lines, "", counts, _NEXT[told[0][0]]])


class _Parser(argparse.ArgumentParser):
    """A mistake in the command is one more reason why nothing could be compared."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(4, f"cannot compare: {message}\n")


def main(arguments: list[str] | None = None) -> int:
    """Print every edit with its judgement; the exit code is in the module's docstring."""
    about, _, codes = (__doc__ or "").partition("Exit")
    parser = _Parser(prog="python -m openapi.drift", description=about, epilog=f"Exit{codes}")
    parser.add_argument("new", type=Path, metavar="NEW", help="the newer document, or the page that holds it")
    path: Path = parser.parse_args(arguments).new
    try:
        new = read_document(path)
        _check_operation(new, path)
        told = compare(read_document(PUBLISHED_FILE), new)
    except UnreadableDocumentError as error:
        _print(f"cannot compare: {error}", sys.stderr)
        return 4
    except RecursionError:
        _print(f"cannot compare: {path} is nested too deeply once its references are written out", sys.stderr)
        return 4
    _print(report(told), sys.stdout)
    return 1 if any(judgement is BREAKING for judgement, _ in told) else 0


def _print(text: str, stream: Any) -> None:
    """With what the stream cannot spell as escapes: a document must not decide how this ends."""
    encoding = stream.encoding or "utf-8"
    with suppress(BrokenPipeError):  # whoever reads has seen enough
        print(text.encode(encoding, "backslashreplace").decode(encoding), file=stream, flush=True)


def _check_operation(document: Mapping[str, Any], path: Path) -> None:
    """A document that knows nothing of the operation, by path or by name, is another one rather than a newer one."""
    paths = document.get("paths")
    items = paths if isinstance(paths, Mapping) else {}
    named = [each for item in items.values() if isinstance(item, Mapping) for each in item.values()]
    same = any(isinstance(each, Mapping) and each.get("operationId") == "productInventoryBatchUpdate" for each in named)
    if OPERATION_PATH not in items and not same:
        raise UnreadableDocumentError(f"{path} has no POST {OPERATION_PATH}")


if __name__ == "__main__":
    sys.exit(main())
