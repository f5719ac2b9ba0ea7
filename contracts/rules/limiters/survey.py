"""The verdict on one key's history: which legal limiters explain it, or the smallest piece that none explains."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice, pairwise
from typing import Any, Literal

from contracts.rules.limiters.buckets import Lumps
from contracts.rules.limiters.candidates import CANDIDATES, coarse_models, finer, models
from contracts.rules.limiters.decisions import EXACT, Clock
from contracts.rules.limiters.flood import refuted_by_count, told_too_often
from contracts.rules.limiters.rows import Model, Row, Terms
from contracts.rules.limiters.search import Explained, explain, stretches
from contracts.rules.limiters.strangers import others_spend
from contracts.rules.limiters.timeline import timeline

Kind = Literal["over-admission", "refused with allowance left", "remaining", "no recovery"]
OVERLAPS_SEARCHED = 1_000  # rows sent before the one before them was answered; a search of more would take minutes
SHOWN = 10  # of the witnesses of a flood
_TICK = 0.1  # of a window, which is a second of ten: the tick of servers that keep their times in whole seconds
_PHASES = 10  # cells into which the unknown phase of a whole-second clock is cut


@dataclass(frozen=True, slots=True)
class Refutation:
    """A piece of history that no legal limiter explains."""

    kind: Kind
    witness: tuple[int, ...]  # seq, in the order sent
    words: str
    timeline: str


@dataclass(frozen=True, slots=True)
class Survey:
    """What is left of the candidates after a history. Without a constant Limit nothing is concluded, and all live."""

    candidates: tuple[str, ...]
    costs: Mapping[int, frozenset[int]]  # what an answer of each status may cost, among the living
    limit: int | None
    window_s: float
    phase_s: float | None = None  # when a window of the clock begins, modulo window_s, where all the living agree
    refuted: Refutation | None = None
    others_spend: bool = False  # irregular extra drops of Remaining: explained once unseen requests are supposed


@dataclass(slots=True)
class _Trial:
    """All models against one history."""

    terms: Terms  # looser where only servers that keep whole seconds are left
    living: list[tuple[Model[Any], Explained]] = field(default_factory=list)
    refuted_at: int = -1
    counted: Kind | None = None  # what is wrong, where the last candidate was refuted by counts alone


def survivors(rows: Sequence[Row], window_s: float = 10.0) -> Survey:
    """Try every legal limiter against the rows of one key, in any order and overlap.

    rows: times in seconds since the run began; window_s: the documented window. Never excludes a legal limiter, also
    one used by others before the first row; does not exclude every illegal one: where more than eight requests are in
    flight, and after OVERLAPS_SEARCHED overlapping ones, it counts only (`flood`), and a 5xx or an unanswered request
    may have cost one or nothing.
    """
    ordered = sorted(rows, key=lambda row: (row.sent_s, row.answered_s, row.seq))
    limits = {row.limit for row in ordered if row.limit is not None}
    if len(limits) != 1 or (limit := limits.pop()) < 1:
        return Survey(CANDIDATES, {}, None, window_s)
    terms = Terms(limit, window_s)
    searched = _searchable(ordered)
    trial = _try(ordered[:searched], terms)  # what refutes the beginning of a history refutes it all
    if trial.living and searched < len(ordered):
        _count(trial, ordered)
    if trial.living:
        return _alive(trial, terms)
    refutation = _smallest(ordered, terms, trial)
    return Survey((), {}, limit, window_s, refuted=refutation, others_spend=others_spend(ordered, terms))


def _searchable(rows: Sequence[Row]) -> int:
    """How many rows, in order, may be searched for an order of decisions; what follows is counted."""
    overlapping = (place for place, (one, next_) in enumerate(pairwise(rows)) if next_.sent_s < one.answered_s)
    return next(islice(overlapping, OVERLAPS_SEARCHED, None), len(rows))


def _try(rows: Sequence[Row], terms: Terms) -> _Trial:
    pieces = stretches(rows)
    trial = _Trial(terms)
    for model in models(terms):
        _note(trial, model, explain(model, rows, pieces))
    wide = [model for model, _ in trial.living if isinstance(model, Lumps)]
    trial.living = [(model, result) for model, result in trial.living if not isinstance(model, Lumps)]
    for model in chain.from_iterable(map(finer, wide)):
        _note(trial, model, explain(model, rows, pieces))
    if not trial.living:
        trial.terms = replace(terms, tick_s=_TICK * terms.window_s)
        for clock in _coarse_clocks(terms):
            for model in coarse_models(terms):
                _note(trial, model, explain(model, rows, pieces, clock))
    if any(result.blind for _, result in trial.living):
        _count(trial, rows)
    return trial


def _coarse_clocks(terms: Terms) -> Iterator[Clock]:
    tick_s = _TICK * terms.window_s
    return (Clock(tick_s, k * tick_s / _PHASES, (k + 1) * tick_s / _PHASES) for k in range(_PHASES))


def _count(trial: _Trial, rows: Sequence[Row]) -> None:
    """Drop the candidates that counts alone refute."""
    terms = trial.terms
    often = told_too_often(rows, terms)
    for name in {model.name for model, _ in trial.living}:
        if excess := often or refuted_by_count(name, rows, terms):
            trial.living = [(model, result) for model, result in trial.living if model.name != name]
            last = bisect_right(rows, excess.at_s, key=lambda row: row.sent_s) - 1
            if last > trial.refuted_at:
                trial.refuted_at, trial.counted = last, excess.kind


def _note(trial: _Trial, model: Model[Any], result: Explained) -> None:
    if result.dead_at is None:
        trial.living.append((model, result))
    else:
        trial.refuted_at = max(trial.refuted_at, result.dead_at)


def _alive(trial: _Trial, terms: Terms) -> Survey:
    names = {model.name for model, _ in trial.living}
    costs: dict[int, set[int]] = {}
    for _, result in trial.living:
        for paid in result.living:
            for status, cost in paid:
                costs.setdefault(status, set()).add(cost)
    return Survey(
        tuple(name for name in CANDIDATES if name in names),
        {status: frozenset(met) for status, met in sorted(costs.items())},
        terms.limit,
        terms.window_s,
        phase_s=_phase(trial, terms),
    )


def _phase(trial: _Trial, terms: Terms) -> float | None:
    """Known when all that live follow the clock and their windows began within half a second of each other."""
    began: list[float] = []
    for model, result in trial.living:
        if model.name == "token-bucket-lumps":  # one lump a window is a window of the clock
            continue
        if model.name not in ("fixed-clock", "sliding-counter"):
            return None
        for states in result.living.values():
            for state in states.values():
                began += [state.began_lo, state.began_hi]
    if not began or max(began) - min(began) > 0.5:
        return None
    return round((min(began) + max(began)) / 2 % terms.window_s, 3)


def _explained(rows: Sequence[Row], terms: Terms, *, coarse: bool = True) -> bool:
    """Does any candidate explain these rows? coarse: also those that keep their times in whole seconds."""
    pieces = stretches(rows)
    blind: set[tuple[str, float]] = set()
    for model, clock in _suspects(terms, coarse=coarse):
        result = explain(model, rows, pieces, clock)
        if result.dead_at is None and not result.blind:
            return True
        if result.dead_at is None:
            blind.add((model.name, clock.tick_s))
    return any(_countable(name, rows, replace(terms, tick_s=tick_s)) for name, tick_s in blind)


def _countable(name: str, rows: Sequence[Row], terms: Terms) -> bool:
    return told_too_often(rows, terms) is None and refuted_by_count(name, rows, terms) is None


def _suspects(terms: Terms, *, coarse: bool) -> Iterator[tuple[Model[Any], Clock]]:
    yield from ((model, EXACT) for model in models(terms))
    if coarse:
        for clock in _coarse_clocks(terms):
            yield from ((model, clock) for model in coarse_models(terms))


def _smallest(rows: Sequence[Row], terms: Terms, trial: _Trial) -> Refutation:
    """Cut at its end where the last candidate died, then from its start; whole-second clocks are tried on the rest."""
    end = trial.refuted_at + 1
    if end > _searchable(rows) and trial.counted:
        since_s = rows[end - 1].sent_s - 2 * terms.longest_s
        argued = _argue([row for row in rows[:end] if row.sent_s >= since_s], terms, trial.counted)
        return replace(argued, witness=(*argued.witness[: SHOWN // 2], *argued.witness[-SHOWN // 2 :]))
    piece = _shrunk(rows[:end], terms, coarse=False)
    if _explained(piece, terms):
        piece = _shrunk(rows[:end], terms, coarse=True)
    if trial.counted:  # in a flood without pause
        recent = [row for row in piece if row.sent_s >= piece[-1].sent_s - 2 * terms.longest_s]
        piece = piece if _explained(recent, terms) else recent
    return _argue(piece, terms, trial.counted or _kind(piece, terms))


def _shrunk(rows: Sequence[Row], terms: Terms, *, coarse: bool) -> Sequence[Row]:
    """The end of the rows that is refuted still: doubled until it is, then halved to within a sixteenth."""
    cuts = [first for first, _, _ in stretches(rows)]
    short, long = 0, 1  # how many stretches from the end are explained; how many are not
    while long < len(cuts) and _explained(rows[cuts[-long] :], terms, coarse=coarse):
        short, long = long, min(len(cuts), 2 * long)
    while long - short > 1 + long // 16:
        middle = (short + long) // 2
        if _explained(rows[cuts[-middle] :], terms, coarse=coarse):
            short = middle
        else:
            long = middle
    return rows[cuts[-long] :]


def _argue(piece: Sequence[Row], terms: Terms, kind: Kind) -> Refutation:
    last = piece[-1]
    rate = f"{terms.limit} per {terms.window_s:g} s"
    words = {
        "over-admission": f"was let in although no limiter of {rate} had any left",
        "refused with allowance left": f"was refused although every limiter of {rate} had some left",
        "remaining": f"was answered Remaining {last.remaining}, which no limiter of {rate} tells here",
        "no recovery": f"was refused after {_silence_s(piece):.1f} s in which nothing was let in",
    }[kind]
    return Refutation(kind, tuple(row.seq for row in piece), f"request {last.seq} {words}", timeline(piece, terms))


def _kind(piece: Sequence[Row], terms: Terms) -> Kind:
    """What the last row of a refuted piece breaks."""
    last = piece[-1]
    if last.status == 429:
        return "no recovery" if _silence_s(piece) >= terms.window_s * 0.95 else "refused with allowance left"
    if not _explained([*piece[:-1], replace(last, remaining=None)], terms):
        return "over-admission"
    told = [row.remaining for row in piece[:-1] if row.remaining is not None and row.status != 429]
    spent_out = told[-1:] == [0] or any(row.status == 429 for row in piece[-2:-1])
    return "over-admission" if _surplus(piece, terms) or (spent_out and not last.remaining) else "remaining"


def _surplus(piece: Sequence[Row], terms: Terms) -> bool:
    """Were more let in than the limit, and one of them when none remained, sooner than any limiter gives one back?"""
    told = [row for row in piece if row.status == 200]
    return len(told) > terms.limit > 1 and any(
        before.remaining == after.remaining == 0
        and 0 <= after.answered_s - before.sent_s < terms.shortest_s / terms.limit
        for before, after in pairwise(told)
    )


def _silence_s(piece: Sequence[Row]) -> float:
    """From the last row before the final one that was let in, or from the piece's start, to the final one."""
    admitted = [row.answered_s for row in piece[:-1] if row.status != 429]
    return piece[-1].sent_s - (max(admitted) if admitted else piece[0].answered_s)
