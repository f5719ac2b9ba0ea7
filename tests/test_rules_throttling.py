"""What the two headers and the refusals must not say: each bound of those rules, and what a finding points at."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from contracts.exchanges.exchange import Exchange
from contracts.finding import Finding
from contracts.rules.limiters import Refutation, Row
from contracts.rules.throttling import (
    _promise_of,
    a_refusal_says_that_nothing_remains,
    each_request_costs_one,
    how_far_from_the_limit,
)
from openapi.ledger import RATE_1, RATE_4
from tests.build import ERRORS, answer, asked, broken, evidence, numbered, ok, record, reply, rulings

FAULTY = [record(1, quantity=...)]


def batch(left: object, size: int = 1, **headers: object) -> Exchange:
    """So many records taken, and what is said to remain."""
    return asked([record(number) for number in range(size)], answer(200, reply(ok(*range(size))), left=left, **headers))  # type: ignore[arg-type]


def refused(left: object, size: int = 1) -> Exchange:
    return asked(FAULTY * size, answer(422, ERRORS, left=left))


def throttled(left: object = 0, **headers: object) -> Exchange:
    return asked([record()], answer(429, left=left, **headers))  # type: ignore[arg-type]


def at_half_seconds(exchanges: Sequence[Exchange]) -> list[Exchange]:
    """Each answered as the next is sent."""
    return [replace(each, seq=n, sent_s=n / 2, answered_s=(n + 1) / 2) for n, each in enumerate(exchanges, 1)]


def misstep(exchanges: Sequence[Exchange]) -> tuple[str, tuple[int, ...]] | None:
    """What each_request_costs_one finds, and in which requests."""
    said = [item for item in each_request_costs_one(evidence(exchanges)) if isinstance(item, Finding)]
    assert all(finding.sequence for finding in said)
    return (said[0].actual, said[0].witness) if said else None


DEAR = "by one for each record of the batch"
ROWS: tuple[tuple[str, list[Exchange], tuple[str, tuple[int, ...]] | None], ...] = (
    ("three sizes, each as dear", [batch(99), batch(98), batch(96, 2), batch(93, 3), batch(89, 4), batch(84, 5)],
     (DEAR, (2, 3, 4, 5))),
    ("two sizes may be chance", [batch(99), batch(98), batch(96, 2), batch(93, 3)], None),
    ("one of them cost one", [batch(99), batch(97, 2), batch(94, 3), batch(90, 4), batch(89, 5)], None),
    ("beside a refill", [batch(99), batch(97, 2), batch(97, 3), batch(94, 3), batch(90, 4)], (DEAR, (1, 2, 3, 4, 5))),
    ("beside refusals, which cost one", [batch(99), batch(97, 2), refused(96, 2), batch(93, 3), batch(89, 4)],
     (DEAR, (1, 2, 3, 4, 5))),
    ("six falls of two", [batch(left) for left in (12, 10, 8, 6, 4, 2, 0)], ("by 2 each time", (1, 2, 3, 4))),
    ("five may be chance", [batch(left) for left in (12, 10, 8, 6, 4, 2)], None),
    ("six, beside a refill", [batch(left) for left in (98, 96, 94, 92, 92, 90, 88, 86)],
     ("by 2 each time", (1, 2, 3, 4))),
    ("six, and one of one: somebody else's", [batch(left) for left in (98, 96, 94, 92, 91, 89, 87, 85)], None),
    ("six falls of one", [batch(left) for left in (99, 98, 97, 96, 95, 94, 93)], None),
    ("up to refusals, which say nothing", at_half_seconds([batch(2), throttled()] * 7), None),
    ("up to refusals, which say something", at_half_seconds([batch(5), throttled(3)] * 7), None),
    ("six that cost nothing", [batch(50) for _ in range(7)],
     ("in 6 requests, one after the other, it rose by 0 each time", (1, 2, 3, 4))),
    ("five may be a refill", [batch(50) for _ in range(6)], None),
    ("only batches that are taken cost nothing",
     [each for left in range(99, 90, -1) for each in (batch(left), refused(left - 1))],
     ("in 8 requests, one after the other, it rose by 0 each time", (2, 3, 4, 5, 6, 7))),
    ("as many as flow back", at_half_seconds([batch(5, limit=7) for _ in range(11)]), None),
    ("more than flow back", at_half_seconds([batch(5, limit=6) for _ in range(11)]),
     ("in 10 requests, one after the other, it rose by 0 each time", (1, 2, 3, 4))),
    ("a slow walk, in which all flows back", at_half_seconds([batch(50) for _ in range(9)]), None),
    ("at once, in any order", [replace(batch(99 - 2 * n), sent_s=7.0) for n in range(8)], None),
)  # fmt: skip


@pytest.mark.parametrize(("exchanges", "found"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_each_request_costs_one(exchanges: list[Exchange], found: tuple[str, tuple[int, ...]] | None) -> None:
    timed = exchanges[0].answered_s == exchanges[1].sent_s
    assert misstep(exchanges if timed else numbered(exchanges)) == found


def test_what_was_answered_as_the_next_was_sent_came_in_turn() -> None:
    assert misstep(at_half_seconds([batch(left) for left in (12, 10, 8, 6, 4, 2, 0)])) is not None


EMPTY = batch(0, limit=1)


def later(status: int, sent_s: float, **how: object) -> Exchange:
    return replace(asked([record(1)], answer(status, limit=1, left=0), **how), seq=2, sent_s=sent_s, answered_s=sent_s)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("status", "sent_s", "key", "blamed"),
    [
        (403, 1.0, True, True),
        *((status, 1.0, True, True) for status in (400, 402, 409, 420, 423)),
        (401, 1.0, True, False),
        (429, 1.0, True, False),
        (503, 1.0, True, True),
        (509, 1.0, True, True),
        (404, 1.0, True, False),
        (508, 1.0, True, False),
        (403, 1.0, False, False),  # of a stranger it says nothing
        (503, 10.0, True, False),  # a window later all is there again
        (503, 9.75, True, True),
    ],
)
def test_over_the_limit_is_429(status: int, sent_s: float, key: bool, blamed: bool) -> None:
    before = replace(EMPTY, seq=1, sent_s=0.0, answered_s=0.0)
    after = later(status, sent_s) if key else later(status, sent_s, key=None)
    ruling = rulings((before, after))["RATE-2"]
    assert [(finding.witness, finding.sequence) for finding in ruling.findings] == [((1, 2), True)] * blamed


def test_a_429_is_an_occasion_to_look_at() -> None:
    assert rulings(numbered([EMPTY, throttled(limit=1)]))["RATE-2"].examined == 1


HEADERS = [
    ({"limit": None}, "X-RateLimit-Limit is missing"),
    ({"limit": "1.5"}, "X-RateLimit-Limit: 1.5"),
    ({"left": None}, "X-RateLimit-Remaining is missing"),
    ({"left": "many"}, "X-RateLimit-Remaining: many"),
    ({"limit": 9, "left": 10}, "X-RateLimit-Remaining 10 above X-RateLimit-Limit 9"),
    ({"limit": 9, "left": 9}, None),
]


@pytest.mark.parametrize(("headers", "fault"), HEADERS)
def test_a_fault_of_the_headers_is_named(headers: dict[str, object], fault: str | None) -> None:
    findings = rulings(numbered([batch(**{"left": 9} | headers)]))["RATE-3"].findings  # type: ignore[arg-type]
    assert [finding.actual for finding in findings] == ([fault] if fault else [])


def test_each_row_after_the_first_is_looked_at() -> None:
    told = rulings(numbered([batch(99), batch(98), batch(97)]))
    assert (told["RATE-1"].examined, told["RATE-4"].examined) == (2, 4)  # of what remains each step, too


@pytest.mark.parametrize("exchange", [throttled(), batch(None)])
def test_who_was_never_let_in_or_told_says_nothing(exchange: Exchange) -> None:
    told = rulings(numbered([exchange] * 3))
    assert (told["RATE-1"].examined, told["RATE-4"].examined) == (0, 0)


def test_what_another_client_may_have_spent_is_in_doubt() -> None:
    told = rulings(numbered([batch(left) for left in (99, 98, 96, 95, 94, 91, 90, 89)]))
    assert "someone else" in str(told["RATE-4"].reason)
    assert (told["RATE-1"].findings, told["RATE-1"].reason) == (
        (),
        "the limit of 100 was not reached: at most 8 requests in a window of 10 s",
    )


@pytest.mark.parametrize(("first", "doubted"), [(throttled(), True), (batch(50), False)])
def test_where_the_first_request_was_refused_another_client_has_spent(first: Exchange, doubted: bool) -> None:
    """And may have spent two more since; where it was let in, nobody is known to be there."""
    history = [
        replace(each, seq=seq, sent_s=at_s, answered_s=at_s + 0.01)
        for seq, (each, at_s) in enumerate(((first, 0.0), (batch(97), 30.8), (batch(96), 30.9)), 1)
    ]
    told = rulings(history)["RATE-4"]
    assert ("someone else" in str(told.reason)) == doubted
    assert bool(told.findings) != doubted


def test_what_no_limiter_explains_shows_in_its_sequence_alone() -> None:
    (finding,) = rulings(numbered([batch(8, limit=9) for _ in range(20)]))["RATE-4"].findings[:1]
    assert finding.sequence


FAR = "the limit of {} was not reached: at most {} requests in a window of 10 s"


@pytest.mark.parametrize(
    ("exchanges", "told"),
    [
        ([], None),
        ([batch(None, limit=None)], None),
        ([batch(1, limit=2), batch(0, limit=2)], FAR.format(2, 2)),
        ([batch(0, limit=1), batch(0, limit=1)], None),
        ([batch(8, limit=9), asked([record()], answer(401), key=None), batch(7, limit=9)], FAR.format(9, 2)),
        ([replace(batch(8, limit=9), sent_s=sent_s) for sent_s in (2.0, 3.0, 12.0)], FAR.format(9, 3)),
        ([replace(batch(8, limit=9), sent_s=sent_s) for sent_s in (2.0, 3.0, 12.1)], FAR.format(9, 2)),
    ],
)  # fmt: skip
def test_how_far_it_was_from_the_limit(exchanges: list[Exchange], told: str | None) -> None:
    assert how_far_from_the_limit(evidence(exchanges)) == told


def let_in(*times_s: float, status: int = 200, limit: int | None = 2) -> list[Row]:
    return [Row(at_s, at_s, status, limit, 1, seq) for seq, at_s in enumerate(times_s, 1)]


@pytest.mark.parametrize(
    ("kind", "rows", "first"),
    [
        ("no recovery", let_in(1.0), True),
        ("over-admission", let_in(1.0, 2.0, 11.0), True),  # to the edge of the window
        ("over-admission", let_in(1.0, 2.0, 11.01), False),
        ("over-admission", let_in(1.0, 2.0), False),  # no more than the limit: the headers told a tale
        ("over-admission", [*let_in(1.0, 2.0), *let_in(3.0, 4.0, status=429)], False),
        ("over-admission", let_in(1.0, 2.0, 3.0, 4.0, limit=None), False),
        ("remaining", let_in(1.0, 2.0, 3.0), False),
    ],
)
def test_too_many_let_in_break_the_limit_and_a_wrong_tale_the_headers(kind: str, rows: list[Row], first: bool) -> None:
    refuted = Refutation(kind, (1,), "", "")  # type: ignore[arg-type]
    assert _promise_of(refuted, tuple(rows), 10.0) is (RATE_1 if first else RATE_4)


def test_a_limit_is_the_same_all_through() -> None:
    assert broken(numbered([batch(9, limit=10), batch(8, limit=10)])) == set()


def crowded(exchanges: Sequence[Exchange]) -> list[Exchange]:
    """All sent before the first is answered, but for the last."""
    *together, last = numbered(exchanges)
    return [
        *(replace(each, sent_s=0.0, answered_s=1.0) for each in together),
        replace(last, sent_s=1.5, answered_s=2.0),
    ]


@pytest.mark.parametrize(
    ("exchanges", "blamed"),
    [
        (numbered([throttled(0), throttled(0)]), []),
        (numbered([throttled(3)]), [(1,)]),  # the only one
        (numbered([throttled(3), throttled(1)]), [(1,), (2,)]),  # all of them
        (numbered([throttled(0), throttled(3), throttled(0)]), [(2, 3)]),
        (numbered([throttled(0), throttled(3), batch(2)]), []),  # read off in the window that had begun meanwhile
        (numbered([throttled(0), throttled(3)]), []),  # what would have come then is not known
        (crowded([throttled(0), throttled(1), batch(0), throttled(0)]), []),  # another was quicker
        (crowded([throttled(0), throttled(3), batch(0), throttled(0)]), [(2, 4)]),  # but not three
        (numbered([batch(0), batch(99)]), []),
    ],
)
def test_nothing_remains_at_a_refusal(exchanges: list[Exchange], blamed: list[tuple[int, ...]]) -> None:
    said = list(a_refusal_says_that_nothing_remains(evidence(exchanges)))
    assert [finding.witness for finding in said if isinstance(finding, Finding)] == blamed
    assert len(said) == sum(each.status == 429 for each in exchanges)


@pytest.mark.parametrize(("key", "blamed"), [(True, False), (False, True)])
def test_who_came_between_may_have_had_what_a_refusal_left(key: bool, blamed: bool) -> None:
    """One was left, and one was under way beside; a stranger's, which is no part of the allowance, is none."""
    beside = batch(0) if key else asked([record()], answer(401), key=None)
    times_s = ((2.0, 2.005), (3.0, 3.03), (3.01, 3.02), (3.05, 3.055))
    exchanges = [throttled(), beside, throttled(1), throttled()]
    history = [
        replace(each, seq=n, sent_s=sent_s, answered_s=answered_s)
        for n, (each, (sent_s, answered_s)) in enumerate(zip(exchanges, times_s, strict=True), 1)
    ]
    assert [finding.witness for finding in rulings(history)["RATE-5"].findings] == [(3, 4)] * blamed
