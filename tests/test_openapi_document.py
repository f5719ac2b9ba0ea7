"""The vendored document is the published one, and its overlay fits it and only writes out what the prose says."""

import re
from typing import Any

import pytest
import yaml
from openapi_schema_validator import OAS30Validator
from openapi_spec_validator import validate

from openapi.document import OVERLAY_FILE, PUBLISHED_FILE, load_document
from openapi.ledger import BY_ID

DOCUMENT = load_document()
RECORD = {"product_ref": "p", "sku": "s", "quantity": 1, "store_ref": "r", "at": "2021-01-01T00:00:00Z"}


def test_the_origin_names_the_file_that_is_here() -> None:
    origin = PUBLISHED_FILE.with_name("ORIGIN.md").read_text(encoding="utf-8")
    assert DOCUMENT.sha256 in origin
    assert DOCUMENT.operation_path in origin


@pytest.mark.parametrize("document", [DOCUMENT.published, DOCUMENT.effective], ids=["published", "effective"])
def test_the_document_is_valid_openapi(document: dict[str, Any]) -> None:
    validate(document)


def test_each_action_of_the_overlay_cites_promises_of_the_ledger() -> None:
    for action in yaml.safe_load(OVERLAY_FILE.read_bytes())["actions"]:
        cited, _, reason = action["description"].partition(": ")
        assert set(cited.split(", ")) <= BY_ID.keys(), action["description"]
        assert reason


def test_the_production_server_is_the_one_that_the_document_names() -> None:
    assert DOCUMENT.production_url == "https://api.bspk.com"
    assert list(DOCUMENT.published["paths"]) == [DOCUMENT.operation_path]


def test_the_statuses_are_those_of_the_error_codes() -> None:
    codes = re.findall(r"^- (\d{3}) - ", DOCUMENT.published["info"]["description"], re.MULTILINE)
    assert set(DOCUMENT.operation["responses"]) == {"200", *codes} - {"500"}  # 500 is no answer to hope for


@pytest.mark.parametrize("status", ["400", "401", "404", "429"])
def test_bodies_on_which_the_document_is_silent_stay_open(status: str) -> None:
    assert "content" not in DOCUMENT.operation["responses"][status]


@pytest.mark.parametrize(
    ("status", "body", "legal"),
    [
        ("422", {"errors": [{"title": "No clients found with IDs: [X]", "code": "not_found"}]}, True),
        ("422", {"errors": [{"title": "t", "code": "c", "field": "sku"}], "trace": 1}, True),  # FMT-3
        ("422", {"errors": []}, False),
        ("422", {"errors": [{"title": "t"}]}, False),
        ("422", {"errors": [{"title": 1, "code": "c"}]}, False),
        ("422", {}, False),
        ("422", [], False),
        ("200", {"status": "ok", "results": [{"index": 0, "status": "ok"}]}, True),
        ("200", {"status": "ok", "results": [{"index": 0, "status": "OK"}]}, False),
        ("200", {"status": "ok", "results": [{"index": 0}]}, False),
        ("200", {"results": []}, False),
    ],
)
def test_the_effective_schema_of_an_answer(status: str, body: object, legal: bool) -> None:
    schema = DOCUMENT.operation["responses"][status]["content"]["application/json"]["schema"]
    assert OAS30Validator(schema).is_valid(body) is legal


@pytest.mark.parametrize(
    ("body", "legal"),
    [
        ({"inventories": [RECORD]}, True),
        ({"inventories": [RECORD | {"colour": "red"}], "source": "till"}, True),
        ({"inventories": []}, False),
        ({"inventories": [{}]}, False),
        ({}, False),
    ],
)
def test_the_effective_schema_of_a_request(body: object, legal: bool) -> None:
    schema = DOCUMENT.operation["requestBody"]["content"]["application/json"]["schema"]
    assert OAS30Validator(schema).is_valid(body) is legal


@pytest.mark.parametrize("status", ["200", "422"])
@pytest.mark.parametrize("name", ["X-RateLimit-Limit", "X-RateLimit-Remaining"])
def test_the_rate_headers_are_required(status: str, name: str) -> None:
    header = DOCUMENT.operation["responses"][status]["headers"][name]
    assert header["required"] is True
    assert header["schema"] == {"type": "integer", "minimum": 0}
