"""When requests are due, and what a batch costs: pure functions against what is known of them."""

import random
from itertools import pairwise

import pytest

from loadtests.figures.costs import costs, thinned
from loadtests.run.plan import Terms
from loadtests.scenarios.arrivals import Arrivals, due_times
from loadtests.scenarios.search import Search


def test_constant_is_even() -> None:
    times = list(due_times("constant", 4, 2.0))
    assert times == [0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75]


def test_a_ramp_grows_evenly_to_its_rate() -> None:
    times = list(due_times("ramp", 100, 10.0))
    assert len(times) == pytest.approx(500, abs=1)
    assert sum(time < 5 for time in times) == pytest.approx(125, abs=1)
    assert all(one < other for one, other in pairwise(times))
    assert sum(9 <= time < 10 for time in times) == pytest.approx(95, abs=1)


def test_poisson_comes_by_chance_and_the_same_for_a_seed() -> None:
    times = list(due_times("poisson", 50, 100.0, seed=3))
    gaps = [other - one for one, other in pairwise(times)]
    mean = sum(gaps) / len(gaps)
    spread = sum((gap - mean) ** 2 for gap in gaps) / len(gaps)
    assert len(times) == pytest.approx(5000, rel=0.05)
    assert spread**0.5 == pytest.approx(mean, rel=0.1), "an exponential's deviation is its mean"
    assert times == list(due_times("poisson", 50, 100.0, seed=3)) != list(due_times("poisson", 50, 100.0, seed=4))


@pytest.mark.parametrize(("arrival", "rate"), [("constant", 0), ("ramp", -1), ("poisson", float("inf")), ("often", 1)])
def test_what_is_no_schedule_is_refused(arrival: str, rate: float) -> None:
    with pytest.raises(ValueError, match=r"requests a second|is none of"):
        list(due_times(arrival, rate, 1.0))


def test_only_a_user_that_was_free_is_the_generators_delay() -> None:
    arrivals = Arrivals(iter([0.0, 1.0, 2.0]), 10.0, 0.05)
    assert arrivals.next_s(9.5) == 10.0
    arrivals.went(10.0, 10.2)
    assert arrivals.next_s(12.0) == 11.0, "due while all waited for the target"
    assert (arrivals.late, arrivals.never_free) == (1, 1)
    assert arrivals.worst_s == pytest.approx(0.2)
    assert arrivals.next_s(11.5) == 12.0
    assert arrivals.next_s(11.5) is None


@pytest.mark.parametrize(("power", "superlinear"), [(1.0, False), (2.0, True)])
def test_the_cost_of_a_batch_is_found(power: float, superlinear: bool) -> None:
    chance = random.Random(1)  # noqa: S311
    samples = {
        n: [5 + 0.05 * n**power + chance.expovariate(4) for _ in range(20)] for n in (1, 2, 5, 10, 20, 50, 100, 240)
    }
    found = costs(samples)
    assert found is not None
    assert found["superlinear"] is superlinear
    low, high = found["exponent_interval"]
    assert low <= power <= high
    assert high - low < 1
    if power == 1:
        assert found["base_ms"] == pytest.approx(5.2, rel=0.1)
        assert found["per_record_ms"] == pytest.approx(0.05, rel=0.1)


@pytest.mark.parametrize("spread_ms", [0.05, 0.5])
def test_of_what_hardly_grows_the_cost_is_no_open_question(spread_ms: float) -> None:
    chance = random.Random(2)  # noqa: S311
    sizes = (1, 2, 3, 5, 10, 20, 50, 100, 200, 240)
    samples = {n: [4 + 0.0005 * n + chance.expovariate(1 / spread_ms) for _ in range(20)] for n in sizes}
    found = costs(samples)
    assert found is not None
    assert found["exponent_interval"][1] < 0.5
    assert found["superlinear"] is False


@pytest.mark.parametrize("seed", range(5))
def test_sizes_that_were_tried_once_show_no_growth(seed: int) -> None:
    """As between the largest accepted and the smallest refused, while the bound is looked for."""
    chance = random.Random(seed)  # noqa: S311
    samples = {n: [chance.uniform(2, 6) for _ in range(40)] for n in (1, 2, 3, 5, 10, 20)}
    found = costs(samples | {35: [3.4], 38: [6.6], 40: [5.8]})
    assert found is not None
    assert found["exponent_interval"][1] < 1.5


@pytest.mark.parametrize("each", [3, 4, 5])
def test_a_few_answers_on_a_busy_machine_stop_no_release(each: int) -> None:
    """Of three in ten, something else takes 30 ms on average."""
    chance = random.Random(each)  # noqa: S311
    for _ in range(12):
        samples = {
            n: [
                5 + 0.02 * n + chance.gauss(0, 0.3) + (chance.random() < 0.3) * chance.expovariate(1 / 30)
                for _ in range(each)
            ]
            for n in (1, 5, 10, 20, 50, 100)
        }
        found = costs(samples)
        assert found is None or found["exponent_interval"][0] < 1.5


def test_of_too_little_no_cost_is_told() -> None:
    assert costs({1: [1.0] * 20, 10: [2.0] * 20}) is None
    assert costs({n: [float(n)] * 3 for n in (1, 2, 5, 10, 20)}) is None


@pytest.mark.parametrize(
    ("limit", "sizes"),
    [(None, [*range(1, 12)]), (40, [*range(1, 12)]), (12, [1, 3, 4, 6, 8, 9, 11]), (1, [1, 3, 6, 9, 11])],
)
def test_where_few_requests_are_let_in_fewer_sizes_are_tried(limit: int | None, sizes: list[int]) -> None:
    assert thinned([*range(1, 12)], Terms(limit, 10).within(30)) == sizes


@pytest.mark.parametrize(
    ("capacity", "why"), [(700.0, "target"), (33.0, "limiter"), (2.0, "generator"), (1e9, "not found")]
)
def test_the_highest_rate_is_found(capacity: float, why: str) -> None:
    search = Search(5.0, 20_000.0)
    tries = 0
    while search.rate_per_s is not None:
        kept = search.rate_per_s <= capacity
        search.tried(kept, "" if kept else why)
        tries += 1
        assert tries < 30
    assert search.bound_by == why
    assert search.kept is not None
    assert search.kept <= capacity
    assert capacity > 20_000 or search.kept > capacity / 1.11
