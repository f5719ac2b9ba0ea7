"""ThrottleProbe's plan on a virtual clock: short, within its budget, sharp, and fair to every legal limiter."""

from dataclasses import dataclass, field

import pytest

from contracts.rules.allowance import keys_share, survey_of
from tests.probing import COSTS, ReadingLate, Simulated, broken
from tests.simulated_faults import FAULTS, SUBTLE
from tests.simulated_limiters import LEGAL, FixedFirst, name_of


@pytest.mark.parametrize("limit", [1, 20])
@pytest.mark.parametrize("variant", LEGAL)
def test_a_legal_limiter_lives_and_the_probe_is_short(variant: str, limit: int) -> None:
    probe = Simulated(LEGAL[variant](limit), seed=limit)
    survey = probe.run()
    assert survey.refuted is None, survey.refuted
    assert name_of(variant) in survey.candidates or "whole seconds" in variant
    assert probe.took_s <= 165
    assert len(probe.rows) <= 12 * limit + 60


@pytest.mark.parametrize(
    ("fault", "limit"),
    [*((fault, limit) for fault in FAULTS for limit in (5, 30)), ("frozen", 200), ("no recovery", 200)],
)
def test_a_fault_is_refuted(fault: str, limit: int) -> None:
    survey = Simulated(FAULTS[fault](limit), delay_s=0.004).run()
    assert survey.refuted is not None
    assert not survey.others_spend


@pytest.mark.parametrize("fault", SUBTLE)
def test_a_subtle_fault_is_refuted(fault: str) -> None:
    probe = Simulated(SUBTLE[fault](5), delay_s=0.004)
    assert probe.run().refuted is not None
    assert broken(probe.rows) & {"RATE-1", "RATE-4"}


@pytest.mark.parametrize("variant", ["fixed-first", "sliding-log"])
def test_ten_users_at_once_do_not_hide_the_class(variant: str) -> None:
    assert Simulated(LEGAL[variant](20), delay_s=0.05, users=10).run().candidates == (variant,)


@pytest.mark.parametrize("limit", [5, 20])
@pytest.mark.parametrize("variant", ["fixed-first", "fixed-clock", "sliding-log", "sliding-counter", "token-bucket"])
def test_remaining_may_be_read_off_as_the_answer_leaves(variant: str, limit: int) -> None:
    """As Flask-Limiter and SlowAPI do: true when it is told, and lower than what the request itself left."""
    probe = ReadingLate(LEGAL[variant](limit), delay_s=0.05, users=10)
    survey = probe.run()
    assert survey.refuted is None, survey.refuted
    assert variant in survey.candidates
    assert not broken(probe.rows)


@pytest.mark.parametrize("fault", ["tells two at a time", "frozen", "never refuses", "a counter per process"])
def test_a_fault_is_none_the_less_refuted(fault: str) -> None:
    assert ReadingLate(FAULTS[fault](20), delay_s=0.05, users=10).run().refuted is not None


@pytest.mark.parametrize("share", [0.5, 0.8, 0.9, 1.2, 1.5, 2.0])
def test_another_window_is_refuted(share: float) -> None:
    assert Simulated(FixedFirst(5, 10.0 * share)).run().refuted is not None


@dataclass
class Racing:
    """Whoever comes within a moment of another reads the same count."""

    limit: int
    blind_s: float = 0.02
    inner: FixedFirst = field(init=False)
    snapshot: tuple[float, int] = (-1.0, 0)

    def __post_init__(self) -> None:
        self.inner = FixedFirst(self.limit)

    def decide(self, now_s: float, cost: int = 1) -> tuple[bool, int]:
        since_s, used = self.snapshot
        if now_s - since_s < self.blind_s:
            self.inner.used = used
        else:
            self.snapshot = now_s, self.inner.used
        return self.inner.decide(now_s, cost)


@pytest.mark.parametrize("fault", ["no recovery", "a window of 60 s", "a log of 60 s", "a bucket filled in 60 s"])
def test_no_recovery_shows_at_one_a_window(fault: str) -> None:
    assert Simulated(FAULTS[fault](1)).run().refuted is not None


@pytest.mark.parametrize("limit", [5, 30, 200])
def test_a_race_is_refuted(limit: int) -> None:
    assert Simulated(Racing(limit, blind_s=0.004), delay_s=0.01).run().refuted is not None


@pytest.mark.parametrize(
    ("variant", "twins"),
    [
        ("fixed-first", {"fixed-first"}),
        ("fixed-first-restarting", {"fixed-first-restarting"}),
        ("fixed-clock", {"fixed-clock", "token-bucket-lumps"}),  # one lump a window is a window of the clock
        ("sliding-log", {"sliding-log"}),
        ("sliding-log-counting", {"sliding-log-counting"}),
        ("sliding-counter", {"sliding-counter"}),
        ("token-bucket", {"token-bucket", "token-bucket-lumps"}),  # the smallest lumps are a flow
        ("leaky", {"leaky"}),
    ],
)
def test_the_true_class_stands_alone(variant: str, twins: set[str]) -> None:
    alone = sum(set(Simulated(LEGAL[variant](20), seed=seed).run().candidates) <= twins for seed in range(2))
    assert alone == 2


@pytest.mark.parametrize("limit", [1, 2, 5, 20])
@pytest.mark.parametrize("variant", ["fixed-first", "fixed-clock", "sliding-log", "sliding-counter", "token-bucket"])
@pytest.mark.parametrize("share", [True, False])
def test_whether_two_keys_share_is_told(variant: str, limit: int, share: bool) -> None:
    limiter = LEGAL[variant](limit)
    probe = Simulated(limiter, seed=limit, second=limiter if share else LEGAL[variant](limit))
    probe.run()
    told = keys_share(tuple(probe.rows), tuple(probe.second_rows), 10.0)
    assert told is share or (told is None and limit < 5)  # one or two a window say too little


@pytest.mark.parametrize("costs", [{401: 0, 400: 1, 422: 1}, {401: 1, 400: 0, 422: 0}])
@pytest.mark.parametrize("variant", LEGAL)
def test_what_errors_cost_is_told(variant: str, costs: dict[int, int]) -> None:
    """A leaky bucket lets none of them in to learn it; a bucket that refills may hide the odd one, never mistake it."""
    spent = {**COSTS, **{str(status): cost for status, cost in costs.items()}}
    probe = Simulated(LEGAL[variant](20), seed=3, costs=spent)
    probe.run()
    survey = survey_of(tuple(probe.rows), 10.0)
    assert survey.refuted is None
    assert name_of(variant) in survey.candidates
    assert all(costs[status] in told for status, told in survey.costs.items())
    if "bucket" not in variant and variant != "leaky":
        assert survey.costs == {status: frozenset({cost}) for status, cost in sorted(costs.items())}


@pytest.mark.parametrize("costs", [{401: 0, 400: 1, 422: 1}, {401: 1, 400: 0, 422: 0}])
@pytest.mark.parametrize("variant", ["fixed-first", "fixed-clock", "sliding-log"])
def test_what_errors_cost_is_told_at_five_a_window(variant: str, costs: dict[int, int]) -> None:
    probe = Simulated(LEGAL[variant](5), seed=3, costs={**COSTS, **{str(k): cost for k, cost in costs.items()}})
    probe.run()
    told = survey_of(tuple(probe.rows), 10.0).costs
    assert all(costs[status] in may for status, may in told.items())
    assert told[401] == {costs[401]} or told[400] == {costs[400]} == told[422]
