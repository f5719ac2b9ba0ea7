"""Drift: each kind of edit of the document, and whether it breaks those who were written by the older one."""

import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from openapi.document import OPERATION_PATH, PUBLISHED_FILE, load_document
from openapi.drift import ADDITION, BREAKING, ROWS, WORDING, Judgement, compare, lost_quotes, main, row_for
from openapi.edits import Change, edits
from openapi.ledger import LEDGER
from openapi.reading import UnreadableDocumentError, read_document, resolve

PUBLISHED = resolve(load_document().published)
REMOVED = object()


POST = ("paths", OPERATION_PATH, "post")
BODY = (*POST, "requestBody", "content", "application/json", "schema")
RECORD = (*BODY, "properties", "inventories", "items")
ANSWER = (*POST, "responses", "200", "content", "application/json", "schema")
RESULT = (*ANSWER, "properties", "results", "items")
REFUSAL = (*POST, "responses", "422", "content", "application/json", "schema")
STATUSES = (*RESULT, "properties", "status", "enum")


def edited(*changes: tuple[tuple[str, ...], Any], old: Mapping[str, Any] = PUBLISHED) -> dict[str, Any]:
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


# One edit of the published document: where, what stands there afterwards, how it is judged.
EDITS: list[tuple[tuple[str, ...], Any, Judgement]] = [
    # wording
    (("openapi",), "3.0.4", WORDING),
    (("info", "version"), "1.0.1", WORDING),
    (("info", "x-logo"), {"url": "…"}, WORDING),
    (("x-generator",), "…", WORDING),
    (("tags",), [{"name": "Products"}], WORDING),
    (("externalDocs",), {"url": "…"}, WORDING),
    ((*POST, "tags"), ["Stock"], WORDING),
    ((*POST, "operationId"), "anotherName", WORDING),
    ((*POST, "deprecated"), True, WORDING),
    ((*POST, "responses", "422", "description"), "Empty inventory data, or other faults", WORDING),
    ((*RECORD, "properties", "sku", "description"), "The SKU", WORDING),
    ((*RECORD, "properties", "sku", "example"), "sku-9", WORDING),
    ((*RECORD, "properties", "sku", "example"), {"a": {"b": 1}}, WORDING),
    ((*RECORD, "title"), "Inventory", WORDING),
    ((*POST, "x-codeSamples"), [{"lang": "curl"}], WORDING),
    (("components", "schemas"), {"Unused": {"type": "object"}}, WORDING),
    # additions to the API
    (("paths", "/api/platform/v1/clients"), {"get": {}}, ADDITION),
    (("paths", OPERATION_PATH, "get"), {"responses": {}}, ADDITION),
    (("servers",), [*PUBLISHED["servers"], {"url": "https://eu.example"}], ADDITION),
    (("components", "securitySchemes", "OAuth"), {"type": "oauth2"}, ADDITION),
    # requests
    ((*RECORD, "properties", "note"), {"type": "string"}, ADDITION),
    ((*RECORD, "properties", "description"), {"type": "string"}, ADDITION),  # a property's name, not the keyword
    ((*RECORD, "properties", "sku"), REMOVED, BREAKING),
    ((*RECORD, "required"), ["product_ref", "sku", "quantity", "store_ref"], ADDITION),
    ((*RECORD, "required"), ["product_ref", "sku", "quantity", "store_ref", "at", "note"], BREAKING),
    ((*RECORD, "properties", "quantity", "type"), "number", ADDITION),
    ((*RECORD, "properties", "quantity", "type"), ["integer", "null"], ADDITION),
    ((*RECORD, "properties", "quantity", "nullable"), True, ADDITION),
    ((*RECORD, "properties", "quantity", "type"), "string", BREAKING),
    ((*RECORD, "properties", "quantity", "type"), REMOVED, ADDITION),
    ((*RECORD, "properties", "quantity", "minimum"), 0, BREAKING),
    ((*RECORD, "properties", "quantity", "maximum"), 10**6, BREAKING),
    ((*RECORD, "properties", "quantity", "maximum"), "many", BREAKING),  # not to be compared
    ((*RECORD, "properties", "sku", "maxLength"), 64, BREAKING),
    ((*RECORD, "properties", "sku", "minLength"), 1, BREAKING),
    ((*RECORD, "properties", "sku", "pattern"), "^[a-z]+$", BREAKING),
    ((*RECORD, "properties", "at", "format"), "date-time", BREAKING),
    ((*RECORD, "properties", "sku", "enum"), ["a"], BREAKING),
    ((*RECORD, "properties", "sku", "default"), "a", BREAKING),  # no row knows it
    ((*RECORD, "additionalProperties"), False, BREAKING),
    ((*RECORD, "oneOf"), [{}], BREAKING),
    ((*BODY, "properties", "inventories", "minItems"), 1, BREAKING),
    ((*BODY, "properties", "inventories", "maxItems"), 1000, BREAKING),
    ((*BODY, "properties", "inventories", "uniqueItems"), True, BREAKING),
    ((*BODY, "properties", "inventories", "items"), REMOVED, BREAKING),
    ((*BODY, "properties", "dry_run"), {"type": "boolean"}, ADDITION),
    ((*POST, "requestBody", "required"), True, BREAKING),
    ((*POST, "requestBody", "content", "text/csv"), {}, ADDITION),
    ((*POST, "requestBody", "content", "application/json"), REMOVED, BREAKING),
    ((*POST, "parameters"), [{"in": "query", "name": "dry_run"}], ADDITION),
    ((*POST, "parameters"), [{"in": "header", "name": "Idempotency-Key", "required": True}], BREAKING),
    (("paths", OPERATION_PATH, "parameters"), [{"in": "query", "name": "shop", "required": True}], BREAKING),
    # answers
    ((*RESULT, "properties", "sku"), {"type": "string"}, ADDITION),
    ((*RESULT, "properties", "requestBody"), {"type": "string"}, ADDITION),
    ((*RESULT, "properties", "message"), REMOVED, BREAKING),
    ((*RESULT, "properties", "message", "nullable"), True, BREAKING),
    ((*RESULT, "properties", "index", "type"), "number", BREAKING),
    ((*RESULT, "properties", "index", "type"), "string", BREAKING),
    ((*RESULT, "properties", "index", "minimum"), 0, ADDITION),
    ((*RESULT, "required"), ["index", "status", "message"], ADDITION),
    ((*RESULT, "required"), ["index"], BREAKING),
    (STATUSES, ["ok", "error", "warning"], ADDITION),
    (REFUSAL, {"type": "object", "required": ["errors"], "properties": {"errors": {}}}, ADDITION),
    ((*POST, "responses", "200", "headers"), {"X-RateLimit-Limit": {"schema": {}}}, ADDITION),
    ((*POST, "responses", "200", "content", "application/xml"), {}, BREAKING),
    ((*POST, "responses", "200", "content", "application/json"), REMOVED, BREAKING),
    ((*POST, "responses", "429"), {"description": "Throttle Limit reached."}, ADDITION),
    ((*POST, "responses", "202"), {"description": "Accepted"}, BREAKING),
    ((*POST, "responses", "default"), {"description": "Else"}, BREAKING),
    ((*POST, "responses", "200"), REMOVED, BREAKING),
    # the rest
    ((*POST, "security"), [], BREAKING),
    (("security",), [{"OAuth": []}], BREAKING),
    (("components", "securitySchemes", "BearerAuth", "scheme"), "basic", BREAKING),
    (("components", "securitySchemes", "BearerAuth"), REMOVED, BREAKING),
    (("servers",), [{"url": "https://api2.bspk.com"}], BREAKING),
    ((*POST, "callbacks"), {"done": {}}, BREAKING),
    (("unheard-of",), 1, BREAKING),
]


@pytest.mark.parametrize(
    ("place", "value", "judgement"), EDITS, ids=lambda value: "removed" if value is REMOVED else str(value)[-40:]
)
def test_an_edit_is_judged(place: tuple[str, ...], value: Any, judgement: Judgement) -> None:
    judgements = {row_for(edit).judgement for edit in edits(PUBLISHED, edited((place, value)))}
    assert min(judgements, key=list(Judgement).index) is judgement  # the worst of what one edit amounts to


@pytest.mark.parametrize(
    ("before", "after", "judgement"),
    [
        # an answer that allowed three words
        ((STATUSES, ["ok", "error", "warning"]), (STATUSES, ["ok", "error"]), ADDITION),
        ((STATUSES, ["ok", "error", "warning"]), (STATUSES, ["warning", "ok", "error"]), None),
        ((STATUSES, ["ok", "error", "warning"]), (STATUSES, ["ok", "error", "warning", "stale"]), BREAKING),
        ((STATUSES, ["ok", "error", "warning"]), (STATUSES, ["OK", "error", "warning"]), BREAKING),
        ((STATUSES, ["ok", "error", "warning"]), (STATUSES, REMOVED), BREAKING),
        # a request that had a bound
        (((*BODY, "maxProperties"), 5), ((*BODY, "maxProperties"), 9), ADDITION),
        (((*BODY, "maxProperties"), 5), ((*BODY, "maxProperties"), 3), BREAKING),
        (((*BODY, "minProperties"), 5), ((*BODY, "minProperties"), 3), ADDITION),
        (((*BODY, "additionalProperties"), False), ((*BODY, "additionalProperties"), True), ADDITION),
        (((*BODY, "additionalProperties"), {"type": "string"}), ((*BODY, "additionalProperties"), {}), ADDITION),
        (((*BODY, "additionalProperties"), {"a": 1}), ((*BODY, "additionalProperties"), {"a": 2}), BREAKING),
        (((*RECORD, "pattern"), "a"), ((*RECORD, "pattern"), REMOVED), ADDITION),
        (((*RECORD, "pattern"), "a"), ((*RECORD, "pattern"), "b"), BREAKING),
    ],
)
def test_a_limit_that_moves_is_judged_by_its_direction(
    before: tuple[tuple[str, ...], Any], after: tuple[tuple[str, ...], Any], judgement: Judgement | None
) -> None:
    old = edited(before)
    found = [row_for(edit).judgement for edit in edits(old, edited(after, old=old))]
    assert found == ([judgement] if judgement else [])


def test_every_row_decides_on_an_edit_of_the_table() -> None:
    new = [edited((place, value)) for place, value, _ in EDITS]
    widened = edited((STATUSES, ["ok"])), PUBLISHED
    pairs = [*((PUBLISHED, document) for document in new), widened]
    deciding = {row_for(edit) for old, document in pairs for edit in edits(old, document)}
    assert [row for row in ROWS if row not in deciding] == []


def test_an_edit_that_no_row_knows_is_breaking() -> None:
    (edit,) = edits(PUBLISHED, edited((("unheard-of",), 1)))
    assert (edit.change, row_for(edit).judgement) == (Change.ADDED, BREAKING)
    assert row_for(edit) not in ROWS


@pytest.mark.parametrize(
    ("replace", "by", "lost"),
    [
        ("an HTTP 401", "an HTTP 403", ["AUTH-1"]),
        ("(per 10 seconds)", "(per minute)", ["RATE-1"]),
        ("BSPK API support", "BSPK support", []),
        ("### Error Codes", "### Codes", ["ERR-1"]),
    ],
)
def test_a_promise_whose_sentence_is_gone_is_named(replace: str, by: str, lost: list[str]) -> None:
    prose = " ".join(PUBLISHED["info"]["description"].split())
    new = edited((("info", "description"), prose.replace(replace, by)))
    assert lost_quotes(PUBLISHED, new) == lost
    assert [line for judgement, line in compare(PUBLISHED, new) if judgement is BREAKING and "quotes" in line] == [
        f"{promise}: the sentence that it quotes no longer stands" for promise in lost
    ]


def test_prose_holds_the_quotes_that_are_not_of_a_schema() -> None:
    nothing: dict[str, Any] = {}
    of_a_schema = {promise.id for promise in LEDGER} - set(lost_quotes(PUBLISHED, nothing))
    assert of_a_schema == {"RES-1", "UPS-3", "FMT-1"}


def with_references(document: dict[str, Any]) -> dict[str, Any]:
    record: Any = document
    for key in RECORD:
        record = record[key]
    new = edited((("components", "schemas", "a/b"), record), old=document)
    return edited((RECORD, {"$ref": "#/components/schemas/a~1b"}), old=new)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("new.yaml", yaml.safe_dump),
        ("new.json", json.dumps),
        ("new.md", lambda document: f"# Page\n\n````yaml /x.json post /y\n{yaml.safe_dump(document)}\n````\nmore"),
        ("new.md", lambda document: f"```json\n{json.dumps(document, indent=1)}\n```\n"),
        ("new.yaml", lambda document: yaml.safe_dump(document).replace("'200'", "200")),
        ("new.yaml", lambda document: yaml.safe_dump(with_references(document))),
    ],
    ids=["yaml", "json", "page", "page with json", "numbers as keys", "references"],
)
def test_the_same_document_in_another_dress_is_no_difference(
    name: str, write: Callable[[Any], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_text(write(deepcopy(PUBLISHED)), encoding="utf-8")
    assert main([str(tmp_path / name)]) == 0
    assert "breaking" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        (((*RECORD, "properties", "note"), {"type": "string"}), 0, "addition "),
        (((*POST, "operationId"), "other"), 0, "wording "),
        (((*RECORD, "properties", "sku"), REMOVED), 1, "breaking "),
    ],
)
def test_the_exit_code_says_whether_it_breaks(
    change: Any, code: int, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "new.yaml"
    file.write_text(yaml.safe_dump(edited(change)), encoding="utf-8")
    assert main([str(file)]) == code
    assert says in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (None, "cannot be read"),
        ("", "no OpenAPI document"),
        ("# A page without the document", "no OpenAPI document"),
        ("{", "neither YAML"),
        ("openapi: 3.0.3\npaths: {}\n", "has no POST"),
        ("openapi: 3.0.3\npaths: []\n", "has no POST"),
        ("openapi: 3.0.3\nx: {$ref: '#/gone'}\n", "points to nothing"),
        ("openapi: 3.0.3\nx: {$ref: 'other.yaml'}\n", "outside of the document"),
    ],
)
def test_what_cannot_be_compared_is_said_and_never_clean(
    text: str | None, complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "new.yaml"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    assert main([str(file)]) == 4
    assert complaint in capsys.readouterr().err


def test_a_schema_that_holds_itself_can_be_read(tmp_path: Path) -> None:
    tree = {"type": "object", "properties": {"child": {"$ref": "#/components/schemas/Tree"}}}
    file = tmp_path / "new.yaml"
    file.write_text(yaml.safe_dump(edited((("components", "schemas", "Tree"), tree))), encoding="utf-8")
    assert read_document(file)["components"]["schemas"]["Tree"]["properties"]["child"]["type"] == "object"


def test_the_vendored_file_is_no_different_from_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(PUBLISHED_FILE)]) == 0
    assert capsys.readouterr().out == "no difference\n"


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "new.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UnreadableDocumentError, match="cannot be read"):
        read_document(tmp_path / "new.yaml")
