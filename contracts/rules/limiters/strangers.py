"""Does someone else spend this allowance? Unseen requests are supposed where Remaining fell too far, and tried."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from contracts.rules.limiters.candidates import models
from contracts.rules.limiters.rows import Row, Terms
from contracts.rules.limiters.search import Pieces, explain

_PATIENT = ("fixed-first", "fixed-clock", "sliding-log", "sliding-counter", "token-bucket")
_REGULAR = 0.6  # of the traces alike
_MOST = 20_000  # requests of others between two of ours; whatever leaves a trace of more is no client
_TRIED = 10_000  # in all: of more, the exchanges until then are to be explained


def others_spend(rows: Sequence[Row], terms: Terms) -> bool:
    """Is all explained by requests of another client, of which the traces are irregular?

    A drop of two at every request, or one too few after every silence, is a fault of the server, not another client;
    one who came just once after each of our silences cannot be told from it.
    """
    supposed: list[Row] = []
    explained = rows
    fell, rose, refused = list[int](), list[int](), list[int]()
    for place, (before, after) in enumerate(pairwise(rows), start=1):
        if before.remaining is None or before.answered_s > after.sent_s:
            continue
        unseen = _unseen(before.remaining, after, terms)
        if unseen > _MOST or before.remaining > terms.limit:
            return False
        if len(supposed) + unseen > _TRIED:
            explained = explained[:place]
        else:
            supposed += [Row(before.answered_s, after.sent_s, None, None, None)] * unseen
        if after.status == 429:
            refused += [unseen] if before.status != 429 else []
        elif after.remaining and after.remaining != before.remaining:  # at 0 a wrong step may be cut short
            (fell if after.remaining < before.remaining else rose).append(unseen)
    seldom_rose_too_little = sum(map(bool, rose)) <= len(rose) / 2  # as it always does where tokens flow back
    surely = rows[0].status == 429  # nothing of ours came before it
    if not (surely or _irregular(fell) or _irregular(refused) or (seldom_rose_too_little and _irregular(rose))):
        return False
    # Their order among themselves does not matter, and that among ours is known: each is a piece of its own.
    together = sorted([*explained, *supposed], key=lambda row: (row.sent_s, row.answered_s))
    pieces: Pieces = [(i, i + 1, 1) for i in range(len(together))]
    patient = [model for model in models(terms) if model.name in _PATIENT]
    slow_last = sorted(patient, key=lambda model: model.name == "sliding-counter")
    results = (explain(model, together, pieces) for model in slow_last)
    return any(result.dead_at is None and not result.blind for result in results)


def _unseen(left: int, after: Row, terms: Terms) -> int:
    """How many requests of others may lie between an answer that left so many and the next."""
    if after.status == 429:
        return left
    if after.remaining is None:
        return 0
    return (left if after.remaining < left else terms.limit) - after.remaining - 1


def _irregular(trace: Sequence[int]) -> bool:
    extra = [unseen for unseen in trace if unseen]
    return bool(extra) and max(map(extra.count, extra)) < _REGULAR * len(trace)
