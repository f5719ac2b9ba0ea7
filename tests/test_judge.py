"""The judge: what puts a promise to the test, and what it prints of a stored history."""

from dataclasses import replace
from pathlib import Path

import pytest

from contracts import judge
from contracts.exchanges.exchange import Answer, Cause, Exchange
from contracts.finding import Verdict
from contracts.history.story import Story
from contracts.history.writer import HistoryWriter
from openapi.ledger import BY_ID
from tests.build import ERRORS, FACTS, KEY, answer, asked, broken, error, evidence, numbered, ok, record, reply, rulings

BAD, WORSE = record(1, quantity=...), record(2, sku=...)
REFUSED, THROTTLED = answer(422, ERRORS), answer(429, left=0)
HELD, UNDECIDED = Verdict.HELD, Verdict.UNDECIDED


def one(sent: list[dict[str, object]], outcome: Answer | Cause, key: str | None = KEY) -> list[Exchange]:
    return [asked(sent, outcome, key=key)]


FINE = asked([record()], answer(200, reply(ok(0))))
UPDATE, STALE = record(0, 9), record(0, at="2026-06-01T11:57:00Z")
BOTH, TAKEN = answer(200, reply(ok(0, 1))), answer(200, reply(ok(0)), left=98)


@pytest.mark.parametrize(
    ("promise", "exchanges", "verdict"),
    [
        ("AUTH-1", one([record()], answer(401), key=None), HELD),
        ("AUTH-1", one([record()], answer(429, left=0), key=None), UNDECIDED),
        ("AUTH-1", one([record()], Cause.TIMEOUT, key=None), UNDECIDED),
        ("AUTH-1", one([record()], TAKEN), UNDECIDED),
        ("VAL-1", one([BAD], REFUSED), HELD),
        ("VAL-1", one([BAD], THROTTLED), UNDECIDED),
        ("VAL-1", one([record()], TAKEN), UNDECIDED),
        ("VAL-2", one([BAD], REFUSED), HELD),
        ("VAL-2", one([BAD], THROTTLED), UNDECIDED),
        ("VAL-2", one([record()], TAKEN), UNDECIDED),
        ("VAL-3", one([BAD, WORSE], REFUSED), HELD),
        ("VAL-3", one([BAD, WORSE, record(3, store_ref=...)], REFUSED), HELD),
        ("VAL-3", one([BAD, WORSE], THROTTLED), UNDECIDED),
        ("VAL-3", one([BAD, record()], REFUSED), UNDECIDED),
        ("RES-6", one([BAD, record()], answer(200, reply([error(0), *ok(1)]))), HELD),
        ("RES-6", one([BAD, record()], THROTTLED), UNDECIDED),
        ("RES-6", one([record()], TAKEN), UNDECIDED),
        ("UPS-1", [FINE, asked([UPDATE], TAKEN)], HELD),
        ("UPS-1", [FINE, asked([UPDATE], THROTTLED)], UNDECIDED),
        ("UPS-1", [FINE, asked([STALE], TAKEN)], UNDECIDED),
        ("UPS-1", [FINE, asked([record(1)], TAKEN)], UNDECIDED),
        ("UPS-2", one([record(), record(1)], BOTH), HELD),
        ("UPS-2", one([record(), record(1), record(2)], answer(200, reply(ok(0, 1, 2)))), HELD),
        ("UPS-2", one([record(), record(1)], THROTTLED), UNDECIDED),
        ("UPS-2", one([record(), record(1, quantity=-1)], BOTH), UNDECIDED),
        ("UPS-2", one([record()], TAKEN), UNDECIDED),
    ],
)
def test_a_promise_is_put_to_the_test_by_an_answer_to_its_stimulus(
    promise: str, exchanges: list[Exchange], verdict: Verdict
) -> None:
    assert rulings(numbered(exchanges))[promise].verdict is verdict


UNLIKE_ANY_LIMITER = [FINE, asked([record(1)], THROTTLED), asked([record(2)], answer(200, reply(ok(0)), left=97))]
REFUSED_ONE = asked([record(3)], answer(200, reply([error(0)])))
STRANGER = asked([record()], answer(401, limit=None, left=None), key=None)


def test_what_one_more_sending_can_show_is_not_the_limiters_arithmetic() -> None:
    assert "RATE-4" in broken(numbered(UNLIKE_ANY_LIMITER))
    assert judge.findings_by_promise(evidence(numbered(UNLIKE_ANY_LIMITER))) == {}
    found = judge.findings_by_promise(evidence(numbered([REFUSED_ONE, FINE, asked([UPDATE], REFUSED)])))
    assert {promise.id for promise in found} == {"UPS-1", "UPS-3", "RES-7"}
    assert [finding.witness for finding in found[BY_ID["UPS-3"]]] == [(1,), (3,)]


def test_what_shows_at_once_shows_in_that_exchange() -> None:
    told = evidence(numbered([REFUSED_ONE, FINE, asked([BAD], TAKEN)]))
    assert [[finding.promise.id for finding in judge.findings_at_once(told, seen)] for seen in told.seen] == [
        ["UPS-3"],
        [],
        ["VAL-1"],
    ]


def test_exchanges_that_a_promise_looks_at_one_by_one() -> None:
    told = evidence(numbered([FINE, STRANGER, asked([BAD], REFUSED)]))
    assert judge.examined_by_themselves(BY_ID["FMT-1"], told) == [1, 3]
    assert judge.examined_by_themselves(BY_ID["AUTH-1"], told) == [2]
    assert judge.examined_by_themselves(BY_ID["UPS-3"], told) == []


@pytest.mark.parametrize(
    ("promise", "exchanges", "looked", "found"),
    [
        ("FMT-1", [FINE], True, False),
        ("FMT-1", [FINE, STRANGER], False, False),
        ("FMT-1", [FINE, asked([record(1)], answer(200, b"x"))], True, True),
        ("UPS-3", [FINE], True, False),
        ("UPS-3", [REFUSED_ONE], True, True),
        ("UPS-3", [REFUSED_ONE, FINE], True, False),
        ("UPS-3", [REFUSED_ONE, STRANGER], False, False),
        ("RATE-1", UNLIKE_ANY_LIMITER, False, False),  # the survey is not asked
        ("RATE-4", [FINE], False, False),
        ("RATE-4", [FINE, asked([record(1)], TAKEN)], True, False),
    ],
)
def test_what_a_promise_makes_of_the_last_exchange(
    promise: str, exchanges: list[Exchange], looked: bool, found: bool
) -> None:
    told = evidence(numbered(exchanges))
    assert judge.examine(BY_ID[promise], told, told.seen[-1]) == (looked, found)


def test_when_the_first_finding_was_there_to_see() -> None:
    exchanges = numbered([FINE, REFUSED_ONE, asked([BAD], TAKEN)])
    assert judge.first_finding_at(rulings(exchanges).values(), evidence(exchanges)) == 2
    assert judge.first_finding_at(rulings(exchanges[:1]).values(), evidence(exchanges)) is None


@pytest.mark.parametrize("stopped", ["the cap was reached", None])
def test_what_did_not_finish_is_undecided_for_the_first_reason(stopped: str | None) -> None:
    lefts = (99, 98, 96, 95, 94, 91, 90, 89)
    exchanges = numbered(asked([record(n)], answer(200, reply(ok(0)), left=left)) for n, left in enumerate(lefts))
    owed = {"a driver": ("AUTH-2", "RATE-4"), "another": ("AUTH-2",)}
    told = judge.judge(Story(FACTS, exchanges, owed, frozenset({"another"}), stopped, False))
    reasons = {ruling.promise.id: ruling.reason or "" for ruling in told}
    assert reasons["AUTH-2"] == (stopped or "a driver did not finish")
    assert reasons["RATE-4"].startswith("someone else spends")


def stored(folder: Path, *exchanges: Exchange) -> str:
    path = folder / "history.jsonl"
    writer = HistoryWriter(path, FACTS, None)
    writer.owes("by hand", ("AUTH-2", "FMT-2", "RES-6"))
    for exchange in numbered(exchanges):
        writer.append(exchange)
    writer.finished("by hand")
    writer.close()
    return str(path)


MISPLACED = asked([record(2), BAD], answer(200, reply([error(0), error(1)]), left=98))
ALL_BLAMED = asked([record(3), record(4), BAD], answer(200, reply([error(0), error(1), error(2)]), left=97))


def test_what_it_prints_and_how_it_exits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert judge.main([stored(tmp_path, FINE, ALL_BLAMED, MISPLACED)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "AUTH-2  held           3  " in lines
    assert "FMT-2   held           0  never arose" in lines
    assert "RES-6   broken         2  `error` at [0, 1]" in lines  # the plainest of them
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


def test_what_a_missing_catalogue_leaves_open_says_so() -> None:
    ids = ("UPS-1", "UPS-2", "UPS-3", "AUTH-1")
    bare = Story(replace(FACTS, catalogue=()), (FINE,), {"by hand": ids}, frozenset({"by hand"}), None, False)
    reasons = {ruling.promise.id: ruling.reason or "" for ruling in judge.judge(bare) if ruling.in_scope}
    assert ["no catalogue" in reasons[each] for each in ids] == [True, True, True, False]
