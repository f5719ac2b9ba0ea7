"""Limiters that we did not write are told by their class, and never blamed: whole probes, on a virtual clock."""

import pytest

from tests.benchmarks.limiters import TWINS, sweep
from tests.probing import Simulated
from tests.strangers import STRANGERS

# Both forget the fraction of a token at each request: at a steady pace of less than one a second nothing flows back,
# and fewer than the Limit get in. By the document, that is a fault.
LOSES_FRACTIONS = ("throttled-py, token bucket", "throttled-py, leaking bucket")


@pytest.mark.parametrize("limit", [6, 20])
@pytest.mark.parametrize("name", STRANGERS)
def test_a_limiter_of_another_hand_is_known(name: str, limit: int) -> None:
    make, true = STRANGERS[name]
    survey = Simulated(make(limit), seed=limit).run()
    if survey.refuted is not None:
        assert name in LOSES_FRACTIONS
        assert 1 < limit < 10
        return
    assert survey.refuted is None, survey.refuted
    assert true in survey.candidates
    if limit == 20:
        assert set(survey.candidates) <= {true, *TWINS.get(true, ())}


def test_the_sweep_blames_nobody() -> None:
    assert not [line for line, wrong in sweep(probes=1, limits=[9]) if wrong]
