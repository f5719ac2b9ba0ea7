"""A legal limiter is never excluded: every class, however its requests are delayed, overlapped, reordered or lost."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.rules.limiters import Row, survivors
from tests.simulated_limiters import LEGAL, Limiter, name_of

BOUNDED = settings(deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)

Costs = dict[int, int]


def history(  # noqa: C901 — one loop, read from the top
    limiter: Limiter, seed: int, *, requests: int, in_flight: int, costs: Costs, used_before: bool
) -> list[Row]:
    """Requests in bursts and silences; in_flight at a time, decided in an order of the server's own."""
    chance = random.Random(seed)  # noqa: S311  traffic, no secrets
    now_s = 100.0
    if used_before:
        for _ in range(chance.randrange(2 * limiter.limit)):
            now_s += chance.choice([0.001, 0.3])
            limiter.decide(now_s)
    start_s = now_s
    planned: list[tuple[float, float, float, int | None]] = []
    while len(planned) < requests:
        now_s += chance.choice([0.0005, 0.002, 0.02, 0.4, 2.5, 5.0, 10.0, 10.3, 21.0])
        for _ in range(min(chance.randrange(1, limiter.limit + 3), 3 * in_flight + 12)):
            latest_s = now_s
            for _ in range(chance.randrange(1, in_flight + 1)):
                sent_s = now_s + chance.random() * 0.02
                decided_s = sent_s + chance.random() * chance.choice([0.001, 0.02, 0.3])
                answered_s = decided_s + chance.random() * chance.choice([0.001, 0.02])
                planned.append((decided_s, sent_s, answered_s, chance.choice([200, 200, 200, *costs])))
                latest_s = max(latest_s, answered_s)
            now_s = latest_s + chance.choice([0.0001, 0.01])
    rows = []
    for seq, (decided_s, sent_s, answered_s, status) in enumerate(sorted(planned)):
        lost = chance.random() < 0.04
        if lost and chance.random() < 0.5:
            told = Row(sent_s - start_s, answered_s - start_s, None, None, None, seq)  # never reached the server
        else:
            let_in, remaining = limiter.decide(decided_s, costs.get(status or 0, 1))
            told = Row(sent_s - start_s, answered_s - start_s, status, limiter.limit, remaining, seq)
            if not let_in:
                told = Row(told.sent_s, told.answered_s, 429, limiter.limit, 0, seq)
            elif status == 401:  # many a server has no headers here
                told = Row(told.sent_s, told.answered_s, 401, None, None, seq)
            if lost:
                told = Row(told.sent_s, told.answered_s, None, None, None, seq)
        rows.append(told)
    chance.shuffle(rows)
    return rows


@pytest.mark.parametrize("variant", LEGAL)
@settings(BOUNDED, max_examples=6)
@given(
    seed=st.integers(0, 10**6),
    limit=st.sampled_from([1, 2, 5, 20, 60]),
    in_flight=st.sampled_from([1, 1, 2, 3]),
    costs=st.sampled_from([{}, {422: 0}, {422: 1, 401: 0}, {400: 1, 401: 1}]),
    used_before=st.booleans(),
)
def test_never_excluded(variant: str, seed: int, limit: int, in_flight: int, costs: Costs, used_before: bool) -> None:
    limiter = LEGAL[variant](limit)
    rows = history(limiter, seed, requests=40, in_flight=in_flight, costs=costs, used_before=used_before)
    survey = survivors(rows)
    assert survey.refuted is None, survey.refuted
    if "whole seconds" not in variant:  # supposed only where nothing else explains the answers
        assert name_of(variant) in survey.candidates
    assert all(costs[status] in survey.costs[status] for status in survey.costs)
