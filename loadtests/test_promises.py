"""Last: one item a promise and one a gate. With `contracts` in the same run, its items speak for the promises."""

import pytest

from contracts.run.harness import Harness
from contracts.test_promises import confirmed, report_on, test_promise

__all__ = ["confirmed", "test_gate", "test_promise"]


@pytest.mark.promise
def test_gate(gate_id: str, harness: Harness, request: pytest.FixtureRequest) -> None:
    """Held, broken or undecided, in all scenarios that it speaks of."""
    report_on(gate_id, harness, request.node)
