"""Drift: each kind of edit of the published document, and whether it breaks those who were written by the older one."""

from typing import Any

import pytest

from openapi.document import OPERATION_PATH
from openapi.drift import ADDITION, BREAKING, ROWS, WORDING, Judgement, row_for
from openapi.edits import edits
from openapi.ways import Change
from tests.editing import (
    ANSWERS,
    BODY,
    ITEM,
    MESSAGE,
    POST,
    PUBLISHED,
    QUANTITY,
    RECORD,
    REFUSAL,
    REMOVED,
    RESULT,
    SKU,
    STATUS,
    Place,
    at,
    edited,
    worst,
)  # fmt: skip

BEARER = ("components", "securitySchemes", "BearerAuth")
JSON_BODY = (*ANSWERS, "200", "content", "application/json")
OAUTH = {"type": "oauth2", "flows": {}}

# One edit of the published document: where, what stands there afterwards, how it is judged.
EDITS: list[tuple[Place, Any, Judgement]] = [
    # the document itself
    (("openapi",), "3.1.0", WORDING),
    (("info", "version"), "1.0.1", WORDING),
    (("info", "version"), "2.0.0", BREAKING),  # "Any breaking changes will result in a major API version update"
    (("info", "title"), "The Platform API V1", WORDING),
    (("info", "title"), "PLATFORM API V2", BREAKING),
    (("info", "contact"), REMOVED, WORDING),
    (("info", "x-logo"), {"url": "…"}, WORDING),
    (("info",), REMOVED, WORDING),  # the sentences of the ledger that went with it are looked for by themselves
    (("x-generator",), "…", WORDING),
    (("tags",), [{"name": "Products"}], WORDING),
    (("externalDocs",), {"url": "…"}, WORDING),
    (("components", "schemas"), {"Unused": {"type": "object"}}, WORDING),
    (("jsonSchemaDialect",), "https://example/dialect", BREAKING),
    (("unheard-of",), 1, BREAKING),
    # operations and servers
    (("paths", "/api/platform/v1/clients"), {"get": {"x": {"$ref": "elsewhere.yaml"}}}, ADDITION),
    (("webhooks",), {"done": {"post": {}}}, ADDITION),
    ((*ITEM, "get"), {"responses": {}}, ADDITION),
    ((*POST, "tags"), ["Stock"], WORDING),
    ((*POST, "operationId"), "anotherName", WORDING),
    ((*POST, "deprecated"), True, WORDING),
    ((*POST, "x-codeSamples"), [{"lang": "curl"}], WORDING),
    ((*POST, "callbacks"), {"done": {}}, BREAKING),
    (POST, REMOVED, BREAKING),
    (ITEM, REMOVED, BREAKING),
    (("servers",), [*PUBLISHED["servers"], {"url": "https://eu.example.com"}], ADDITION),
    (("servers",), [{"url": "https://api2.bspk.com"}], BREAKING),
    (("servers",), [{"url": "https://api.example.bspk.com"}], BREAKING),  # a name, and no keyword, in an address
    (("servers",), [{"url": "https://api.bspk.com/"}], WORDING),
    (("servers",), [*PUBLISHED["servers"], *PUBLISHED["servers"]], BREAKING),  # two that cannot be told apart
    (("servers",), REMOVED, BREAKING),
    ((*POST, "servers"), [{"url": "https://elsewhere.bspk.com"}], BREAKING),  # instead of the document's
    # who is let in
    ((*POST, "security"), [], BREAKING),
    ((*POST, "security"), [{"BearerAuth": []}, {}], BREAKING),
    ((*POST, "security"), [{"BearerAuth": ["write"]}], BREAKING),
    ((*POST, "security"), "BearerAuth", BREAKING),
    ((*POST, "security"), [{"BearerAuth": []}, {"Nowhere": []}], BREAKING),  # what is nowhere defined
    ((*POST, "security"), REMOVED, WORDING),  # the document's own is the same
    (("security",), [{"OAuth": []}], WORDING),  # the operation has its own
    (("components", "securitySchemes", "OAuth"), OAUTH, ADDITION),
    ((*BEARER, "scheme"), "basic", BREAKING),
    ((*BEARER, "bearerFormat"), "JWT", WORDING),
    (BEARER, REMOVED, BREAKING),
    (("components",), REMOVED, BREAKING),
    # prose
    ((*ANSWERS, "422", "description"), "Empty inventory data, or other faults", WORDING),
    ((*SKU, "description"), "The code of the SKU", WORDING),
    ((*SKU, "description"), REMOVED, WORDING),
    ((*SKU, "description"), "SKU code, 64 characters", BREAKING),
    ((*SKU, "description"), "SKU code, must be in lower case", BREAKING),
    ((*SKU, "description"), ["SKU code"], BREAKING),
    ((*RECORD, "properties", "at", "description"), "Unix time when the inventory is effective", BREAKING),
    ((*STATUS, "description"), "One of ‘ok’, ‘error’, or ‘warning’", WORDING),
    ((*STATUS, "description"), "One of 'ok', 'error', 'warning' or 'stale'", BREAKING),
    ((*SKU, "example"), "sku-9", WORDING),
    ((*SKU, "example"), {"a": {"b": 1}}, WORDING),
    ((*SKU, "x-note"), {"a": 1}, WORDING),
    ((*RECORD, "title"), "Inventory", WORDING),
    # requests
    ((*RECORD, "properties", "note"), {"type": "string"}, ADDITION),
    ((*RECORD, "properties", "description"), {"type": "string"}, ADDITION),  # a property's name, not the keyword
    ((*RECORD, "properties", "a.example.b"), {"type": "string"}, ADDITION),
    (SKU, REMOVED, BREAKING),
    ((*RECORD, "required"), ["product_ref", "sku", "quantity", "store_ref"], ADDITION),
    ((*RECORD, "required"), REMOVED, ADDITION),
    ((*RECORD, "required"), ["product_ref", "sku", "quantity", "store_ref", "at", "note"], BREAKING),
    ((*RECORD, "required"), ["product_ref", "sku", "quantity", "store_ref", "at", "at"], WORDING),
    ((*RECORD, "required"), "product_ref sku quantity store_ref at", BREAKING),
    ((*QUANTITY, "type"), "number", ADDITION),
    ((*QUANTITY, "type"), ["integer", "null"], ADDITION),
    ((*QUANTITY, "type"), ["integer"], WORDING),
    ((*QUANTITY, "nullable"), True, ADDITION),
    ((*QUANTITY, "nullable"), False, WORDING),
    ((*QUANTITY, "type"), "string", BREAKING),
    ((*QUANTITY, "type"), REMOVED, ADDITION),
    (QUANTITY, {"anyOf": [{"type": "integer"}, {"type": "null"}]}, ADDITION),
    (QUANTITY, {"oneOf": [{"type": "integer"}, {"type": "string"}]}, ADDITION),
    (QUANTITY, {"oneOf": [{"type": "boolean"}, {"type": "string"}]}, BREAKING),
    ((*QUANTITY, "minimum"), 0, BREAKING),
    ((*QUANTITY, "exclusiveMinimum"), -1, BREAKING),
    ((*QUANTITY, "maximum"), 10**6, BREAKING),
    ((*QUANTITY, "maximum"), "many", BREAKING),  # not to be compared
    ((*QUANTITY, "multipleOf"), 5, BREAKING),
    ((*QUANTITY, "const"), 5, BREAKING),
    ((*QUANTITY, "not"), {"enum": [0]}, BREAKING),
    ((*SKU, "maxLength"), 64, BREAKING),
    ((*SKU, "minLength"), 1, BREAKING),
    ((*SKU, "minLength"), 0, WORDING),
    ((*SKU, "pattern"), "^[a-z]+$", BREAKING),
    ((*RECORD, "properties", "at", "format"), "date-time", BREAKING),
    ((*SKU, "enum"), ["a"], BREAKING),
    ((*SKU, "default"), "a", BREAKING),
    ((*SKU, "readOnly"), True, BREAKING),
    ((*SKU, "writeOnly"), True, WORDING),
    ((*SKU, "deprecated"), True, WORDING),
    ((*RECORD, "additionalProperties"), False, BREAKING),
    ((*RECORD, "additionalProperties"), {"type": "string"}, BREAKING),
    ((*RECORD, "additionalProperties"), {}, WORDING),
    ((*RECORD, "oneOf"), [{"required": ["a"]}, {"required": ["b"]}], BREAKING),
    ((*RECORD, "if"), {}, BREAKING),
    ((*BODY, "properties", "inventories", "minItems"), 1, BREAKING),
    ((*BODY, "properties", "inventories", "maxItems"), 1000, BREAKING),
    ((*BODY, "properties", "inventories", "uniqueItems"), True, BREAKING),
    ((*BODY, "properties", "inventories", "items"), REMOVED, BREAKING),
    ((*BODY, "properties", "dry_run"), {"type": "boolean"}, ADDITION),
    ((*POST, "requestBody", "required"), True, BREAKING),
    ((*POST, "requestBody"), REMOVED, BREAKING),
    ((*POST, "requestBody", "content", "text/csv"), {}, ADDITION),
    ((*POST, "requestBody", "content", "application/json"), REMOVED, BREAKING),
    ((*POST, "parameters"), [{"in": "query", "name": "dry_run"}], ADDITION),
    ((*POST, "parameters"), [{"in": "header", "name": "Idempotency-Key", "required": True}], BREAKING),
    ((*POST, "parameters"), [{"in": "query", "name": "a"}, {"in": "query", "name": "a", "required": True}], BREAKING),
    ((*POST, "parameters"), REMOVED, WORDING),  # it was empty
    ((*ITEM, "parameters"), [{"in": "query", "name": "shop", "required": True}], BREAKING),
    # answers
    ((*RESULT, "properties", "sku"), {"type": "string"}, ADDITION),
    ((*RESULT, "properties", "requestBody"), {"type": "string"}, ADDITION),
    (MESSAGE, REMOVED, BREAKING),
    ((*MESSAGE, "nullable"), True, BREAKING),
    ((*MESSAGE, "maxLength"), 200, ADDITION),
    ((*MESSAGE, "readOnly"), True, WORDING),
    ((*MESSAGE, "writeOnly"), True, BREAKING),
    ((*MESSAGE, "default"), "fine", ADDITION),
    (MESSAGE, {"oneOf": [{"type": "string"}, {"type": "object"}]}, BREAKING),
    ((*RESULT, "properties", "index", "type"), "number", BREAKING),
    ((*RESULT, "properties", "index", "type"), "string", BREAKING),
    ((*RESULT, "properties", "index", "minimum"), 0, ADDITION),
    ((*RESULT, "required"), ["index", "status", "message"], ADDITION),
    ((*RESULT, "required"), ["index"], BREAKING),
    ((*RESULT, "additionalProperties"), False, ADDITION),
    ((*STATUS, "enum"), ["ok", "error", "warning"], ADDITION),
    # what a keyword cannot be is no promise
    ((*STATUS, "enum"), "ok error warning", BREAKING),
    ((*STATUS, "enum"), [], BREAKING),
    ((*STATUS, "pattern"), 1, BREAKING),
    ((*STATUS, "allOf"), {}, BREAKING),
    ((*STATUS, "anyOf"), [1], BREAKING),
    ((*RESULT, "additionalProperties"), 0, BREAKING),
    ((*RESULT, "properties", "sku"), "string", BREAKING),
    (REFUSAL, {"type": "object", "required": ["errors"], "properties": {"errors": {}}}, ADDITION),
    ((*ANSWERS, "200", "headers"), {"X-RateLimit-Limit": {"schema": {}}}, ADDITION),
    ((*ANSWERS, "200", "links"), {"next": {"operationId": "a"}}, WORDING),
    ((*ANSWERS, "200", "content", "application/xml"), {}, BREAKING),
    ((*ANSWERS, "200", "content", "application/vnd.example.v2+json"), {}, BREAKING),
    ((*ANSWERS, "200", "content", "application/json"), REMOVED, BREAKING),
    ((*ANSWERS, "429"), {"description": "Throttle Limit reached."}, ADDITION),
    ((*ANSWERS, "202"), {"description": "Accepted"}, BREAKING),
    ((*ANSWERS, "4XX"), {"description": "Refused"}, BREAKING),
    ((*ANSWERS, "default"), {"description": "Else"}, BREAKING),
    ((*ANSWERS, "200"), REMOVED, BREAKING),
]


@pytest.mark.parametrize(
    ("place", "value", "judgement"), EDITS, ids=lambda value: "removed" if value is REMOVED else str(value)[-40:]
)
def test_an_edit_is_judged(place: Place, value: Any, judgement: Judgement) -> None:
    assert worst(PUBLISHED, edited((place, value))) is judgement


# Several at once, as a vendor makes them.
TOGETHER: list[tuple[list[tuple[Place, Any]], Judgement | None]] = [
    ([((*POST, "security"), [{"BearerAuth": []}, {"OAuth": []}]), (("components", "securitySchemes", "OAuth"), OAUTH)],
     ADDITION),
    # a scheme renamed, and nothing else
    ([((*POST, "security"), [{"Key": []}]), (("components", "securitySchemes"), {"Key": at(BEARER)})], ADDITION),
    ([(("paths", "/api/platform/v2/batches"), at(ITEM)), (ITEM, REMOVED)], BREAKING),
    ([((*ANSWERS, "200", "content"), {"application/json; charset=UTF-8": at(JSON_BODY)})], WORDING),
    ([(SKU, {"$ref": "#/components/schemas/Sku"}), (("components", "schemas", "Sku"), at(SKU))], WORDING),
    ([(SKU, {"$ref": "#/components/schemas/Sku"}), (("components", "schemas", "Sku"), at(SKU) | {"maxLength": 9})],
     BREAKING),
    ([(SKU, {"$ref": "#/components/schemas/Sku", "maxLength": 9}), (("components", "schemas", "Sku"), at(SKU))],
     BREAKING),
    ([(RECORD, {"allOf": [{"$ref": "#/components/schemas/A"}], "description": "A record"}),
      (("components", "schemas", "A"), at(RECORD))], WORDING),
    ([(RECORD, {"allOf": [at(RECORD) | {"required": ["at"]}, {"required": at((*RECORD, "required"))}]})], WORDING),
    ([(RECORD, {"allOf": [at(RECORD), {"properties": {"sku": {"maxLength": 9}}}]})], BREAKING),
    ([((*POST, "parameters"), REMOVED), ((*ITEM, "parameters"), [{"in": "query", "name": "dry_run"}])], ADDITION),
    ([(("a",), 1), ((*SKU, "example"), "b")], BREAKING),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "judgement"), TOGETHER)
def test_edits_that_belong_together_are_judged_as_one(changes: list[Any], judgement: Judgement | None) -> None:
    assert worst(PUBLISHED, edited(*changes)) is judgement


def test_every_row_decides_on_an_edit_of_the_table() -> None:
    new = [*(edited((place, value)) for place, value, _ in EDITS), *(edited(*changes) for changes, _ in TOGETHER)]
    one_word = edited(((*STATUS, "enum"), ["ok"]))
    closed = edited(((*RESULT, "additionalProperties"), False))
    pairs = [*((PUBLISHED, document) for document in new), (one_word, PUBLISHED), (closed, PUBLISHED)]
    deciding = {row_for(edit) for old, document in pairs for edit in edits(old, document)}
    assert [row for row in ROWS if row not in deciding] == []


def test_an_edit_that_no_row_knows_is_breaking() -> None:
    (edit,) = edits(PUBLISHED, edited((("unheard-of",), 1)))
    assert (edit.change, row_for(edit).judgement) == (Change.ADDED, BREAKING)
    assert row_for(edit) not in ROWS
    assert OPERATION_PATH in PUBLISHED["paths"]
