"""What is believed of a limiter while a run goes on: the candidates that live after the rows so far."""

from __future__ import annotations

import math
from typing import Any

from contracts.rules.limiters.candidates import models
from contracts.rules.limiters.decisions import Costs, States, begin, decide
from contracts.rules.limiters.rows import Model, Row, Terms
from contracts.rules.limiters.search import TOO_MANY_IN_TURN

_TICK_RANGES = 11  # every row is tried on all models while the run goes on


class Belief:
    """Takes rows one at a time, in the order sent. Those that overlap it cannot order: it then starts anew."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._living: list[tuple[Model[Any], dict[Costs, States]]] = []
        self._begun = False
        self._last: Row | None = None

    def observe(self, row: Row) -> None:
        """Keep the candidates that explain this row as well."""
        last = self._last
        if last is None or row.sent_s < last.answered_s:
            self._living = [(model, begin(model, row)) for model in models(self._terms, _TICK_RANGES)]
        span = row.sent_s, row.answered_s, last.sent_s if last else -math.inf
        after = [(model, decide(model, living, row, span)) for model, living in self._living]
        self._living = [(model, _within_bounds(model, living, row)) for model, living in after if living]
        if last is None or row.answered_s > last.answered_s:
            self._last = row

    def ready_s(self) -> float | None:
        """From when on, in silence, every living candidate lets one more in; None where none lives.

        Minus infinity where all of them would now.
        """
        return max(
            (
                model.ready_s(state)
                for model, living in self._living
                for states in living.values()
                for state in states.values()
            ),
            default=None,
        )

    def costs_nothing(self, status: int) -> bool:
        """Whether every living candidate takes an answer of this status for free."""
        paid = [costs for _, living in self._living for costs in living]
        return bool(paid) and all((status, 0) in costs for costs in paid)


def _within_bounds(model: Model[Any], living: dict[Costs, States], row: Row) -> dict[Costs, States]:
    """What lives; an unknown past where answers of unknown cost have made too much of it."""
    return living if sum(map(len, living.values())) <= TOO_MANY_IN_TURN else begin(model, row)
