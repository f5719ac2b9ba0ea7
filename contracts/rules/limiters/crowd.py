"""Where too many requests are in flight to try every order: those that were answered alike are not told apart.

Alike are those of one status that were told the same Remaining, or none. Whatever the order was, the k-th decision of
these came no sooner than the k-th sending and no later than the k-th answer of them. So the orders to try are how they
alternate: few, since a Remaining that falls by one at most has its place. More than a limiter can have done is allowed,
never less.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from contracts.rules.limiters.decisions import Clock, Costs, States, add, decide
from contracts.rules.limiters.rows import Model, Row

IN_FLIGHT = 40  # more at once are only counted
_LONGEST = 700  # rows without a moment of rest: a burst, not a flood
_TOO_MANY_STATES = 3_000
_MOST_FALL = 2  # of Remaining from one decision to the next: one, and one more where a server rounds

Places = tuple[int, ...]  # how many of each kind are decided
Chain = Sequence[Row]  # those of a kind: the k-th sending, with the k-th answer


@dataclass(slots=True)
class Patience:
    """Steps left for one model and one history, and those for crowds of which only the statuses are looked at."""

    steps: float
    by_status: float


@dataclass(slots=True)
class _Node:
    """What a limiter may have come to once so many are decided."""

    least: float  # that the next can be told
    living: dict[Costs, States]


def through(
    model: Model[Any], living: dict[Costs, States], rows: Sequence[Row], clock: Clock, patience: Patience
) -> dict[Costs, States] | None:
    """The states after rows that overlap, sorted by sent_s; None where even so there is too much to try.

    Where there is too much to try with what remained, what remained is left aside.
    """
    if len(rows) > _LONGEST:
        return None
    after, patience.steps = _all_orders(model, living, rows, clock, patience.steps)
    if after is None:
        told_nothing = [replace(row, remaining=None) for row in rows]
        after, patience.by_status = _all_orders(model, living, told_nothing, clock, patience.by_status)
    return after


def _all_orders(
    model: Model[Any], living: dict[Costs, States], rows: Sequence[Row], clock: Clock, steps: float
) -> tuple[dict[Costs, States] | None, float]:
    """(the states after these rows, None where that takes too many steps; the steps that are left)."""
    chains = _chains(tuple(rows))
    nodes = {tuple(0 for _ in chains): _Node(-math.inf, living)}
    for _ in rows:
        if steps < 0:
            return None, steps
        nodes, taken = _decide_one(model, nodes, chains, clock)
        steps -= taken
        if sum(len(met) for node in nodes.values() for met in node.living.values()) > _TOO_MANY_STATES:
            return None, steps
    return next((node.living for node in nodes.values()), {}), steps


@lru_cache(maxsize=1024)  # of every crowd of a history, which one model after the other goes through
def _chains(rows: tuple[Row, ...]) -> Sequence[Chain]:
    kinds: dict[tuple[int | None, int | None], list[Row]] = defaultdict(list)
    for row in rows:
        kinds[row.status, None if row.status == 429 else row.remaining].append(row)
    return [_chain(alike) for alike in kinds.values()]


def _chain(alike: Sequence[Row]) -> Chain:
    ends = sorted(row.answered_s for row in alike)
    return [replace(row, answered_s=until_s) for row, until_s in zip(alike, ends, strict=True)]


def _decide_one(
    model: Model[Any], nodes: dict[Places, _Node], chains: Sequence[Chain], clock: Clock
) -> tuple[dict[Places, _Node], int]:
    reached: dict[Places, _Node] = {}
    steps = 0
    for places, node in nodes.items():
        open_ = [(i, chains[i][place]) for i, place in enumerate(places) if place < len(chains[i])]
        bound_s = min(row.answered_s for _, row in open_)
        since_s = max((chains[i][place - 1].sent_s for i, place in enumerate(places) if place), default=-math.inf)
        since = clock.earliest(since_s) if since_s > -math.inf else since_s
        states_here = sum(map(len, node.living.values()))
        for i, row in open_:
            told = None if row.status == 429 else row.remaining
            if row.sent_s > bound_s or (told is not None and told < node.least):
                continue
            span = clock.earliest(max(since_s, row.sent_s)), clock.latest(bound_s), since
            steps += states_here
            after = decide(model, node.living, row, span)
            if not after:
                continue
            least = (node.least if told is None else told) - _MOST_FALL
            then = reached.setdefault((*places[:i], places[i] + 1, *places[i + 1 :]), _Node(least, {}))
            then.least = min(then.least, least)
            for paid, states in after.items():
                add(model, then.living.setdefault(paid, {}), states.values())
    return reached, steps
