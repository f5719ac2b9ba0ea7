"""The smallest piece of a history that no legal limiter explains, and what it says in words."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

from contracts.rules.limiters.candidates import Suspect, exact, finer, unusual
from contracts.rules.limiters.flood import Excess, refuted_by_count, told_too_often
from contracts.rules.limiters.rows import Row, Terms
from contracts.rules.limiters.search import explain, stretches
from contracts.rules.limiters.timeline import timeline
from contracts.rules.limiters.trial import Kind, Trial

SHOWN = 10  # of the witnesses of a flood


@dataclass(frozen=True, slots=True)
class Refutation:
    """A piece of history that no legal limiter explains."""

    kind: Kind
    witness: tuple[int, ...]  # seq, in the order sent
    words: str
    timeline: str


def argued(terms: Terms, trial: Trial, piece: Sequence[Row]) -> Refutation:
    """The finding on rows that nothing explains, from a short piece of them of which this holds as well."""
    if trial.counted:  # in a flood without pause
        recent = [row for row in piece if row.sent_s >= piece[-1].sent_s - 2 * terms.longest_s]
        piece = piece if explained(recent, terms) else recent
    return _argue(piece, terms, trial.counted.kind if trial.counted else _kind(piece, terms))


def counted(rows: Sequence[Row], terms: Terms, excess: Excess) -> Refutation:
    """The finding on what was only counted: its beginning and its end."""
    piece = [row for row in rows if excess.at_s - 2 * terms.longest_s <= row.sent_s <= excess.at_s]
    finding = _argue(piece, terms, excess.kind)
    return replace(finding, witness=(*finding.witness[: SHOWN // 2], *finding.witness[-SHOWN // 2 :]))


def explained(rows: Sequence[Row], terms: Terms, suspects: Sequence[Suspect] = ()) -> bool:
    """Does any of these explain the rows? Without any named: any at all, the unusual ones too."""
    return bool(_unrefuted(rows, terms, suspects or (*exact(terms), *unusual(terms))))


def _unrefuted(rows: Sequence[Row], terms: Terms, suspects: Sequence[Suspect]) -> Sequence[Suspect]:
    """The first of these that explains the rows, and those after it, untried; none where all are refuted."""
    pieces = stretches(rows)
    left = deque(suspects)

    @cache
    def counted_out(name: str, tick_s: float) -> bool:
        loose = replace(terms, tick_s=tick_s)
        return told_too_often(rows, loose) is not None or refuted_by_count(name, rows, loose) is not None

    while left:
        suspect = model, clock = left.popleft()
        result = explain(model, rows, pieces, clock)
        if result.dead_at is not None or (result.blind and counted_out(model.name, clock.tick_s)):
            continue
        if parts := finer(suspect):
            left.extendleft(reversed(parts))
        else:
            return suspect, *left
    return ()


def shrunk(rows: Sequence[Row], terms: Terms, suspects: Sequence[Suspect]) -> Sequence[Row]:
    """The end of the rows that refutes all suspects: doubled until it does, then halved to within a sixteenth.

    What refutes one does so in any longer end as well, and who explains one is the first to be asked of the next.
    """
    cuts = [first for first, _, _ in stretches(rows)]
    short, long = 0, 1  # how many stretches from the end are explained; how many are not
    while long < len(cuts) and (left := _unrefuted(rows[cuts[-long] :], terms, suspects)):
        suspects, short, long = left, long, min(len(cuts), 2 * long)
    while long - short > 1 + long // 16:
        middle = (short + long) // 2
        if left := _unrefuted(rows[cuts[-middle] :], terms, suspects):
            suspects, short = left, middle
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
    if not explained([*piece[:-1], replace(last, remaining=None)], terms):
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
