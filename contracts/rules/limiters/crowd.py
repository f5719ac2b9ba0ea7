"""Where too many requests are in flight to try every order: those of one status are not told apart.

Whatever the order was, the k-th decision of a status came no sooner than the k-th sending of its requests and no later
than their k-th answer, and told a Remaining that one of those then in flight was answered. So the orders to try are how
the statuses alternate, which are few. More than a limiter can have done is allowed, never less: the same Remaining may
be used twice.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from contracts.rules.limiters.buckets import Lumps
from contracts.rules.limiters.decisions import Clock, Costs, States, add, decide
from contracts.rules.limiters.rows import Model, Row

IN_FLIGHT = 40  # more at once are only counted
_TOO_MANY_STATES = 3_000

Places = tuple[int, ...]  # how many of each status are decided
Nodes = dict[Places, dict[Costs, States]]
Chain = Sequence[tuple[Row, ...]]  # for the k-th decision of a status, what may have been told, in one span each


@dataclass(slots=True)
class Patience:
    """Steps left for one model and one history."""

    steps: int


def through(
    model: Model[Any], living: dict[Costs, States], rows: Sequence[Row], clock: Clock, patience: Patience
) -> dict[Costs, States] | None:
    """The states after rows that overlap, sorted by sent_s; None where even so there is too much to try."""
    chains = _chains(tuple(rows), told=not isinstance(model, Lumps))
    nodes: Nodes = {tuple(0 for _ in chains): living}
    for _ in rows:
        nodes = _decide_one(model, nodes, chains, clock, patience)
        if patience.steps < 0 or sum(len(met) for node in nodes.values() for met in node.values()) > _TOO_MANY_STATES:
            return None
    return next(iter(nodes.values()), {})


@lru_cache(maxsize=1024)  # of every crowd of a history, which one model after the other goes through
def _chains(rows: tuple[Row, ...], *, told: bool) -> Sequence[Chain]:
    by_status: dict[int | None, list[Row]] = defaultdict(list)
    for row in rows:
        by_status[row.status].append(row)
    return [_chain(status, alike, told=told and status != 429) for status, alike in by_status.items()]


def _chain(status: int | None, alike: Sequence[Row], *, told: bool) -> Chain:
    places = zip(alike, sorted(row.answered_s for row in alike), strict=True)
    chain = []
    for first, until_s in places:
        meant = {row.remaining for row in alike if row.sent_s <= until_s and row.answered_s >= first.sent_s}
        chain.append(tuple(Row(first.sent_s, until_s, status, None, each) for each in (meant if told else {None})))
    return chain


def _decide_one(model: Model[Any], nodes: Nodes, chains: Sequence[Chain], clock: Clock, patience: Patience) -> Nodes:
    reached: Nodes = {}
    for places, living in nodes.items():
        open_ = [(i, chain[places[i]]) for i, chain in enumerate(chains) if places[i] < len(chain)]
        bound_s = min(alternatives[0].answered_s for _, alternatives in open_)
        since_s = max((chains[i][place - 1][0].sent_s for i, place in enumerate(places) if place), default=-math.inf)
        since = clock.earliest(since_s) if since_s > -math.inf else since_s
        states_here = sum(map(len, living.values()))
        for i, alternatives in open_:
            sent_s = alternatives[0].sent_s
            if sent_s > bound_s:
                continue
            span = clock.earliest(max(since_s, sent_s)), clock.latest(bound_s), since
            patience.steps -= states_here * len(alternatives)
            for row in alternatives:
                for paid, states in decide(model, living, row, span).items():
                    node = reached.setdefault((*places[:i], places[i] + 1, *places[i + 1 :]), {})
                    add(model, node.setdefault(paid, {}), states.values())
    return reached
