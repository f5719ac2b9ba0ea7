"""The ledger is complete: every promise quotes the document to the letter, and has a rule or a written reason."""

import re
from collections.abc import Iterable

import pytest

from openapi.document import load_document
from openapi.ledger import BY_ID, EVERY_RUN, LEDGER, QUESTIONS, Level, Promise, table

NAMED_FIRST = re.compile(r"([A-Z]+-\d+(?:, [A-Z]+-\d+)*):")


def squeezed(text: str) -> str:
    return " ".join(text.split())


def ids_named(docstrings: Iterable[str | None]) -> set[str]:
    """The promises that docstrings open with, as in `RES-3: …` or `RES-3, RES-6: …`."""
    named = [NAMED_FIRST.match(docstring or "") for docstring in docstrings]
    assert all(named), "every rule's docstring opens with the promises that it defends"
    return {promise_id for match in named if match for promise_id in match[1].split(", ")}


@pytest.mark.parametrize("promise", LEDGER, ids=lambda promise: promise.id)
def test_a_promise_quotes_the_document_to_the_letter(promise: Promise) -> None:
    assert squeezed(promise.quote) in squeezed(load_document().text)


@pytest.mark.parametrize("promise", LEDGER, ids=lambda promise: promise.id)
def test_a_promise_is_wholly_written(promise: Promise) -> None:
    assert re.fullmatch(r"[A-Z]+-[1-9]", promise.id)
    assert promise.level in {Level.MUST, Level.IMPLIED}
    assert promise.runs
    assert promise.runs <= EVERY_RUN
    for sentence in (promise.meaning, promise.harm, promise.tested):
        assert sentence.endswith("."), sentence


def test_ids_are_unique() -> None:
    assert len(BY_ID) == len(LEDGER)
    assert len({question.id for question in QUESTIONS}) == len(QUESTIONS)


def test_a_question_asks() -> None:
    for question in QUESTIONS:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", question.id), question.id
        assert question.question.endswith("?"), question.id


def test_every_promise_has_a_rule_or_a_written_reason() -> None:
    from contracts.judge import EXCHANGE_RULES, HISTORY_RULES  # noqa: PLC0415 — the other tests need no judge

    ruled = ids_named(rule.__doc__ for rule in (*EXCHANGE_RULES, *HISTORY_RULES))
    assert ruled == {promise.id for promise in LEDGER if promise.unruled is None}


def test_the_table_has_a_line_for_each_promise() -> None:
    lines = table().splitlines()
    assert [line.split(" | ")[0].removeprefix("| ") for line in lines[2:]] == [promise.id for promise in LEDGER]
    assert {len(re.split(r"(?<!\\)\|", line)) for line in lines} == {7}
