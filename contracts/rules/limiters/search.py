"""Can this limiter have given these answers? A search over the orders in which the server may have decided.

Exact in the order where few requests overlap. Where many do, nothing is concluded: the model is taken up again, in an
unknown state, at the next moment without a request in flight, and `blind` says so.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts.rules.limiters.rows import Act, Decision, Model, Row

Costs = tuple[tuple[int, int], ...]  # (status, what it costs), for the statuses met so far
States = dict[Hashable, Any]
_TOO_MANY_IN_FLIGHT = 8
_TOO_MANY_STATES = 1500


@dataclass(frozen=True, slots=True)
class Clock:
    """How the server's record of a moment follows from it: exactly, or in whole ticks from an unknown phase."""

    tick_s: float = 0.0
    phase_lo_s: float = 0.0
    phase_hi_s: float = 0.0

    def earliest(self, moment_s: float) -> float:
        return math.floor((moment_s - self.phase_hi_s) / self.tick_s) * self.tick_s if self.tick_s else moment_s

    def latest(self, moment_s: float) -> float:
        return math.floor((moment_s - self.phase_lo_s) / self.tick_s) * self.tick_s if self.tick_s else moment_s


EXACT = Clock()


@dataclass(slots=True)
class Explained:
    """What became of one model: the row after which it was dead, if any, and the costs it lived with to the end."""

    dead_at: int | None = None
    blind: bool = False
    living: dict[Costs, States] = field(default_factory=dict)


def outcomes(row: Row, costs: Costs, model: Model[Any]) -> Iterator[tuple[Costs, Act | None, int | None]]:
    """What the decision may have been: (costs assumed, act, Remaining told); no act where there was no decision."""
    status = row.status
    if status == 429:
        yield costs, Act.REFUSED, None
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
            decision = Decision(*span, act, remaining)
            for state in states.values():
                add(model, met, model.step(state, decision))
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


def stretches(rows: Sequence[Row]) -> list[tuple[int, int, bool]]:
    """The history cut where no request was in flight: (first, after the last, few enough in flight to search)."""
    found = []
    first, latest, flying, few = 0, -math.inf, list[float](), True
    for i, row in enumerate(rows):
        if row.sent_s > latest and i > first:
            found.append((first, i, few))
            first, flying, few = i, [], True
        flying = [answered for answered in flying if answered >= row.sent_s] if few else flying
        if few:
            flying.append(row.answered_s)
            few = len(flying) <= _TOO_MANY_IN_FLIGHT
        latest = max(latest, row.answered_s)
    return [*found, (first, len(rows), few)] if rows else []


def explain(
    model: Model[Any], rows: Sequence[Row], pieces: Sequence[tuple[int, int, bool]], clock: Clock = EXACT
) -> Explained:
    """Try one model against rows sorted by sent_s, cut into pieces by `stretches`."""
    result = Explained()
    living: dict[Costs, States] = {}
    costs: set[Costs] = {()}
    for first, end, few in pieces:
        if not few:
            living, result.blind = {}, True
            continue
        if not living:
            states = begin(model, rows[first], clock)[()]
            living = dict.fromkeys(costs, states)
        went = (
            _one(model, living, rows, first, clock)
            if end - first == 1
            else _many(model, living, rows, (first, end), clock)
        )
        if went is None:
            living, result.blind = {}, True
            continue
        living, costs = went, set(went)
        if not living:
            result.dead_at = end - 1
            return result
    result.living = living or {paid: {} for paid in costs}
    return result


def _one(
    model: Model[Any], living: dict[Costs, States], rows: Sequence[Row], i: int, clock: Clock
) -> dict[Costs, States]:
    row = rows[i]
    since = rows[i - 1].sent_s if i else -math.inf
    span = clock.earliest(row.sent_s), clock.latest(row.answered_s), clock.earliest(since) if i else since
    return decide(model, living, row, span)


def _many(
    model: Model[Any], living: dict[Costs, States], rows: Sequence[Row], piece: tuple[int, int], clock: Clock
) -> dict[Costs, States] | None:
    """All orders of a piece in which requests overlap; None where there are too many."""
    first, end = piece
    nodes: dict[tuple[int, int], dict[Costs, States]] = {(first, 0): living}
    for _ in range(first, end):
        reached: dict[tuple[int, int], dict[Costs, States]] = {}
        for (base, mask), states in nodes.items():
            latest_decided = base + mask.bit_length() - 1 if mask else base - 1
            since = rows[latest_decided].sent_s if latest_decided >= 0 else -math.inf
            for i, latest in _next(rows, base, mask, end):
                span = (
                    clock.earliest(max(since, rows[i].sent_s)),
                    clock.latest(latest),
                    clock.earliest(since) if since > -math.inf else since,
                )
                after = decide(model, states, rows[i], span)
                node = _decided(base, mask, i)
                for paid, met in after.items():
                    add(model, reached.setdefault(node, {}).setdefault(paid, {}), met.values())
        nodes = reached
        if sum(len(met) for states in nodes.values() for met in states.values()) > _TOO_MANY_STATES:
            return None
    return nodes.get((end, 0), {})


def _decided(base: int, mask: int, i: int) -> tuple[int, int]:
    """The rows before base are decided, and those of the mask's bits, counted from base."""
    mask |= 1 << (i - base)
    while mask & 1:
        base, mask = base + 1, mask >> 1
    return base, mask


def _next(rows: Sequence[Row], base: int, mask: int, end: int) -> Iterator[tuple[int, float]]:
    """The rows that may be decided next, and until when: that is when the first undecided was answered."""
    bound = math.inf
    for i in range(base, end):
        if rows[i].sent_s > bound:
            break
        if not mask >> (i - base) & 1:
            bound = min(bound, rows[i].answered_s)
    for i in range(base, end):
        row = rows[i]
        if row.sent_s > bound:
            break
        if mask >> (i - base) & 1 or (i > base and _alike(rows[i - 1], row) and not mask >> (i - 1 - base) & 1):
            continue
        yield i, bound


def _alike(one: Row, other: Row) -> bool:
    return (one.sent_s, one.answered_s, one.status, one.remaining) == (
        other.sent_s, other.answered_s, other.status, other.remaining,
    )  # fmt: skip
