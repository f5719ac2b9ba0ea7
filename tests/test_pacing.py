"""Pacing on a virtual clock against every class of limiter: no refusal that was not asked for, no idle waiting."""

import random

import pytest

from contracts.rules.limiters import Row
from contracts.wire.pacing import GiveUp, Go, Pacer, next_send
from tests.simulated_limiters import LEGAL, Limiter

ROUND_TRIP_S = 0.02


class Run:
    """Sends paced requests to a simulated limiter; sleeping is adding to the clock."""

    def __init__(self, limiter: Limiter, *, told: bool = True, seed: int = 1) -> None:
        self.limiter, self.told = limiter, told
        self.pacer = Pacer()
        self.random = random.Random(seed)  # noqa: S311  round trips, no secrets
        self.now_s = self.waited_s = 0.0
        self.rows: list[Row] = []
        self.given_up: GiveUp | None = None

    def send(self, *, status: int = 200, cost: int = 1, silent: bool = False, paced: bool = True) -> None:
        if paced:
            verdict = self.pacer.next_send(self.now_s)
            if isinstance(verdict, GiveUp):
                self.given_up = verdict
                return
            self.waited_s += verdict.not_before_s - self.now_s
            self.now_s = verdict.not_before_s
        sent_s = self.now_s
        decided_s = sent_s + self.random.random() * ROUND_TRIP_S / 2
        self.now_s = decided_s + self.random.random() * ROUND_TRIP_S / 2
        admitted, remaining = self.limiter.decide(decided_s, cost)
        told = self.told and not silent
        row = Row(
            sent_s,
            self.now_s,
            status if admitted else 429,
            self.limiter.limit if told else None,
            remaining if told else None,
            len(self.rows),
        )
        self.rows.append(row)
        self.pacer.observe(row)

    def refusals(self) -> int:
        return sum(row.status == 429 for row in self.rows)


# Of the ideal, which is the limit in every ten seconds, all waiting together takes at most so many times as much and
# two windows: with one or two a window no silence tells a sliding counter from the others, which it needs twice over.
FACTOR = {1: 2.1, 2: 2.1, 5: 1.4, 20: 1.1, 100: 1.0}


@pytest.mark.parametrize("limit", FACTOR)
@pytest.mark.parametrize("variant", LEGAL)
def test_nothing_is_refused_unasked_and_little_time_is_lost(variant: str, limit: int) -> None:
    """One in ten is a 401 without headers, free or not; a server that rounds up has one refusal to show it."""
    run = Run(LEGAL[variant](limit))
    for i in range(300):
        if i % 10 == 7:
            run.send(status=401, cost=limit % 2, silent=True)
        else:
            run.send()
    assert run.given_up is None
    assert run.refusals() <= ("rounding up" in variant and limit > 1)
    assert run.waited_s <= FACTOR[limit] * 300 * 10 / limit + 20.5


@pytest.mark.parametrize("variant", LEGAL)
def test_a_burst_that_was_meant_to_be_refused_is_waited_out(variant: str) -> None:
    run = Run(LEGAL[variant](5))
    for _ in range(12):
        run.send(paced=False)
    asked_for = run.refusals()
    for _ in range(40):
        run.send()
    assert run.given_up is None
    assert run.refusals() - asked_for <= ("rounding up" in variant or "refusals count" in variant)


def test_without_headers_nothing_is_paced_until_a_refusal() -> None:
    run = Run(LEGAL["fixed-first"](20), told=False)
    for _ in range(21):
        run.send()
    assert (run.waited_s, run.refusals()) == (0.0, 1)
    run.send()
    assert (10.0 <= run.waited_s <= 10.5, run.refusals()) == (True, 1)


class Closed:
    """Refuses everything."""

    limit = 3

    def decide(self, _now_s: float, _cost: int = 1) -> tuple[bool, int]:
        return False, 0


@pytest.mark.parametrize("told", [True, False])
def test_a_closed_door_is_given_up_after_three_windows(told: bool) -> None:
    run = Run(Closed(), told=told)
    for _ in range(9):
        run.send()
    assert run.given_up is not None
    assert "no allowance came back" in run.given_up.why
    assert len(run.rows) == 3
    assert run.now_s < 31


def refused(retry_after_s: float | None = None) -> Row:
    return Row(0.0, 0.1, 429, 5, 0, retry_after_s=retry_after_s)


@pytest.mark.parametrize(
    ("retry_after_s", "least_s", "most_s"),
    [
        (None, 10.1, 12.5),
        (1.0, 10.1, 12.5),  # shorter than a window: not trusted
        (17.0, 17.1, 17.2),
        (3600.0, 20.1, 20.6),  # more than two windows: a legal limiter has recovered by then
    ],
)
def test_retry_after_may_lengthen_the_silence(retry_after_s: float | None, least_s: float, most_s: float) -> None:
    verdict = next_send([refused(retry_after_s)], 0.2)
    assert isinstance(verdict, Go)
    assert least_s <= verdict.not_before_s <= most_s


@pytest.mark.parametrize(
    ("rows", "least_s", "most_s"),
    [
        ([], 0.0, 0.0),  # starts at once
        ([Row(0.0, 0.1, 200, 5, 4)], 0.0, 0.0),
        ([Row(0.0, 0.1, 200, 5, 0)], 10.0, 12.5),  # strangers may have spent the rest a moment ago
        ([Row(0.0, 0.1, 200, 5, 1), Row(0.2, 0.3, 401, None, None)], 10.2, 12.8),  # which may have cost the last one
        ([Row(0.0, 0.1, 200, 5, 1), Row(0.2, 9.3, None, None, None)], 19.3, 21.8),  # counted at the last moment
        ([Row(0.0, 0.1, 401, None, None)], 0.0, 0.0),
    ],
)
def test_the_next_may_go(rows: list[Row], least_s: float, most_s: float) -> None:
    verdict = next_send(rows, 0.0)
    assert isinstance(verdict, Go)
    assert least_s <= verdict.not_before_s <= most_s


def test_a_free_answer_is_learnt() -> None:
    """Once Remaining fell by one over a 401 and a 200 together, often enough to be no refill, no 401 is waited for."""
    rows = [Row(0.0, 0.01, 200, 9, 8)]
    for i in range(1, 6):
        rows += [Row(i / 10, i / 10 + 0.01, 401, None, None), Row(i / 10 + 0.05, i / 10 + 0.06, 200, 9, 8 - i)]
    rows += [Row(0.6 + i / 10, 0.65 + i / 10, 401, None, None) for i in range(9)]
    assert next_send(rows, 2.0) == Go(2.0, "3 left")


class Wrong:
    """Lets everything in, and tells what it likes."""

    def __init__(self, limit: int, fall: int) -> None:
        self.limit, self.fall, self.left = limit, fall, limit

    def decide(self, _now_s: float, cost: int = 1) -> tuple[bool, int]:
        self.left = max(0, self.left - self.fall * cost)
        return True, self.left


@pytest.mark.parametrize("wrong", [Wrong(50, 50), Wrong(500, 10), Wrong(90, 3)])
def test_a_remaining_that_is_plainly_wrong_is_not_waited_for(wrong: Wrong) -> None:
    run = Run(wrong)
    for _ in range(200):
        run.send()
    assert run.waited_s <= 12 * 10


@pytest.mark.parametrize("variant", LEGAL)
@pytest.mark.parametrize("limit", [2, 9])
def test_another_client_does_not_make_remaining_wrong(variant: str, limit: int) -> None:
    run = Run(LEGAL[variant](limit))
    for _ in range(100):
        if run.random.random() < 0.2:
            run.limiter.decide(run.now_s)
        run.send()
    assert run.given_up is None
    assert run.refusals() <= 30
