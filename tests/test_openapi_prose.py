"""Prose: which sentences of the ledger still stand, and which changes of wording a program can tell to matter."""

from typing import Any

import pytest

from openapi.drift import BREAKING, compare, lost_quotes
from openapi.ledger import LEDGER
from openapi.prose import differing, same_facts
from tests.editing import POST, PUBLISHED, at, edited

PROSE = PUBLISHED["info"]["description"]
RATE = "API requests are limited to the amount specified in the returned\n`X-RateLimit-Limit` header (per 10 seconds)."


@pytest.mark.parametrize(
    ("replace", "by", "lost"),
    [
        ("an HTTP 401", "an HTTP 403", ["AUTH-1"]),
        ("(per 10 seconds)", "(per minute)", ["RATE-1"]),
        ("(per 10 seconds)", "(per 100 seconds)", ["RATE-1"]),
        ("Exceeding that limit will", "Exceeding that limit may", ["RATE-2"]),
        ("- 400 - Bad Request.", "- 1400 - Bad Request.", ["ERR-3"]),
        ("### Error Codes", "### Codes", ["ERR-1"]),
        ("BSPK API support", "BSPK support", []),
        # the same sentence in another dress
        (RATE, RATE.replace(" ", "\n\n"), []),
        (RATE, RATE.replace("`", "**").replace("(", "– ").replace(").", ";"), []),
        (RATE, RATE.replace("`", "&#96;").replace("(", "&#40;"), []),
        ("your company's", "your company’s", []),
        ("### Error Codes", "## Error codes", []),
        ("- 500 - BSPK", "* 500 – BSPK", []),
        ("ISO-8601 format", "ISO 8601 format", []),
    ],
)
def test_a_promise_whose_sentence_is_gone_is_named(replace: str, by: str, lost: list[str]) -> None:
    new = edited((("info", "description"), PROSE.replace(replace, by)))
    assert lost_quotes(PUBLISHED, new) == lost
    named = [text.partition("\n")[0] for judgement, text in compare(PUBLISHED, new) if judgement is BREAKING]
    assert [each for each in named if "-" in each] == lost


def test_another_operation_s_sentence_does_not_stand_for_ours() -> None:
    sentence = "Creates or updates inventory quantities in batch"
    other = (("paths", "/other"), {"post": {"summary": sentence}})
    assert lost_quotes(PUBLISHED, edited(((*POST, "summary"), "Takes stock"), other)) == ["UPS-1"]
    shared = {"$ref": "#/components/x"}
    assert lost_quotes(PUBLISHED, edited((POST, shared), (("components", "x"), at(POST)))) == []


def test_prose_holds_the_quotes_that_are_not_of_a_schema() -> None:
    nothing: dict[str, Any] = {}
    of_a_schema = {promise.id for promise in LEDGER} - set(lost_quotes(PUBLISHED, nothing))
    assert of_a_schema == {"RES-1", "UPS-3", "FMT-1"}


@pytest.mark.parametrize(
    ("old", "new", "harmless"),
    [
        ("Quantity to set", "The quantity\nto set.", True),
        ("One of 'ok' or \"error\"", "Either ‘error’ or ‘ok’", True),
        ("You cannot do this", "You can't do this", True),
        ("Use `sku`", "`sku` is what to use", True),
        ("See our guide", "See our new guide to stock", True),
        ("limited (per 10 seconds)", "limited (per minute)", False),
        ("up to the Limit", "up to 200 requests", False),
        ("- 404 - Not found", "- 404 - Not found\n- 503 - Maintenance", False),
        ("- 404 - Not found\n- 429 - Slow down", "- 404 - Not found", False),
        ("will never change", "will change", False),
        ("It is accepted", "It isn't accepted", False),
        ("Send records", "Send records. Only one store is supported", False),
        ("return null", "return nothing", False),
        ("One of 'ok' or 'error'", "One of 'ok' or 'failure'", False),
        ("Use `sku`", "Use `code`", False),
        ("V1", "V2", False),
        ("within a minute", "within an hour", False),
    ],
)
def test_figures_names_and_duties_are_told_from_mere_wording(old: str, new: str, harmless: bool) -> None:
    assert same_facts(old, new) is harmless
    assert same_facts(new, old) is harmless


def test_a_megabyte_of_prose_takes_no_time() -> None:
    old, new = "a" * 1_000_000, "a1" * 500_000
    assert not same_facts(old, new)
    assert not same_facts("'" * 1_000_000, "`" * 999_999 + "1")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("a b c d e f g h", "a b c d x f g h", '"… b c d e f g h" -> "… b c d x f g h"'),
        ("a b", "a b c", '"a b" -> "a b c"'),
        ("a " * 6000, "b " * 7000, "6,000 words -> 7,000 words"),
    ],
)
def test_only_what_differs_is_shown(old: str, new: str, told: str) -> None:
    assert differing(old, new) == told
