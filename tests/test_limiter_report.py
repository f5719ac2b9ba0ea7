"""What report.json says of the limiter: figures that hold for whichever candidate it is, a bounded timeline."""

from typing import Any

import pytest

from contracts.evidence import Evidence
from contracts.observations.limiter import POINTS, limiter, safe_rate_per_s, wait_after_429_s, wait_for_burst_s
from contracts.rules.limiters import CANDIDATES
from contracts.rules.limiters.rows import LONGEST
from tests.build import FACTS, answer, asked, numbered, ok, record, reply
from tests.simulated_limiters import LEGAL, Limiter, name_of


def told(limiter_: Limiter, times_s: list[float]) -> Any:
    exchanges = []
    for number, now_s in enumerate(times_s, 1):
        admitted, remaining = limiter_.decide(now_s)
        outcome = answer(200 if admitted else 429, reply(ok(0)), limit=limiter_.limit, left=remaining)
        exchanges.append(asked([record(0, number % 60)], outcome, seq=number, at_s=now_s - 0.001))
    return limiter(Evidence(FACTS, exchanges))


def test_the_figures_of_a_fixed_window_told_apart() -> None:
    fixed = LEGAL["fixed-first"](5)
    bursts = [began_s + i / 100 for began_s in (110.0, 126.0) for i in range(7)]
    data = told(fixed, sorted([100.0, *(109.5 + i / 10 for i in range(4)), *bursts, 116.5, 135.8]))
    assert (data["candidates"], data["limit"], data["window_s"]) == (["fixed-first"], 5, 10.0)
    assert (data["largest_burst"], data["others_spend"], data["keys_share"]) == (5, False, None)
    assert data["safe_rate_per_s"] == pytest.approx(5 / 10.25, abs=1e-3)
    assert data["wait_after_429_s"] == data["wait_for_burst_s"] == 10.25
    assert data["records_per_hour"] == int(5 / 10.25 * 3600)
    assert data["timeline"]["windows"] == pytest.approx([100, 110, 126], abs=0.01)
    assert data["timeline"]["points"][0] == {"t_s": 99.999, "status": 200, "remaining": 4}
    assert any("After a 429, wait" in sentence for sentence in data["words"])


def test_the_timeline_is_bounded() -> None:
    data = told(LEGAL["fixed-clock"](10_000), [100 + i / 1000 for i in range(POINTS + 500)])
    assert POINTS / 2 <= len(data["timeline"]["points"]) <= POINTS


def test_a_refuted_limiter_has_no_figures() -> None:
    exchanges = numbered(asked([record(0, i)], answer(200, reply(ok(0)), limit=9, left=8)) for i in range(20))
    data = limiter(Evidence(FACTS, exchanges))
    assert data is not None
    assert (data["candidates"], data["safe_rate_per_s"], data["largest_burst"]) == ([], None, None)
    assert "no legal limiter" in data["words"][0]


@pytest.mark.parametrize("limit", [1, 2, 5, 30])
@pytest.mark.parametrize("variant", LEGAL)
def test_the_advice_is_safe(variant: str, limit: int) -> None:
    """Steadily at the safe rate nobody is refused; nor is one after the wait, nor a burst after its silence."""
    name = name_of(variant)
    assert name in CANDIDATES
    steady, now_s = LEGAL[variant](limit), 100.0
    for _ in range(5 * limit + 5):
        assert steady.decide(now_s)[0]
        now_s += 1.0001 / safe_rate_per_s(name, limit, 10.0)
    for wait_s, burst in (
        (wait_after_429_s(name, limit, 10.0), 1),
        (wait_for_burst_s(name, limit, 10.0), 1 if name == "leaky" else limit),
    ):
        late, now_s = LEGAL[variant](limit), 104.9
        for _ in range(3 * limit + 2):
            now_s += 0.0001
            late.decide(now_s)
        assert not late.decide(now_s)[0]
        now_s += wait_s * (1 + 1e-6) + (LONGEST if "whole seconds" in variant else 0.0)
        assert all(late.decide(now_s)[0] for _ in range(burst)), (wait_s, burst)
