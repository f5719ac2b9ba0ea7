"""`python -m contracts.explain`."""

import pytest

from contracts import explain
from contracts.history import read_history
from openapi.ledger import BY_ID, LEDGER, QUESTIONS, Promise
from tests.examples import example


def test_a_promise_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert explain.main(["res-6"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert all(words in told for words in (BY_ID["RES-6"].meaning, BY_ID["RES-6"].harm, BY_ID["RES-6"].tested))


RULED = [promise for promise in LEDGER if promise.unruled is None]


@pytest.mark.parametrize("promise", RULED, ids=[promise.id for promise in RULED])
def test_a_promise_has_an_example_that_breaks_it(promise: Promise) -> None:
    stored = read_history(explain.EXAMPLES / f"{promise.id}.jsonl")
    assert stored.exchanges == tuple(example(promise.id)), "run python -m tests.examples"
    told = "\n".join(explain.explained(promise))
    assert "for example, this breaks it:" in told
    assert "actual" in told


def test_everything_that_can_be_explained_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert explain.main(["--list"]) == 0
    told = capsys.readouterr().out.split()
    assert {*(promise.id for promise in LEDGER), *(question.id for question in QUESTIONS)} <= set(told)


def test_an_unknown_id_is_refused_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert explain.main(["RES-66"]) == 4
    assert capsys.readouterr().err == "no promise has the id 'RES-66'; --list shows them all\n"
