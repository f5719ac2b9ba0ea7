"""The allowance as a run met it: the two headers, a row of every exchange, and which legal limiters explain them.

Judges nothing: `throttling` does.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from enum import IntEnum
from functools import lru_cache

from contracts.evidence import Evidence
from contracts.exchanges.exchange import KEY_2, Answer, Cause, NoAnswer
from contracts.history.rows import CAUSES
from contracts.rules.limiters import CANDIDATES, Refutation, Row, Survey, explained_by_one, survivors
from contracts.seen import Seen

LIMIT, REMAINING = "X-RateLimit-Limit", "X-RateLimit-Remaining"
TURNED_AWAY = frozenset({401, 403})


def header_number(answer: Answer, name: str) -> int | None:
    """A header's value, where it is what a judge takes for a number: `[0-9]+`. `int(" 12 ")` is a client's kindness."""
    value = answer.header(name)
    return int(value) if value is not None and re.fullmatch(r"[0-9]{1,15}", value, re.ASCII) else None


def rate_rows(evidence: Evidence, *, authenticated: bool = False) -> tuple[Row, ...]:
    """Every exchange in the order of sending, all but the second key's; without the key it has a status and no headers.

    `authenticated`: those with the key alone.
    """
    least = Place.AUTHENTICATED if authenticated else Place.OPERATION
    return tuple(row for row, place in _every(evidence, len(evidence.seen)) if place >= least)


class Place(IntEnum):
    """What a row is to the limiter."""

    ELSEWHERE = 0  # the second key, or no connection came about
    OPERATION = 1  # by anybody, or a read beside it
    AUTHENTICATED = 2


@lru_cache(maxsize=1)
def _every(evidence: Evidence, _grown_to: int) -> Sequence[tuple[Row, Place]]:
    """A row of every exchange in the order of sending: of a flood from its own rows, of others from what was seen."""
    flood = [_flood_row(*values) for values in evidence.rows[_COLUMNS].tolist()]
    in_flood = {row.seq for row, _ in flood}
    others = [_row_of(seen) for seen in evidence.seen if seen.seq not in in_flood]
    return sorted((*others, *flood), key=lambda item: (item[0].sent_s, item[0].seq)) if flood else others


_COLUMNS = ["sent_s", "answered_s", "status", "limit", "remaining", "seq", "cause"]
_DROPPED = (Cause.CLOSED, Cause.CUT)


def _flood_row(  # noqa: PLR0913, PLR0917 — as many as a row has
    sent_s: float, answered_s: float, status: int, limit: int, remaining: int, seq: int, cause: int
) -> tuple[Row, Place]:
    why = CAUSES[cause - 1] if 0 < cause <= len(CAUSES) else None
    told = (None if limit < 0 else limit, None if remaining < 0 else remaining)
    row = Row(sent_s, answered_s, status or None, *told, seq, dropped=why in _DROPPED)
    return row, Place.ELSEWHERE if why is Cause.UNREACHABLE else Place.AUTHENTICATED


def _row_of(seen: Seen, *, second: bool = False) -> tuple[Row, Place]:
    exchange, outcome = seen.exchange, seen.exchange.outcome
    told = seen.answer if seen.authenticated or second else None
    limit, remaining = (header_number(told, name) if told else None for name in (LIMIT, REMAINING))
    cause = outcome.cause if isinstance(outcome, NoAnswer) else None
    row = Row(exchange.sent_s, exchange.answered_s, seen.status, limit, remaining, seen.seq, dropped=cause in _DROPPED)
    if cause is Cause.UNREACHABLE or _by_second_key(seen):
        return row, Place.ELSEWHERE
    if not seen.on_operation:  # it may cost one or nothing, whatever its status costs elsewhere
        return replace(row, status=None), Place.OPERATION
    return row, Place.AUTHENTICATED if seen.authenticated else Place.OPERATION


def second_key_rows(evidence: Evidence) -> tuple[Row, ...]:
    """The exchanges of the second key, which are no part of the others' allowance unless the keys share it."""
    return tuple(_row_of(seen, second=True)[0] for seen in evidence.seen if _by_second_key(seen))


def _by_second_key(seen: Seen) -> bool:
    return seen.on_operation and seen.exchange.request.header("Authorization") == f"Bearer {KEY_2}"


def every_row(evidence: Evidence) -> Sequence[Row]:
    """Of whatever was sent, also of what is nothing to the limiter of this key."""
    return [row for row, _ in _every(evidence, len(evidence.seen))]


def surely_explained(evidence: Evidence) -> bool:
    """Is there a legal limiter that explains the key's own rows? Quick; False where only a survey can tell."""
    return _explained(_but_strangers(rate_rows(evidence)), evidence.facts.window_s)


@lru_cache(maxsize=8)
def _explained(rows: tuple[Row, ...], window_s: float) -> bool:
    """Remembered, since two promises ask."""
    return explained_by_one(rows, window_s)


def allowance_of(evidence: Evidence) -> Survey:
    """Which limiters explain the key's own rows; if none, whether those of the second key explain what is missing."""
    rows, second, window_s = rate_rows(evidence), second_key_rows(evidence), evidence.facts.window_s
    if evidence.hurried:
        return Survey(CANDIDATES, {}, None, window_s)
    own = survey_of(rows, window_s)
    if own.refuted is None or not second:
        return own
    both = survey_of((*rows, *second), window_s)
    return both if both.refuted is None else own


def keys_share(rows: tuple[Row, ...], second: tuple[Row, ...], window_s: float) -> bool | None:
    """Do two keys draw on one allowance? None where both explain the rows, or neither, or no second key got in."""
    surveys = [survey_of(some, window_s) for some in (rows, second, (*rows, *second))]
    if any(survey.limit is None for survey in surveys):
        return None
    own, other, both = (set(survey.candidates) for survey in surveys)
    together, apart = bool(both), bool(own & other)  # one server's limiters are of one class
    return together if together != apart else None


@lru_cache(maxsize=8)
def survey_of(rows: tuple[Row, ...], window_s: float) -> Survey:
    """Which limiters explain these rows; remembered, since two promises and the report ask.

    What a stranger's 401 costs is the server's business: nothing, one, or now this and now that. Tried in this order,
    the first that explains the history stands; where they would all be nothing, or all one, `costs` says which.
    """
    own = _but_strangers(rows)
    first = survivors(own, window_s)
    if own == rows:
        return first
    if first.refuted is None:
        return _either(first, survivors(rows, window_s, argue=False), rows)
    loose = tuple(replace(row, status=None) if row.status in TURNED_AWAY else row for row in rows)
    if not survivors(_while(first.refuted, loose), window_s, argue=False).candidates:
        return first  # in that piece, whatever they cost
    surveys = (survivors(some, window_s, argue=False) for some in (rows, loose))
    return next((survey for survey in surveys if survey.candidates), first)


def _while(refuted: Refutation, rows: tuple[Row, ...]) -> tuple[Row, ...]:
    """All that was under way during the refuted piece."""
    piece = [row for row in rows if row.seq in refuted.witness]
    since_s, until_s = min(row.sent_s for row in piece), max(row.answered_s for row in piece)
    return tuple(row for row in rows if row.sent_s <= until_s and row.answered_s >= since_s)


def _but_strangers(rows: tuple[Row, ...]) -> tuple[Row, ...]:
    return tuple(row for row in rows if row.status not in TURNED_AWAY)


def _either(free: Survey, costly: Survey, rows: tuple[Row, ...]) -> Survey:
    """What is told by rows that are explained without the strangers, and perhaps with them as well."""
    met = {row.status for row in rows}
    costs = {status: told | costly.costs.get(status, told) for status, told in free.costs.items()}
    costs |= {status: costly.costs.get(status, frozenset({0, 1})) for status in TURNED_AWAY if status in met}
    names = {*free.candidates, *costly.candidates}
    candidates = tuple(name for name in CANDIDATES if name in names)
    phase_s = free.phase_s if candidates == free.candidates else None
    return replace(free, candidates=candidates, phase_s=phase_s, costs=dict(sorted(costs.items())))
