"""Limiters in a crowd, a stampede and a flood: what is searched for an order of decisions, and what is counted only."""

import random
from collections.abc import Callable, Sequence

import pytest

from contracts.rules.limiters import Row, survivors
from contracts.rules.limiters.trial import ROWS_SEARCHED
from tests.simulated_faults import FAULTS
from tests.simulated_limiters import LEGAL, FixedFirst, Limiter, SlidingLog, name_of


def flood(limiter: Limiter, *, users: int, until_s: float) -> list[Row]:
    """So many users, each sending the next request when the last one is answered."""
    chance = random.Random(3)  # noqa: S311  round trips, no secrets
    free_s = [chance.random() * 0.1 for _ in range(users)]
    planned = []
    while min(free_s) < until_s:
        user = free_s.index(min(free_s))
        sent_s = free_s[user]
        decided_s = sent_s + chance.random() * 0.2
        free_s[user] = decided_s + chance.random() * 0.2
        planned.append((decided_s, sent_s, free_s[user]))
    rows = []
    for seq, (decided_s, sent_s, answered_s) in enumerate(sorted(planned)):
        admitted, remaining = limiter.decide(decided_s)
        rows.append(Row(sent_s, answered_s, 200 if admitted else 429, limiter.limit, remaining, seq))
    return rows


@pytest.mark.parametrize("variant", ["fixed-clock", "sliding-log", "sliding-counter", "token-bucket"])
def test_a_legal_limiter_lives_through_a_crowd(variant: str) -> None:
    """More in flight than orders can be tried, few enough to look at."""
    assert variant in survivors(flood(LEGAL[variant](10), users=10, until_s=0.4)).candidates


@pytest.mark.parametrize("variant", LEGAL)
def test_a_legal_limiter_lives_through_a_flood(variant: str) -> None:
    survey = survivors(flood(LEGAL[variant](50), users=20, until_s=25))
    assert survey.refuted is None
    assert name_of(variant) in survey.candidates or "whole seconds" in variant


Told = Callable[[Sequence[int]], Sequence[int]]  # what a burst is told, from what remained after each decision


def stampede(
    limiter: Limiter, *, lasts_s: float, bursts: int = 20, users: int = 13, told: Told = lambda left: left
) -> list[Row]:
    """So many at once, again and again; after a refusal a silence in which all comes back."""
    chance = random.Random(5)  # noqa: S311  round trips, no secrets
    now_s, rows = 0.0, list[Row]()
    for _ in range(bursts):
        moments = sorted(now_s + chance.random() * lasts_s for _ in range(users))
        decisions = [limiter.decide(moment_s) for moment_s in moments]
        let_in = sum(admitted for admitted, _ in decisions)
        remaining = iter(told([left for admitted, left in decisions if admitted]))
        for moment_s, (admitted, _) in zip(moments, decisions, strict=True):
            left = next(remaining) if admitted else 0
            sent_s, answered_s = now_s + chance.random() * (moment_s - now_s), moment_s + chance.random() * lasts_s
            rows.append(Row(sent_s, answered_s, 200 if admitted else 429, limiter.limit, left, len(rows)))
        now_s = max(row.answered_s for row in rows) + (0.02 if let_in == users else 12.0)
    return rows


@pytest.mark.parametrize("lasts_s", [0.02, 0.3])
@pytest.mark.parametrize("variant", LEGAL)
def test_a_legal_limiter_lives_through_a_stampede(variant: str, lasts_s: float) -> None:
    survey = survivors(stampede(LEGAL[variant](60), lasts_s=lasts_s))
    assert survey.refuted is None
    assert name_of(variant) in survey.candidates or "whole seconds" in variant


@pytest.mark.parametrize(
    "told",
    [
        lambda left: [max(left, default=0)] * len(left),  # as it was before any of them was counted
        lambda left: [max(left, default=0) + 1] * len(left),  # and without itself
        lambda left: [each + (place % 2) for place, each in enumerate(left)],  # by pairs
    ],
)
def test_a_remaining_told_to_several_at_once_is_refuted(told: Told) -> None:
    survey = survivors(stampede(FixedFirst(60), lasts_s=0.02, users=4, told=told))
    assert survey.refuted is not None
    assert not survey.others_spend


def test_a_remaining_that_is_read_off_after_all_of_them_is_legal() -> None:
    limiter, rows = FixedFirst(60), list[Row]()
    for burst in range(20):
        began_s = 5.0 * burst
        decisions = [limiter.decide(began_s + 0.01) for _ in range(13)]
        left = min(left for _, left in decisions)
        for admitted, _ in decisions:
            rows.append(Row(began_s, began_s + 0.02, 200 if admitted else 429, 60, left, len(rows)))
    assert survivors(rows).refuted is None


@pytest.mark.parametrize("limiter", [FixedFirst(60), SlidingLog(60)])
def test_a_race_at_the_end_of_the_allowance_is_refuted(limiter: Limiter) -> None:
    """All of a burst are let in whose first still found some left, and each is told that nothing remains."""

    class Racing:
        limit, burst_s, found = 60, -1.0, True

        def decide(self, now_s: float, cost: int = 1) -> tuple[bool, int]:
            admitted, left = limiter.decide(now_s, cost)
            if now_s - self.burst_s > 0.015:
                self.burst_s, self.found = now_s, admitted
            return self.found, left

    refuted = survivors(stampede(Racing(), lasts_s=0.01)).refuted
    assert refuted is not None
    assert refuted.kind == "over-admission"


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("over-admission by a race", "over-admission"),
        ("never refuses", "over-admission"),
        ("enforces twice the Limit", "over-admission"),
        ("a window of 1 s", "over-admission"),
    ],
)
def test_a_flood_is_counted(fault: str, kind: str) -> None:
    refuted = survivors(flood(FAULTS[fault](50), users=20, until_s=40)).refuted
    assert refuted is not None
    assert refuted.kind == kind


def one_by_one(limiter: Limiter, requests: int) -> list[Row]:
    """One user, a thousand requests a second."""
    rows = []
    for seq in range(requests):
        sent_s = seq / 1000
        admitted, remaining = limiter.decide(sent_s + 0.0004)
        rows.append(Row(sent_s, sent_s + 0.0008, 200 if admitted else 429, limiter.limit, remaining, seq))
    return rows


@pytest.mark.parametrize("variant", LEGAL)
def test_a_legal_limiter_lives_through_more_than_is_searched(variant: str) -> None:
    survey = survivors(one_by_one(LEGAL[variant](50), ROWS_SEARCHED + 2_000))
    assert survey.refuted is None
    assert name_of(variant) in survey.candidates or "whole seconds" in variant


def test_what_comes_after_all_that_is_searched_is_counted() -> None:
    class Tired:
        limit, asked = 50, 0
        honest = FixedFirst(50)

        def decide(self, now_s: float, cost: int = 1) -> tuple[bool, int]:
            self.asked += 1
            admitted, left = self.honest.decide(now_s, cost)
            return admitted or self.asked > ROWS_SEARCHED, left

    refuted = survivors(one_by_one(Tired(), ROWS_SEARCHED + 2_000)).refuted
    assert refuted is not None
    assert refuted.kind == "over-admission"
