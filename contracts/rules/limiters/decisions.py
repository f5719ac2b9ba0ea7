"""One decision of one model: from the states before it, the states after it, under each assumption about costs."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any

from contracts.rules.limiters.rows import LOOK, Act, Decision, Model, Row

Costs = tuple[tuple[int, int], ...]  # (status, what it costs), for the statuses met so far
States = dict[Hashable, Any]


@dataclass(frozen=True, slots=True)
class Clock:
    """How the server's record of a moment follows from it: exactly, or in whole ticks from an unknown phase.

    late: Remaining is read off while the answer leaves, not as the request is decided; others may have come between.
    """

    tick_s: float = 0.0
    phase_lo_s: float = 0.0
    phase_hi_s: float = 0.0
    late: bool = False

    def earliest(self, moment_s: float) -> float:
        return math.floor((moment_s - self.phase_hi_s) / self.tick_s) * self.tick_s if self.tick_s else moment_s

    def latest(self, moment_s: float) -> float:
        return math.floor((moment_s - self.phase_lo_s) / self.tick_s) * self.tick_s if self.tick_s else moment_s


EXACT = Clock()


def outcomes(row: Row, costs: Costs, model: Model[Any]) -> Iterator[tuple[Costs, Act | None, int | None]]:
    """What the decision may have been: (costs assumed, act, Remaining told); no act where there was no decision."""
    status = row.status
    if status == 429:
        yield costs, Act.REFUSED, None
    elif status == LOOK:
        yield costs, Act.FREE if row.remaining is not None else None, row.remaining
    elif status is None or status >= 500 or 300 <= status < 400:
        yield costs, None, None
        yield costs, Act.COUNTED, None
        yield costs, Act.FREE, None
        if model.refusals_matter:
            yield costs, Act.REFUSED, None
    elif status < 300:
        yield costs, Act.COUNTED, row.remaining
    else:
        known = dict(costs).get(status)
        for cost in (0, 1) if known is None else (known,):
            paid = costs if known is not None else tuple(sorted((*costs, (status, cost))))
            yield paid, Act.COUNTED if cost else Act.FREE, row.remaining


def cost_is_open(status: int) -> bool:
    """Whether the document leaves open what an answer of this status costs."""
    return 400 <= status < 500 and status != 429


def decide(
    model: Model[Any], living: dict[Costs, States], row: Row, span: tuple[float, float, float]
) -> dict[Costs, States]:
    """The states after one decision taken within span: (earliest, latest, the one before it not earlier than)."""
    after: dict[Costs, States] = {}
    for costs, states in living.items():
        for paid, act, remaining in outcomes(row, costs, model):
            met = after.setdefault(paid, {})
            if act is None:
                add(model, met, states.values())
                continue
            add(model, met, model.step(states.values(), Decision(*span, act, remaining)))
    return {costs: states for costs, states in after.items() if states}


def add(model: Model[Any], states: States, more: Any) -> None:
    """Join more states to those of the same key."""
    for state in more:
        key = model.key(state)
        met = states.get(key)
        states[key] = state if met is None or met == state else model.join(met, state)


def begin(model: Model[Any], row: Row, clock: Clock = EXACT) -> dict[Costs, States]:
    """An unknown past."""
    first = Decision(clock.earliest(row.sent_s), clock.latest(row.answered_s), -math.inf, Act.FREE, None)
    states: States = {}
    add(model, states, model.start(first))
    return {(): states}
