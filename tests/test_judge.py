"""The judge: what puts a promise to the test, and what it prints of a stored history."""

from pathlib import Path

import pytest

from contracts import judge
from contracts.exchange import Answer, Exchange
from contracts.finding import Verdict
from contracts.history import HistoryWriter
from tests.build import ERRORS, FACTS, answer, asked, error, numbered, ok, record, reply, rulings

BAD, WORSE = record(1, quantity=...), record(2, sku=...)
REFUSED, THROTTLED = answer(422, ERRORS), answer(429, left=0)
HELD, UNDECIDED = Verdict.HELD, Verdict.UNDECIDED


@pytest.mark.parametrize(
    ("promise", "sent", "outcome", "verdict"),
    [
        ("VAL-1", [BAD], REFUSED, HELD),
        ("VAL-1", [BAD], THROTTLED, UNDECIDED),
        ("VAL-1", [record()], answer(200, reply(ok(0))), UNDECIDED),
        ("VAL-2", [BAD], REFUSED, HELD),
        ("VAL-2", [BAD], THROTTLED, UNDECIDED),
        ("VAL-2", [record()], answer(200, reply(ok(0))), UNDECIDED),
        ("VAL-3", [BAD, WORSE], REFUSED, HELD),
        ("VAL-3", [BAD, WORSE, record(3, store_ref=...)], REFUSED, HELD),
        ("VAL-3", [BAD, WORSE], THROTTLED, UNDECIDED),
        ("VAL-3", [BAD, record()], REFUSED, UNDECIDED),
        ("RES-6", [BAD, record()], answer(200, reply([error(0), *ok(1)])), HELD),
        ("RES-6", [BAD, record()], THROTTLED, UNDECIDED),
        ("RES-6", [record()], answer(200, reply(ok(0))), UNDECIDED),
    ],
)
def test_a_promise_is_put_to_the_test_by_an_answer_to_its_stimulus(
    promise: str, sent: list[dict[str, object]], outcome: Answer, verdict: Verdict
) -> None:
    assert rulings(numbered([asked(sent, outcome)]))[promise].verdict is verdict


def stored(folder: Path, *exchanges: Exchange) -> str:
    path = folder / "history.jsonl"
    writer = HistoryWriter(path, FACTS, None)
    writer.owes("by hand", ("AUTH-2", "FMT-2", "RES-6"))
    for exchange in numbered(exchanges):
        writer.append(exchange)
    writer.finished("by hand")
    writer.close()
    return str(path)


FINE = asked([record()], answer(200, reply(ok(0))))
MISPLACED = asked([record(2), BAD], answer(200, reply([error(0), error(1)]), left=98))


def test_what_it_prints_and_how_it_exits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert judge.main([stored(tmp_path, FINE, MISPLACED)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "AUTH-2  held           2  " in lines
    assert "FMT-2   held           0  never arose" in lines
    assert "RES-6   broken         1  `error` at [0, 1]" in lines
    assert "LOAD-1  undecided      0  not owed by what ran" in lines
    assert lines[-1] == "verdict: broken"


@pytest.mark.parametrize(("exchanges", "code"), [((FINE, asked([BAD], REFUSED)), 0), ((FINE,), 6)])
def test_held_and_undecided_have_exit_codes_of_their_own(
    exchanges: tuple[Exchange, ...], code: int, tmp_path: Path
) -> None:
    assert judge.main([stored(tmp_path, *exchanges)]) == code


def test_what_is_no_history_is_no_verdict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert judge.main([str(tmp_path / "none.jsonl")]) == 4
    assert "cannot judge" in capsys.readouterr().err
