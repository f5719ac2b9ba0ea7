"""What the document expects of a record, by what was sent before it; and how many kinds of records were tried."""

from dataclasses import replace

import pytest

from contracts.evidence import Evidence, cases_tried
from contracts.exchanges.exchange import Exchange
from contracts.seen import Due
from tests.build import ERRORS, FACTS, answer, asked, evidence, numbered, ok, record, reply

FINE = answer(200, reply(ok(0)))
BAD = record(1, quantity=...)


def at(moment: str, number: int = 0) -> Exchange:
    return asked([record(number, at=moment)], FINE)


@pytest.mark.parametrize(
    ("exchanges", "tried"),
    [
        ([], (0, 0)),
        ([asked([record()], FINE)], (1, 1)),
        ([asked([record(), BAD], answer(422, ERRORS))], (2, 1)),
        ([asked([record()], answer(429, left=0))], (0, 0)),
        ([asked({"inventories": []}, answer(422, ERRORS))], (0, 0)),
        ([asked([record(n, quantity=n)], FINE) for n in (1, 5, 7, 20)], (1, 4)),
        ([asked([record(quantity=n)], FINE) for n in (1000, 5)], (1, 2)),
        ([asked([record(quantity=n)], FINE) for n in (1001, 1002, 5)], (3, 3)),
        ([asked([record(quantity=n)], FINE) for n in (0, 5)], (2, 2)),
        ([at("2026-06-01T11:58:00Z"), at("2026-06-01T11:58:05Z")], (1, 2)),
        ([at("2026-06-01T11:58:00Z"), at("2026-06-01T13:58:00+02:00")], (2, 2)),
        ([at("2026-06-01T13:58:00+02:00"), at("2026-06-01T09:58:00-02:00")], (2, 2)),
    ],
)
def test_how_many_kinds_were_tried(exchanges: list[Exchange], tried: tuple[int, int]) -> None:
    assert cases_tried(evidence(numbered(exchanges))) == tried


OPEN, ACCEPT = Due.OPEN, Due.ACCEPT
MOMENTS = [
    ("ten minutes old", [at("2026-06-01T11:50:00Z")], ACCEPT, ()),
    ("older", [at("2026-06-01T11:49:59Z")], OPEN, ("at-old",)),
    ("older, of what we wrote ourselves", [at("2026-06-01T10:00:00Z"), at("2026-06-01T10:00:01Z")], ACCEPT, ()),
    ("just now", [at("2026-06-01T12:00:00.01Z")], ACCEPT, ()),
    ("not yet", [at("2026-06-01T12:00:00.010001Z")], OPEN, ("at-future",)),
    ("later", [at("2026-06-01T11:58:00Z"), at("2026-06-01T11:58:01Z")], ACCEPT, ()),
    ("the same", [at("2026-06-01T11:58:00Z"), at("2026-06-01T11:58:00Z")], OPEN, ("at-equal",)),
    ("near", [at("2026-06-01T11:58:00Z"), at("2026-06-01T11:58:00.9Z")], OPEN, ("at-near",)),
    ("near, but earlier", [at("2026-06-01T11:58:00Z"), at("2026-06-01T11:57:59.1Z")], OPEN, ("at-near",)),
    ("earlier", [at("2026-06-01T11:58:00Z"), at("2026-06-01T11:57:59Z")], OPEN, ("at-stale",)),
    ("of another", [at("2026-06-01T11:58:00Z", 1), at("2026-06-01T11:57:59Z")], ACCEPT, ()),
    ("after a faulty moment", [at("yesterday"), at("2026-06-01T11:58:00Z")], ACCEPT, ()),
    ("after one that only the server knows", [at("2026-06-01T11:58:00"), at("2026-06-01T11:58:00Z")], OPEN,
     ("at-clouded",)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("exchanges", "due", "oddities"), [row[1:] for row in MOMENTS], ids=[row[0] for row in MOMENTS]
)
def test_what_is_due_to_a_moment(exchanges: list[Exchange], due: Due, oddities: tuple[str, ...]) -> None:
    *_, last = evidence(numbered(exchanges)).seen[-1].expected
    assert (last.due, last.oddities) == (due, oddities)


def in_a_row(*exchanges: Exchange) -> list[Exchange]:
    """Each is answered as the next is sent."""
    return [replace(each, seq=n, sent_s=n / 2, answered_s=(n + 1) / 2) for n, each in enumerate(exchanges, 1)]


def test_what_is_sent_later_is_nothing_to_an_answer_that_came() -> None:
    early, late = at("2026-06-01T11:58:00Z"), at("2026-06-01T11:59:00Z")
    at_once = [replace(each, answered_s=each.sent_s) for each in numbered([early, late, early])]
    for exchanges in (at_once[:2], in_a_row(early, late)):
        assert [seen.expected[0].due for seen in evidence(exchanges).seen] == [ACCEPT, ACCEPT]
    assert evidence(at_once).seen[2].expected[0].oddities == ("at-stale",)
    told = evidence(in_a_row(early, at("2026-06-01T11:58:00"), late)).seen
    assert [seen.expected[0].oddities for seen in told] == [(), ("at-no-offset",), ("at-clouded",)]
    assert [seen.expected[0].update for seen in told] == [False, True, True]


def test_of_two_under_way_at_once_either_may_be_the_later() -> None:
    first, second = numbered([at("2026-06-01T11:58:00Z"), at("2026-06-01T11:59:00Z")])
    told = evidence([replace(first, answered_s=9.0), second])
    assert [seen.expected[0].oddities for seen in told.seen] == [("at-stale",), ()]


@pytest.mark.parametrize(
    ("sent", "oddities"),
    [
        (record(1, quantity=...), ()),
        (record(quantity=..., product_ref="bspk-harness-x"), ("unknown-reference",)),
        (record(product_ref=...), ()),
    ],
)
def test_a_faulty_record_may_be_a_strangers_too(sent: dict[str, object], oddities: tuple[str, ...]) -> None:
    (expected,) = evidence(numbered([asked([sent], FINE)])).seen[0].expected
    assert (expected.due, expected.oddities) == (Due.REFUSE, oddities)


@pytest.mark.parametrize("name", ["Größe", "", "x" * 101, "a\tb"])
def test_what_the_catalogue_names_is_not_odd(name: str) -> None:
    known = replace(FACTS, catalogue=((name, "sku-0", "str1"),))
    asked_for = numbered([asked([record(product_ref=name)], FINE)])
    assert Evidence(known, asked_for).seen[0].expected[0].due is Due.ACCEPT
    assert evidence(asked_for).seen[0].expected[0].due is Due.OPEN
