"""All candidates against one history: which of them live, and where the last of the others died."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, pairwise
from typing import Any, Literal

from contracts.rules.limiters.buckets import Lumps
from contracts.rules.limiters.candidates import coarse_models, finer, models
from contracts.rules.limiters.decisions import Clock
from contracts.rules.limiters.flood import refuted_by_count, told_too_often
from contracts.rules.limiters.rows import TICK, Model, Row, Terms
from contracts.rules.limiters.search import Explained, Pieces, explain, stretches

Kind = Literal["over-admission", "refused with allowance left", "remaining", "no recovery"]
OVERLAPS_SEARCHED = 1_000  # rows sent before the one before them was answered; a search of more would take minutes
_PHASES = 10  # cells into which the unknown phase of a whole-second clock is cut


@dataclass(slots=True)
class Trial:
    """What became of all models in the rows that were tried."""

    terms: Terms  # looser where only servers that keep whole seconds are left
    rows: Sequence[Row] = ()
    living: list[tuple[Model[Any], Explained]] = field(default_factory=list)
    refuted_at: int = -1
    counted: Kind | None = None  # what is wrong, where the last candidate was refuted by counts alone

    def note(self, model: Model[Any], result: Explained) -> None:
        """It lives on, or died at that row."""
        if result.dead_at is None:
            self.living.append((model, result))
        else:
            self.refuted_at = max(self.refuted_at, result.dead_at)

    def count_if_blind(self) -> None:
        """Where the search saw too little of one that lives."""
        if any(result.blind for _, result in self.living):
            self.count(self.rows)

    def count(self, rows: Sequence[Row]) -> None:
        """Drop the candidates that counts alone refute."""
        often = told_too_often(rows, self.terms)
        for name in {model.name for model, _ in self.living}:
            if excess := often or refuted_by_count(name, rows, self.terms):
                self.living = [(model, result) for model, result in self.living if model.name != name]
                last = bisect_right(rows, excess.at_s, key=lambda row: row.sent_s) - 1
                if last > self.refuted_at:
                    self.refuted_at, self.counted = last, excess.kind


def searchable(rows: Sequence[Row]) -> int:
    """How many rows, in order, may be searched for an order of decisions; what follows is counted.

    They end where nothing was in flight: what was sent later may have been decided before the last of them.
    """
    overlapping = (place for place, (one, next_) in enumerate(pairwise(rows)) if next_.sent_s < one.answered_s)
    most = next(islice(overlapping, OVERLAPS_SEARCHED, None), len(rows))
    return max((end for _, end, _ in stretches(rows[: most + 1]) if end <= most), default=0)


def coarse_clocks(terms: Terms) -> Iterator[Clock]:
    """Of servers that keep their times in whole seconds, by the phase of those."""
    tick_s = TICK * terms.window_s
    return (Clock(tick_s, k * tick_s / _PHASES, (k + 1) * tick_s / _PHASES) for k in range(_PHASES))


def try_all(rows: Sequence[Row], terms: Terms, before: Trial | None = None) -> Trial:
    """Try every candidate against rows in the order sent.

    before: the trial of the first of these rows, to go on from where they all were answered before the next was sent.
    """
    pieces = stretches(rows)
    tried = before.rows if before else ()
    later = [piece for piece in pieces if piece[0] >= len(tried)]
    if before is None or not _goes_on(before, rows, terms, later):
        trial, later = Trial(terms, rows), list(pieces)
        suspects = [(model, Explained(living={(): {}})) for model in models(terms)]
    else:
        trial, suspects = Trial(terms, rows, refuted_at=before.refuted_at, counted=before.counted), before.living
    for model, since in suspects:
        trial.note(model, explain(model, rows, later, since=since))
    trial.living = [(model, result) for model, result in trial.living if _holds_closer(model, rows, pieces, trial)]
    trial.count_if_blind()
    return trial


def try_coarse(trial: Trial) -> None:
    """Servers that keep their times in whole seconds, on the same rows."""
    terms, pieces = trial.terms, stretches(trial.rows)
    trial.terms = replace(terms, tick_s=TICK * terms.window_s)
    for clock in coarse_clocks(terms):
        for model in coarse_models(terms):
            trial.note(model, explain(model, trial.rows, pieces, clock))
    trial.count_if_blind()


def _goes_on(before: Trial, rows: Sequence[Row], terms: Terms, later: Pieces) -> bool:
    """Are these the same rows and more, cut where those ended?"""
    tried = len(before.rows)
    same = before.terms == terms and bool(before.living) and list(rows[:tried]) == list(before.rows)
    return same and (not later or later[0][0] == tried)


def _holds_closer(model: Model[Any], rows: Sequence[Row], pieces: Pieces, trial: Trial) -> bool:
    """A bucket filled in lumps also has to explain it with its tick known better."""
    if not isinstance(model, Lumps):
        return True
    for part in finer(model):
        dead_at = explain(part, rows, pieces).dead_at
        if dead_at is None:
            return True
        trial.refuted_at = max(trial.refuted_at, dead_at)
    return False
