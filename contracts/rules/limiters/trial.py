"""All candidates against one history: which of them live, and where the last of the others died.

Of one name not every variant is tried: one that lives is enough, and others only for what they may take an answer to
cost beyond that.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, pairwise
from typing import Literal

from contracts.rules.limiters.candidates import Suspect, exact, finer, unusual
from contracts.rules.limiters.decisions import Costs, cost_is_open
from contracts.rules.limiters.flood import Excess, refuted_by_count
from contracts.rules.limiters.rows import TICK, Row, Terms
from contracts.rules.limiters.search import Explained, Pieces, explain, stretches

Kind = Literal["over-admission", "refused with allowance left", "remaining", "no recovery"]
# A search of more takes too long: in all, and of rows sent before the one before them was answered.
ROWS_SEARCHED, OVERLAPS_SEARCHED = 10_000, 4_000


@dataclass(slots=True)
class Trial:
    """What became of all models in the rows that were tried."""

    terms: Terms
    unusual: bool = False  # only such servers are left
    rows: Sequence[Row] = ()
    courses: list[Pieces] = field(default_factory=list)  # as the rows came: the search has patience for each of them
    untried: deque[tuple[Suspect, frozenset[tuple[int, int]]]] = field(default_factory=deque)  # but with some costs
    living: list[tuple[Suspect, Explained]] = field(default_factory=list)
    refuted_at: int = -1
    counted: Excess | None = None  # what was too much, where the last candidate was refuted by counts alone

    @property
    def names(self) -> set[str]:
        """Of the candidates that live."""
        return {model.name for (model, _), _ in self.living}

    @property
    def costs(self) -> set[tuple[int, int]]:
        """(status, what it may cost), by any that lives."""
        return {pair for _, result in self.living for paid in result.living for pair in paid}

    def go_on(self, rows: Sequence[Row], pieces: Pieces) -> None:
        """More rows: those that lived, from where they were."""
        later = [piece for piece in pieces if piece[0] >= len(self.rows)]
        before, self.living, self.rows = self.living, [], rows
        self.courses.append(later)
        for (model, clock), since in before:
            self._note((model, clock), explain(model, rows, later, clock, since))

    def settle(self, *, every: str = "") -> None:
        """Try what is untried, until that would tell no more. every: all variants of this name, and no others."""
        priced = [i for i, row in enumerate(self.rows) if row.status is not None and cost_is_open(row.status)]
        met = {(self.rows[i].status or 0, cost) for i in priced for cost in (0, 1)}
        left, self.untried = self.untried, deque()
        while left:
            suspect, asked = left.popleft()
            name = suspect[0].name
            known = not every and name in self.names
            pairs = met - self.costs - asked if known else set()
            if (known and not pairs) or name != (every or name):
                self.untried.append((suspect, asked))
                continue
            supposed: list[Costs] = [(pair,) for pair in sorted(pairs)] or [()]
            result = self._from_the_start(suspect, Explained(living={costs: {} for costs in supposed}))
            parts = finer(suspect) if result.dead_at is None else []
            left.extendleft((part, asked) for part in reversed(parts))
            if parts:
                continue
            self._note(suspect, result)
            if known and (result.dead_at is None or result.dead_at >= priced[0]):
                self.untried.append((suspect, asked | pairs))

    def _from_the_start(self, suspect: Suspect, result: Explained) -> Explained:
        model, clock = suspect
        for pieces in self.courses:
            result = explain(model, self.rows, pieces, clock, result)
            if result.dead_at is not None:
                break
        return result

    def _note(self, suspect: Suspect, result: Explained) -> None:
        """It lives on, or died at that row."""
        if result.dead_at is None:
            self.living.append((suspect, result))
        else:
            self.refuted_at = max(self.refuted_at, result.dead_at)

    def count_if_blind(self) -> None:
        """Where the search saw too little of one that lives."""
        if any(result.blind for _, result in self.living):
            self.count(self.rows)

    def count(self, rows: Sequence[Row]) -> None:
        """Drop the candidates that counts alone refute; what is wrong is what most of them say."""
        terms = replace(self.terms, tick_s=TICK * self.terms.window_s) if self.unusual else self.terms
        tried = {name: refuted_by_count(name, rows, terms) for name in sorted(self.names)}
        self.living = [(suspect, result) for suspect, result in self.living if tried[suspect[0].name] is None]
        excesses = [excess for excess in tried.values() if excess is not None]
        if not excesses:
            return
        at_s, kind = max(excess.at_s for excess in excesses), Counter(excess.kind for excess in excesses)
        last = bisect_right(rows, at_s, key=lambda row: row.sent_s) - 1
        if last > self.refuted_at:
            self.refuted_at, self.counted = last, Excess(at_s, kind.most_common(1)[0][0])


def searchable(rows: Sequence[Row]) -> int:
    """How many rows, in order, may be searched for an order of decisions; what follows is counted.

    They end where nothing was in flight: what was sent later may have been decided before the last of them.
    """
    overlapping = (place for place, (one, next_) in enumerate(pairwise(rows)) if next_.sent_s < one.answered_s)
    most = min(next(islice(overlapping, OVERLAPS_SEARCHED, None), len(rows)), ROWS_SEARCHED)
    return max((end for _, end, _ in stretches(rows[: most + 1]) if end <= most), default=0)


def try_all(rows: Sequence[Row], terms: Terms, before: Trial | None = None) -> Trial:
    """Try every candidate against rows in the order sent.

    before: the trial of the first of these rows, to go on from where they all were answered before the next was sent.
    """
    pieces = stretches(rows)
    if before is not None and _goes_on(before, rows, terms, pieces):
        trial = before
        trial.go_on(rows, pieces)
    else:
        trial = Trial(terms, rows=rows, courses=[pieces], untried=_all(exact(terms)))
    trial.settle()
    trial.count_if_blind()
    return trial


def try_unusual(trial: Trial) -> None:
    """Servers that keep their times in whole seconds, or read Remaining off late, on the same rows."""
    trial.untried, trial.unusual = _all(unusual(trial.terms)), True
    trial.settle()
    trial.count_if_blind()


def _all(suspects: Sequence[Suspect]) -> deque[tuple[Suspect, frozenset[tuple[int, int]]]]:
    return deque((suspect, frozenset()) for suspect in suspects)


def _goes_on(before: Trial, rows: Sequence[Row], terms: Terms, pieces: Pieces) -> bool:
    """Are these the same rows and more, cut where those ended?"""
    tried = len(before.rows)
    same = before.terms == terms and bool(before.living) and list(rows[:tried]) == list(before.rows)
    return same and all(first >= tried or end <= tried for first, end, _ in pieces)
