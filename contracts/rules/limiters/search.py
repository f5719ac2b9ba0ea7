"""Can this limiter have given these answers? A search over the orders in which the server may have decided.

Exact in the order where few requests overlap. Where many do, `crowd` looks less closely; where that takes too long,
nothing is concluded: the model is taken up again, in an unknown state, at the next moment without a request in flight.
`blind` says that either was so.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from contracts.rules.limiters import crowd
from contracts.rules.limiters.decisions import EXACT, Clock, Costs, States, add, begin, decide
from contracts.rules.limiters.rows import LOOK, Model, Row

MOST_IN_FLIGHT = 8  # more are not searched in every order
_TOO_MANY_STATES = 500
TOO_MANY_IN_TURN = 60  # where no order is open, only answers of unknown cost multiply states
_STEPS, _STEPS_A_ROW, _ROWS = 6000, 4, 2000  # of the search through orders, for one model and one history
_TURNS, _TURNS_A_ROW = 1000, 15  # the same where no order is open
_CROWD_STEPS, _CROWD_STEPS_A_ROW = 8_000, 20
_PATIENCE_IF_COARSE = 0.25  # many phases are tried

Pieces = Sequence[tuple[int, int, int]]  # (first, after the last, the most in flight)
Nodes = dict[tuple[int, int], dict[Costs, States]]  # by which rows are decided: all before one, and a mask from there


@dataclass(slots=True)
class Explained:
    """What became of one model: the row after which it was dead, if any, and the costs it lived with to the end."""

    dead_at: int | None = None
    blind: bool = False
    living: dict[Costs, States] = field(default_factory=dict)


def stretches(rows: Sequence[Row]) -> Pieces:
    """The history, sorted by sent_s, cut where no request was in flight.

    Sent at the very moment of the last answer is after it: the way there takes longer than a clock's last digit.
    """
    found = []
    first, latest, flying, most = 0, -math.inf, list[float](), 0
    for i, row in enumerate(rows):
        if row.sent_s >= latest and i > first:
            found.append((first, i, most))
            first, flying, most = i, [], 0
        if most <= crowd.IN_FLIGHT:
            flying = [answered for answered in flying if answered >= row.sent_s]
            flying.append(row.answered_s)
            most = max(most, len(flying))
        latest = max(latest, row.answered_s)
    return [*found, (first, len(rows), most)] if rows else []


def explain(
    model: Model[Any], rows: Sequence[Row], pieces: Pieces, clock: Clock = EXACT, since: Explained | None = None
) -> Explained:
    """Try one model against rows sorted by sent_s, cut into pieces by `stretches`.

    since: what became of it in all pieces before these, to go on from there.
    """
    since = since or Explained(living={(): {}})
    if not clock.late:
        return _Search(model, rows, clock).run(pieces, since)
    result = _Search(model, _read_late(tuple(rows)), clock).run([(2 * a, 2 * b, most) for a, b, most in pieces], since)
    return result if result.dead_at is None else replace(result, dead_at=result.dead_at // 2)


@lru_cache(maxsize=8)
def _read_late(rows: tuple[Row, ...]) -> Sequence[Row]:
    """Two for each: the request, which tells nothing, and the moment at which its Remaining was read off."""
    return [
        part for row in rows for part in (replace(row, remaining=None), replace(row, status=LOOK, remaining=_told(row)))
    ]


def _told(row: Row) -> int | None:
    """A refusal's Remaining is another promise's business."""
    return None if row.status is None or row.status == 429 else row.remaining


class _Search:
    """One model, one history."""

    def __init__(self, model: Model[Any], rows: Sequence[Row], clock: Clock) -> None:
        self._model, self._rows, self._clock = model, rows, clock
        patience = _PATIENCE_IF_COARSE if clock.tick_s else 1.0
        self._steps_left = patience * (_STEPS + _STEPS_A_ROW * min(len(rows), _ROWS))
        self._turns_left = _TURNS + _TURNS_A_ROW * len(rows)
        in_crowds = patience * (_CROWD_STEPS + _CROWD_STEPS_A_ROW * min(len(rows), _ROWS))
        self._crowd = crowd.Patience(in_crowds, in_crowds)

    def run(self, pieces: Pieces, since: Explained) -> Explained:
        blind, costs = since.blind, set(since.living)
        living = since.living if all(since.living.values()) else {}
        for first, end, at_once in pieces:
            before = living or dict.fromkeys(costs, begin(self._model, self._rows[first], self._clock)[()])
            if at_once == 1:
                after = self._in_turn(before, first, end)
            else:
                after = self._through(before, first, end) if at_once <= MOST_IN_FLIGHT else None
            if after is None and 1 < at_once <= crowd.IN_FLIGHT:
                blind = True
                crowded = [row for row in self._rows[first:end] if row.status != LOOK]
                after = crowd.through(self._model, before, crowded, self._clock, self._crowd)
            if after is None:
                living, blind = {}, True
            elif after:
                living, costs = after, set(after)
            else:
                return Explained(dead_at=end - 1)
        return Explained(None, blind, living or {paid: {} for paid in costs})

    def _through(self, living: dict[Costs, States], first: int, end: int) -> dict[Costs, States] | None:
        """All orders of a piece; None where there are too many."""
        nodes: Nodes = {(first, 0): living}
        for _ in range(first, end):
            if self._steps_left < 0:
                return None
            nodes = self._decide_one(nodes, end)
            if sum(len(met) for node in nodes.values() for met in node.values()) > _TOO_MANY_STATES:
                return None
        return nodes.get((end, 0), {}) if self._steps_left >= 0 else None

    def _in_turn(self, living: dict[Costs, States], first: int, end: int) -> dict[Costs, States] | None:
        """One request, with no other in flight; read late, it is two rows."""
        for i in range(first, end):
            row = self._rows[i]
            self._turns_left -= sum(map(len, living.values()))
            if self._turns_left < 0:
                return None
            since = self._rows[i - 1].sent_s if i else -math.inf
            living = decide(self._model, living, row, self._span(row.sent_s, row.answered_s, since))
        return living if sum(map(len, living.values())) <= TOO_MANY_IN_TURN else None

    def _decide_one(self, nodes: Nodes, end: int) -> Nodes:
        reached: Nodes = {}
        for (base, mask), living in nodes.items():
            decided = base + mask.bit_length() - 1
            states_here = sum(map(len, living.values()))
            since = self._rows[decided].sent_s if decided >= 0 else -math.inf
            for i, latest in _next(self._rows, base, mask, end):
                row = self._rows[i]
                self._steps_left -= states_here
                span = self._span(max(since, row.sent_s), latest, since)
                after = decide(self._model, living, row, span)
                node = reached.setdefault(_decided(base, mask, i), {}) if after else {}
                for paid, states in after.items():
                    add(self._model, node.setdefault(paid, {}), states.values())
        return reached

    def _span(self, earliest: float, latest: float, since: float) -> tuple[float, float, float]:
        clock = self._clock
        return clock.earliest(earliest), clock.latest(latest), clock.earliest(since) if since > -math.inf else since


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
        undecided_before = i > base and not mask >> (i - 1 - base) & 1
        if mask >> (i - base) & 1 or (undecided_before and (row.status == LOOK or _alike(rows[i - 1], row))):
            continue  # decided; or read off before it is; or one of two alike, of which one order is enough
        yield i, bound


def _alike(one: Row, other: Row) -> bool:
    return (one.sent_s, one.answered_s, one.status, one.remaining) == (
        other.sent_s, other.answered_s, other.status, other.remaining,
    )  # fmt: skip
