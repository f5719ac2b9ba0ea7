"""The verdict on one key's history: which legal limiters explain it, or the smallest piece that none explains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from contracts.rules.limiters.buckets import Lumps
from contracts.rules.limiters.candidates import CANDIDATES, exact, models, unusual
from contracts.rules.limiters.flood import told_too_often
from contracts.rules.limiters.refutation import Refutation, argued, counted, explained, shrunk
from contracts.rules.limiters.rows import TICK, Row, Terms
from contracts.rules.limiters.search import MOST_IN_FLIGHT, explain, stretches
from contracts.rules.limiters.strangers import others_spend
from contracts.rules.limiters.trial import Trial, searchable, try_all, try_unusual


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


def survivors(rows: Sequence[Row], window_s: float = 10.0, *, argue: bool = True) -> Survey:
    """Try every legal limiter against the rows of one key, in any order and overlap.

    rows: times in seconds since the run began; window_s: the documented window. Never excludes a legal limiter, also
    one used by others before the first row; does not exclude every illegal one: where more than eight requests are in
    flight it looks less closely (`crowd`), after ROWS_SEARCHED, or OVERLAPS_SEARCHED overlapping ones, it counts only
    (`flood`), and a 5xx or an unanswered request may have cost one or nothing. argue: where none is left, look for the
    piece that shows it.
    """
    return Inquiry(window_s).survey(rows, argue=argue)


def explained_by_one(rows: Sequence[Row], window_s: float = 10.0) -> bool:
    """Does some legal limiter surely explain these rows? The quick part of `survivors`, which asks all of them.

    False where it would take all of them to tell, or where the search would not see the whole.
    """
    ordered = sorted(rows, key=lambda row: (row.sent_s, row.answered_s, row.seq))
    limits = {row.limit for row in ordered if row.limit is not None}
    if len(limits) != 1 or (limit := limits.pop()) < 1 or searchable(ordered) < len(ordered):
        return False
    pieces = stretches(ordered)
    if any(at_once > MOST_IN_FLIGHT for _, _, at_once in pieces):
        return False
    # A bucket filled in lumps would have to be looked at more closely.
    quick = (model for model in models(Terms(limit, window_s)) if not isinstance(model, Lumps))
    results = (explain(model, ordered, pieces) for model in quick)
    return any(result.dead_at is None and not result.blind for result in results)


class Inquiry:
    """The same for a history that grows: what refuted a candidate once refutes it ever after."""

    def __init__(self, window_s: float) -> None:
        self._window_s = window_s
        self._before: Trial | None = None

    def survey(self, rows: Sequence[Row], *, argue: bool = True) -> Survey:
        """Of all rows so far; quickest where those added were sent after all others had been answered."""
        ordered = sorted(rows, key=lambda row: (row.sent_s, row.answered_s, row.seq))
        limits = {row.limit for row in ordered if row.limit is not None}
        if len(limits) != 1 or (limit := limits.pop()) < 1:
            return Survey(CANDIDATES, {}, None, self._window_s)
        terms = Terms(limit, self._window_s)
        if often := told_too_often(ordered, replace(terms, tick_s=TICK * self._window_s)):
            return self._none_left(ordered, terms, counted(ordered, terms, often) if argue else None)
        searched = searchable(ordered)
        trial = self._before = try_all(ordered[:searched], terms, self._before)
        piece: Sequence[Row] = ()
        if not trial.living:
            piece = shrunk(ordered[: trial.refuted_at + 1], terms, exact(terms)) if argue else ()
            if not argue or explained(piece, terms, unusual(terms)):
                try_unusual(trial)
                piece = ()
        if trial.living and searched < len(ordered):
            trial.count(ordered)
        if trial.living:
            return _alive(trial, terms)
        return self._none_left(ordered, terms, self._refuted(ordered, terms, trial, piece) if argue else None)

    @staticmethod
    def _none_left(rows: Sequence[Row], terms: Terms, refuted: Refutation | None) -> Survey:
        others = refuted is not None and others_spend(rows, terms)
        return Survey((), {}, terms.limit, terms.window_s, refuted=refuted, others_spend=others)

    @staticmethod
    def _refuted(rows: Sequence[Row], terms: Terms, trial: Trial, piece: Sequence[Row]) -> Refutation:
        """Argued from that piece, or from one that no unusual server explains either."""
        if trial.counted and trial.refuted_at >= len(trial.rows):
            return counted(rows, terms, trial.counted)
        everybody = (*unusual(terms), *exact(terms))
        return argued(terms, trial, piece or shrunk(rows[: trial.refuted_at + 1], terms, everybody))


def _alive(trial: Trial, terms: Terms) -> Survey:
    costs: dict[int, set[int]] = {}
    for status, cost in sorted(trial.costs):
        costs.setdefault(status, set()).add(cost)
    return Survey(
        tuple(name for name in CANDIDATES if name in trial.names),
        {status: frozenset(met) for status, met in costs.items()},
        terms.limit,
        terms.window_s,
        phase_s=_phase(trial, terms),
    )


def _phase(trial: Trial, terms: Terms) -> float | None:
    """Known when all that live follow the clock and their windows began within half a second of each other.

    Not looked for among unusual servers, of which too many would have to be tried.
    """
    clocked = ("fixed-clock", "sliding-counter")
    # One lump a window is a window of the clock.
    if trial.unusual or not trial.names <= {*clocked, "token-bucket-lumps"}:
        return None
    for name in clocked:
        trial.settle(every=name)
    results = [result for (model, _), result in trial.living if model.name in clocked]
    states = [state for result in results for states in result.living.values() for state in states.values()]
    began = [edge for state in states for edge in (state.began_lo, state.began_hi)]
    if not began or max(began) - min(began) > 0.5:
        return None
    return round(float(min(began) + max(began)) / 2 % terms.window_s, 3)
