"""What the limiter models conclude: named faults refuted, classes told apart, strangers noticed, floods counted."""

import random
import time

import pytest

from contracts.rules.limiters import CANDIDATES, Row, survivors
from contracts.rules.limiters.search import stretches
from tests.probing import broken
from tests.simulated_faults import FAULTS
from tests.simulated_limiters import LEGAL, FixedClock, FixedFirst, Limiter, name_of

# (seconds of silence, then so many limits of requests one after the other, and some more)
PROBE = ((0.0, 1.0, 2), (10.3, 0.0, 1), (10.3, 1.0, 2), (1.5, 1.0, 0), (5.0, 1.0, 0), (23.0, 1.0, 2))


def probe(limiter: Limiter, *, free_every: int = 0, stranger: float = 0.0) -> list[Row]:
    """Serial requests in the probe's rhythm; one in `free_every` is a free 422; stranger: how likely another's is."""
    chance = random.Random(7)  # noqa: S311  round trips, no secrets
    now_s = 0.0
    rows: list[Row] = []
    for silence_s, limits, more in PROBE:
        now_s += silence_s
        for _ in range(int(limits * limiter.limit) + more):
            while chance.random() < stranger:
                limiter.decide(now_s)
            sent_s = now_s + 0.001
            decided_s = sent_s + chance.random() * 0.004
            now_s = decided_s + chance.random() * 0.004
            free = bool(free_every) and len(rows) % free_every == 1
            admitted, remaining = limiter.decide(decided_s, int(not free))
            status = (422 if free else 200) if admitted else 429
            told = remaining if remaining >= 0 else None  # "-1" is no number of the document's
            rows.append(Row(sent_s, now_s, status, limiter.limit, told, len(rows)))
    return rows


@pytest.mark.parametrize("limit", [5, 30, 200])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_refuted(fault: str, limit: int) -> None:
    survey = survivors(probe(FAULTS[fault](limit)))
    assert survey.candidates == ()
    assert survey.refuted is not None
    assert not survey.others_spend
    assert survey.refuted.words.startswith(f"request {survey.refuted.witness[-1]} was ")
    assert survey.refuted.timeline.startswith(f"Limit {limit}, window 10 s")


@pytest.mark.parametrize("limit", [20, 10**15])
@pytest.mark.parametrize("told", [1_795_000_000, 10**15 - 1])
def test_what_nobody_can_have_spent_is_nobodys(limit: int, told: int) -> None:
    """As where Remaining is the time of day: no list of so many requests of others is made to try them."""
    rows = [Row(k / 10, k / 10 + 0.004, 200 if k < 20 else 429, limit, told + k % 3, k) for k in range(25)]
    survey = survivors(rows)
    assert survey.candidates == ()
    assert not survey.others_spend


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("over-admission by a race", "over-admission"),
        ("never refuses", "over-admission"),
        ("admits one too few", "refused with allowance left"),
        ("enforces half the Limit", "refused with allowance left"),
        ("tells one too many", "refused with allowance left"),
        ("tells two at a time", "remaining"),
        ("frozen", "remaining"),
        ("rises without cause", "remaining"),
        ("a counter per process", "remaining"),
        ("a window of 60 s", "no recovery"),
        ("no recovery", "no recovery"),
    ],
)
def test_what_is_wrong_is_named(fault: str, kind: str) -> None:
    refuted = survivors(probe(FAULTS[fault](30))).refuted
    assert refuted is not None
    assert refuted.kind == kind


@pytest.mark.parametrize("limit", [5, 30, 100])
@pytest.mark.parametrize("variant", LEGAL)
def test_a_legal_limiter_lives_through_the_probe(variant: str, limit: int) -> None:
    survey = survivors(probe(LEGAL[variant](limit)))
    assert survey.refuted is None
    assert name_of(variant) in survey.candidates or "whole seconds" in variant


@pytest.mark.parametrize(
    ("variant", "excluded"),
    [
        ("token-bucket", {"fixed-first", "fixed-clock", "sliding-log", "leaky"}),
        ("token-bucket-lumps", {"fixed-first", "fixed-clock", "sliding-log", "leaky", "token-bucket"}),
        ("sliding-counter", {"fixed-first", "fixed-clock", "sliding-log", "leaky", "token-bucket"}),
        ("fixed-first", {"leaky", "token-bucket"}),
        ("leaky", set(CANDIDATES) - {"leaky"}),
    ],
)
def test_classes_are_told_apart(variant: str, excluded: set[str]) -> None:
    assert excluded.isdisjoint(survivors(probe(LEGAL[variant](30))).candidates)


def test_what_a_refused_body_costs_is_learnt() -> None:
    assert survivors(probe(FixedFirst(30), free_every=4)).costs == {422: frozenset({0})}


def seen(limiter: Limiter, now_s: float) -> tuple[int, int, int]:
    admitted, remaining = limiter.decide(now_s)
    return 200 if admitted else 429, limiter.limit, remaining


def test_the_phase_of_the_clock_is_learnt() -> None:
    limiter = FixedClock(20, phase_s=3.7)
    rows = [Row(t, t + 0.01, *seen(limiter, t), i) for i, t in enumerate(i * 0.15 for i in range(300))]
    assert survivors(rows).phase_s == pytest.approx(3.7, abs=0.3)


def row(sent_s: float, status: int | None, remaining: int | None, limit: int | None = 5) -> Row:
    return Row(sent_s, sent_s + 0.01, status, limit, remaining, int(sent_s * 10))


BURST = [row(i / 10, 200, 4 - i) for i in range(5)]


@pytest.mark.parametrize(
    ("then", "kind"),
    [
        ([row(0.5, 429, 0)], None),
        ([row(0.5, 200, 4)], None),  # the edge of a window
        ([row(0.5, 200, 0)], None),  # a lump of one, every two seconds
        ([row(0.5, 200, 0), row(0.6, 200, 0)], "over-admission"),
        ([row(0.5, 200, 2), row(0.6, 200, 3)], "remaining"),
        ([row(10.9, 429, 0)], None),  # a sliding counter that began its next window after the burst
        ([row(21.2, 429, 0)], "no recovery"),
        ([row(0.5, 429, 0), row(10.9, 429, 0)], None),
        ([row(0.5, 429, 0), row(21.2, 429, 0)], "no recovery"),
        ([row(21.0, 200, 4), row(21.1, 429, 0)], "refused with allowance left"),
        ([row(21.0, 200, 4), row(21.1, None, None), row(21.2, 200, 2)], None),  # the lost one was counted
        ([row(21.0, 200, 4), row(21.1, None, None), row(21.2, 200, 3)], None),  # it never arrived
        ([row(26.0, 200, 4), row(26.1, None, None), row(26.2, 200, 1)], "remaining"),
        ([row(21.0, 200, 4), row(21.1, 401, None), row(21.2, 200, 3)], None),
        ([row(21.0, 200, 4), row(21.1, 422, 4), row(21.2, 200, 3)], None),  # a free 422
        ([row(26.0, 200, 4), *(row(26 + i / 10, 422, 4) for i in (1, 2, 3)), row(26.4, 200, 2)], "remaining"),
    ],
)
def test_after_a_burst(then: list[Row], kind: str | None) -> None:
    refuted = survivors([*BURST, *then]).refuted
    assert (refuted.kind if refuted else None) == kind


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [row(0.0, 200, None, None), row(0.1, 429, None, None)],  # no Limit told
        [row(0.0, 200, 4, 5), row(0.1, 200, 9, 10)],  # another Limit each time: another promise's business
    ],
)
def test_without_a_constant_limit_nothing_is_concluded(rows: list[Row]) -> None:
    survey = survivors(rows)
    assert (survey.candidates, survey.limit, survey.refuted) == (CANDIDATES, None, None)


def test_what_follows_an_answer_at_once_overlaps_with_nothing() -> None:
    """A coarse clock shows the next request at the moment of the last answer: their order is known all the same."""
    in_turn = [Row(i / 10, (i + 1) / 10, 200, 30, 29 - i, i) for i in range(3)]
    assert stretches(in_turn) == [(0, 1, 1), (1, 2, 1), (2, 3, 1)]
    assert stretches([in_turn[0], Row(0.05, 0.2, 200, 30, 28, 1)]) == [(0, 2, 2)]


def test_the_witness_is_small() -> None:
    """A hundred honest minutes before the fault are no part of it."""
    limiter = FixedFirst(5)
    honest = [Row(20.0 * i, 20.0 * i + 0.01, *seen(limiter, 20.0 * i), i) for i in range(300)]
    frozen = [Row(6000.0 + i / 10, 6000.01 + i / 10, 200, 5, 4, 300 + i) for i in range(4)]
    refuted = survivors([*honest, *frozen]).refuted
    assert refuted is not None
    assert set(refuted.witness) <= set(range(298, 304))


@pytest.mark.parametrize("often", [0.05, 0.1, 0.4])
@pytest.mark.parametrize("variant", ["fixed-first", "fixed-clock", "sliding-log", "sliding-counter", "token-bucket"])
def test_a_stranger_who_spends_too_is_noticed(variant: str, often: float) -> None:
    rows = probe(LEGAL[variant](30), stranger=often)
    survey = survivors(rows)
    assert survey.refuted is None or survey.others_spend
    assert not broken(rows), "of what another client spends no server is to blame"


def test_it_is_quick_enough_to_be_asked_often() -> None:
    rows = probe(FixedFirst(30))
    started_s = time.process_time()
    survivors(rows)
    assert len(rows) > 150
    assert time.process_time() - started_s < 1.0  # a fifth of that where nothing else runs
