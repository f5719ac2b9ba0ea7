"""What becomes a row of the limiter's history, whose row it is, and which limiters explain the rows of two keys."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from contracts.evidence import Evidence
from contracts.exchanges.exchange import Cause, Exchange
from contracts.history.rows import IN_FLIGHT, UNTOLD, LoadRow, code_of, from_bytes
from contracts.rules.allowance import allowance_of, every_row, keys_share, rate_rows, second_key_rows, survey_of
from contracts.rules.limiters import Row
from tests.build import FACTS, KEY, answer, asked, broken, evidence, numbered, ok, record, reply
from tests.simulated_limiters import LEGAL

SECOND = "Bearer $BSPK_API_KEY_2"


def batch(left: object, key: str | None = None, **headers: object) -> Exchange:
    whose = {} if key is None else {"key": key}
    return asked([record()], answer(200, reply(ok(0)), left=left, **headers), **whose)  # type: ignore[arg-type]


def stranger(status: int = 401) -> Exchange:
    return asked([record()], answer(status, limit=None, left=None), key=None)


def of_a_flood(*rows: LoadRow, kept: Sequence[Exchange] = ()) -> Evidence:
    return Evidence(FACTS, kept, from_bytes(b"".join(row.pack() for row in rows)))


def load(seq: int = 1, sent_s: float = 1.0, **told: int) -> LoadRow:
    return LoadRow(seq, sent_s, sent_s, sent_s + 0.5, **told)


@pytest.mark.parametrize(
    ("told", "row"),
    [
        ({"status": 200, "limit": 9, "remaining": 8}, Row(1.0, 1.5, 200, 9, 8, 1)),
        ({"status": 429, "limit": 0, "remaining": 0}, Row(1.0, 1.5, 429, 0, 0, 1)),
        ({"status": 200, "limit": 1, "remaining": UNTOLD}, Row(1.0, 1.5, 200, 1, None, 1)),
        ({"status": 200, "limit": UNTOLD, "remaining": 1}, Row(1.0, 1.5, 200, None, 1, 1)),
        ({"cause": code_of(Cause.CLOSED)}, Row(1.0, 1.5, None, None, None, 1, dropped=True)),
        ({"cause": code_of(Cause.CUT)}, Row(1.0, 1.5, None, None, None, 1, dropped=True)),
        ({"cause": code_of(Cause.TIMEOUT)}, Row(1.0, 1.5, None, None, None, 1)),
        ({"cause": IN_FLIGHT}, Row(1.0, 1.5, None, None, None, 1)),
        ({"cause": code_of(Cause.UNREACHABLE)}, None),  # nothing to any limiter
    ],
)  # fmt: skip
def test_a_row_of_a_flood(told: dict[str, int], row: Row | None) -> None:
    rows = rate_rows(of_a_flood(load(**told)), authenticated=True)
    assert rows == (() if row is None else (row,))


def test_a_flood_and_what_was_kept_of_it_stand_in_the_order_of_sending() -> None:
    kept = [replace(batch(5), seq=seq, sent_s=sent_s) for seq, sent_s in ((2, 1.0), (9, 0.5), (4, 2.0))]
    told = of_a_flood(load(3, 1.0, status=200), load(4, 2.0, status=429), load(1, 1.5), kept=kept)
    assert [(row.seq, row.status) for row in rate_rows(told)] == [(9, 200), (2, 200), (3, 200), (1, None), (4, 429)]


WHOSE: tuple[tuple[Exchange, Row | None, bool], ...] = (
    # what it is to the limiter of this key, and whether it came with the key
    (batch(9), Row(0.01, 0.015, 200, 100, 9, 1), True),
    (stranger(), Row(0.01, 0.015, 401, None, None, 1), False),
    (replace(stranger(), outcome=batch(9).outcome), Row(0.01, 0.015, 200, None, None, 1), False),
    (asked(b"", answer(405), method="GET"), Row(0.01, 0.015, None, None, None, 1), False),
    (asked([record()], Cause.CUT), Row(0.01, 0.015, None, None, None, 1, dropped=True), True),
    (asked([record()], Cause.TIMEOUT), Row(0.01, 0.015, None, None, None, 1), True),
    (asked([record()], Cause.UNREACHABLE), None, False),
    (batch(9, SECOND), None, False),
)


@pytest.mark.parametrize(("exchange", "row", "ours"), WHOSE)
def test_whose_row_it_is(exchange: Exchange, row: Row | None, ours: bool) -> None:
    told = evidence(numbered([exchange]))
    rows = () if row is None else (row,)
    assert rate_rows(told) == rows
    assert rate_rows(told, authenticated=True) == (rows if ours else ())
    assert len(every_row(told)) == 1


def test_the_second_keys_headers_are_read_for_its_own_rows() -> None:
    told = evidence(numbered([batch(9), batch(7, SECOND)]))
    assert second_key_rows(told) == (Row(0.02, 0.025, 200, 100, 7, 2),)
    assert [row.remaining for row in every_row(told)] == [9, None]


TOGETHER = [batch(left, SECOND if left % 2 else None) for left in range(98, 78, -1)]
APART = [batch(left, key) for left in range(98, 88, -1) for key in (None, SECOND)]
SPENT_BY_NONE = [batch(left, SECOND if left == 97 else None) for left in (98, 97, 90, 83, 76, 69, 62, 55, 80)]


def test_two_keys_that_share_explain_each_other() -> None:
    told = evidence(numbered(TOGETHER))
    assert survey_of(rate_rows(told), 10.0).others_spend or survey_of(rate_rows(told), 10.0).refuted is not None
    assert allowance_of(told).refuted is None
    assert not allowance_of(told).others_spend
    assert broken(numbered(TOGETHER)) == set()


def test_a_second_key_of_its_own_changes_nothing() -> None:
    """Alone each is explained, together they are not."""
    told = evidence(numbered(APART))
    assert allowance_of(told) == survey_of(rate_rows(told), 10.0)
    assert allowance_of(told).refuted is None
    assert broken(numbered(APART)) == set()


def test_a_second_key_tells_nothing_of_what_this_one_met() -> None:
    """The two share, and both together met the limit; this one alone did not."""
    limiter = LEGAL["fixed-first"](5)
    exchanges: list[Exchange] = []
    times_s = (100.0, *(109.0 + n / 10 for n in range(20)), 125.0, *(134.0 + n / 10 for n in range(20)))
    for now_s in times_s:
        let_in, left = limiter.decide(now_s)
        told = answer(200 if let_in else 429, reply(ok(0)), limit=5, left=left)
        exchanges.append(asked([record()], told, at_s=now_s, key=SECOND if exchanges else KEY))
    history = evidence(numbered(exchanges))
    own = survey_of(rate_rows(history), 10.0)
    assert survey_of((*rate_rows(history), *second_key_rows(history)), 10.0).candidates != own.candidates
    assert allowance_of(history) == own


def test_what_a_second_key_explains_as_little_stays_refuted() -> None:
    told = evidence(numbered(SPENT_BY_NONE))
    own = survey_of(rate_rows(told), 10.0)
    assert own.refuted is not None
    assert allowance_of(told) == own


@pytest.mark.parametrize(
    ("exchanges", "share"),
    [
        (TOGETHER, True),
        (APART, False),
        ([batch(9), batch(8, SECOND)], None),  # the one as well as the other
        ([batch(9), batch(8, SECOND, limit=None)], None),
        ([batch(9), stranger()], None),
    ],
)
def test_whether_two_keys_share(exchanges: list[Exchange], share: bool | None) -> None:
    told = evidence(numbered(exchanges))
    assert keys_share(rate_rows(told), second_key_rows(told), 10.0) is share


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize(
    ("lefts", "costs", "blamed"),
    [
        ((99, 98, 97, 96, 95, 94, 93), {0}, False),
        ((99, 97, 95, 93, 91, 89, 87), {1}, False),
        (tuple(99 - n - n // 2 for n in range(40)), None, False),  # now this and now that
        ((99, 96, 93, 90, 87, 84, 81), None, True),
    ],
)
def test_what_a_stranger_costs_is_the_servers_business(
    status: int, lefts: tuple[int, ...], costs: set[int] | None, blamed: bool
) -> None:
    exchanges = numbered([each for left in lefts for each in (batch(left), stranger(status))])
    survey = allowance_of(evidence(exchanges))
    assert ("RATE-4" in broken(exchanges)) == blamed
    assert (survey.refuted is not None) == blamed
    assert survey.costs.get(status) == costs


@pytest.mark.parametrize("name", ["fixed-clock", "sliding-log"])
def test_strangers_leave_the_candidates_and_the_windows_phase_as_they_are(name: str) -> None:
    limiter, exchanges = LEGAL[name](5), []
    for now_s in (103.0 + 0.3 * n for n in range(120)):
        let_in, left = limiter.decide(now_s)
        told = answer(200 if let_in else 429, reply(ok(0)), limit=5, left=left)
        exchanges += [asked([record()], told, at_s=now_s - 0.001), replace(stranger(), sent_s=now_s + 0.02)]
    alone, beside = (survey_of(rate_rows(evidence(numbered(some))), 10.0) for some in (exchanges[::2], exchanges))
    assert name in alone.candidates
    assert (beside.candidates, beside.phase_s) == (alone.candidates, alone.phase_s)
    assert (beside.phase_s is not None) == (name == "fixed-clock")
