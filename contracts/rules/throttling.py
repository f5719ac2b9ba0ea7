"""Throttling: what the two headers and the refusals say. Which limiters are possible is `limiters`' to tell.

"API requests are limited to the amount specified in the returned `X-RateLimit-Limit` header (per 10 seconds)."
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from enum import IntEnum
from functools import lru_cache
from itertools import groupby, pairwise

from contracts.evidence import Evidence
from contracts.exchange import KEY_2, Answer, Cause, NoAnswer
from contracts.finding import Doubt, Examined, Finding
from contracts.rows import CAUSES
from contracts.rules.limiters import CANDIDATES, Refutation, Row, Survey, explained_by_one, survivors
from contracts.seen import Seen
from openapi.ledger import RATE_1, RATE_2, RATE_3, RATE_4, RATE_5, RATE_6, Promise

LIMIT, REMAINING = "X-RateLimit-Limit", "X-RateLimit-Remaining"
OPERATION_ANSWERS = (200, 422)
TURNED_AWAY = frozenset({401, 403})
ENOUGH_STEPS = 6  # alike in a row: more than chance, or another client, would make
ENOUGH_SIZES = 3  # of batches, each of which cost as much


def header_number(answer: Answer, name: str) -> int | None:
    """A header's value, where it is what a judge takes for a number: `[0-9]+`. `int(" 12 ")` is a client's kindness."""
    value = answer.header(name)
    return int(value) if value is not None and re.fullmatch(r"[0-9]{1,15}", value, re.ASCII) else None


def both_headers_are_there(seen: Seen) -> Examined:
    """RATE-3: "Check the `X-RateLimit-Limit` and `X-RateLimit-Remaining` headers": both, decimal, in order."""
    if seen.authenticated and seen.status in OPERATION_ANSWERS and seen.answer is not None:
        fault = _fault_of_headers(seen.answer)
        expected = f"both headers on a {seen.status}, decimal integers, Remaining not above Limit"
        yield Finding(RATE_3, expected, fault, (seen.seq,)) if fault else None


def a_refusal_says_that_nothing_remains(seen: Seen) -> Examined:
    """RATE-5: both headers on the 429 too, and Remaining 0."""
    if seen.authenticated and seen.status == 429 and seen.answer is not None:
        fault = _fault_of_headers(seen.answer)
        remaining = header_number(seen.answer, REMAINING)
        fault = fault or (f"{REMAINING}: {remaining}" if remaining else None)
        yield Finding(RATE_5, f"both headers on a 429, {REMAINING} 0", fault, (seen.seq,)) if fault else None


def _fault_of_headers(answer: Answer) -> str | None:
    limit, remaining = header_number(answer, LIMIT), header_number(answer, REMAINING)
    if limit is not None and remaining is not None:
        return f"{REMAINING} {remaining} above {LIMIT} {limit}" if remaining > limit else None
    name = LIMIT if limit is None else REMAINING
    value = answer.header(name)
    return f"{name} is missing" if value is None else f"{name}: {value}"


def the_limit_stays_the_same(evidence: Evidence) -> Examined:
    """RATE-6: Limit is the same all through a run."""
    first: tuple[int, int] | None = None
    for row in rate_rows(evidence):
        if row.limit is None:
            continue
        first = first or (row.seq, row.limit)
        same = row.limit == first[1]
        yield (
            None
            if same
            else Finding(RATE_6, f"{LIMIT}: {first[1]}, as before", f"{row.limit}", (first[0], row.seq), sequence=True)
        )


def over_the_limit_is_429(evidence: Evidence) -> Examined:
    """RATE-2: "Exceeding that limit will cause BSPK to return an `HTTP 429` response."

    Where Remaining fell to 0 and the next answer within the shortest refill is neither 429 nor an admission (by 200,
    422, or another answer of the operation), the refusal has another face. Cannot see refusals that begin early.
    """
    empty: Row | None = None
    for row in rate_rows(evidence, authenticated=True):
        if row.status == 429:
            yield None
        elif empty is not None and row.sent_s - empty.answered_s < evidence.facts.window_s:
            face = _other_face(row)
            if face:
                yield Finding(RATE_2, "429 when nothing remains", face, (empty.seq, row.seq), sequence=True)
        if row.remaining is not None:
            empty = row if row.remaining == 0 else None


def _other_face(row: Row) -> str | None:
    if row.dropped:
        return "no answer: the connection was closed or cut"
    return f"{row.status}" if row.status in (403, 503, 509) else None


def no_more_is_let_in_than_the_limit(evidence: Evidence) -> Examined:
    """RATE-1: never more admitted than some legal limiter with this Limit and window could admit."""
    yield from _unexplained(evidence, RATE_1)


def what_remains_gets_in(evidence: Evidence) -> Examined:
    """RATE-4: "to see how many more requests you are allowed until throttling kicks in."

    Remaining r means that r more get in; it falls by one a request and rises only as some legal limiter's would.
    """
    yield from _unexplained(evidence, RATE_4)


def each_request_costs_one(evidence: Evidence) -> Examined:
    """RATE-4: Remaining falls by one a request. By another amount, each time the same, is nobody else's doing.

    The models see more, but let a window's edge, a refill or another client explain much; this they cannot explain:
    the same larger fall at every request or at every answer of one status, one for every record, or none in a row of
    requests too quick for any refill.
    """
    steps = list(_steps(evidence))
    yield from (None for _ in steps)
    sizes = {seen.seq: len(seen.expected) for seen in evidence.seen}
    fell = [(step, sizes.get(step[2].seq, 0)) for step in steps if step[0] > 0 and step[2].status == 200]
    if len({size for _, size in fell if size > 1}) >= ENOUGH_SIZES and all(step[0] == size for step, size in fell):
        yield _misstep([step for step, size in fell if size > 1][:3], "by one for each record of the batch")
    for status in (200, *sorted({after.status or 0 for _, _, after in steps} - {200})):
        falls = [step for step in steps if step[0] > 0 and step[2].status == status]
        if len(falls) >= ENOUGH_STEPS and len({fall for fall, _, _ in falls}) == 1 and falls[0][0] > 1:
            at = "each time" if status == 200 else f"at each {status}"
            yield _misstep(falls[:3], f"by {falls[0][0]} {at}")
            break
    for fall, alike in groupby((step for step in steps if step[2].status == 200), key=lambda step: step[0]):
        row = list(alike)
        passed_s = sum(after.answered_s - before.sent_s for _, before, after in row)
        refill = (row[0][2].limit or 0) * passed_s / evidence.facts.window_s
        if fall <= 0 and len(row) >= ENOUGH_STEPS and len(row) > refill + 3:
            yield _misstep(row[:3], f"in {len(row)} requests, one after the other, it rose by {-fall} each time")
            return


def _steps(evidence: Evidence) -> Iterator[tuple[int, Row, Row]]:
    """How far Remaining fell from one request to the next, which was no refusal and had no stranger before it."""
    rows = (row for row, _ in _every(evidence, len(evidence.seen)))
    for before, after in pairwise(rows):
        left, then = before.remaining, after.remaining
        in_turn = before.answered_s <= after.sent_s and after.status != 429
        if in_turn and left is not None and then is not None and (left or then):
            yield left - then, before, after


def _misstep(steps: Sequence[tuple[int, Row, Row]], actual: str) -> Finding:
    witness = tuple(dict.fromkeys(row.seq for _, before, after in steps for row in (before, after)))
    return Finding(RATE_4, f"{REMAINING} falls by one a request", actual, witness, sequence=True)


def _unexplained(evidence: Evidence, promise: Promise) -> Examined:
    rows = rate_rows(evidence)
    if not any(row.remaining is not None for row in rows) or all(row.status == 429 for row in rows):
        return  # who was never let in may have somebody else spend the allowance
    for _ in rows[1:]:
        yield None
    if evidence.hurried:
        yield Doubt(promise, "interrupted: no limiter was searched for; python -m contracts.judge does so")
        return
    if explained_by_one(_but_strangers(rows), evidence.facts.window_s):
        return  # to ask all of them is the report's, which tells them apart
    survey = allowance_of(evidence)
    if survey.others_spend:  # with whom all would be explained
        if promise is RATE_4:
            yield Doubt(promise, "someone else spends this allowance: Remaining falls irregularly by more than we sent")
        return
    if survey.refuted is not None and promise is _promise_of(survey.refuted, rows, evidence.facts.window_s):
        refuted = survey.refuted
        expected = "answers that some legal limiter of this Limit and window could give"
        yield Finding(promise, expected, f"{refuted.words}\n{refuted.timeline}", refuted.witness, sequence=True)


def how_far_from_the_limit(evidence: Evidence) -> str | None:
    """Why nothing was refused, where a Limit was told and the most that was sent in a window is no more than that."""
    rows = rate_rows(evidence, authenticated=True)
    limit = max((row.limit or 0 for row in rows), default=0)
    sent = sorted(row.sent_s for row in rows)
    window_s = evidence.facts.window_s
    most = max((bisect_right(sent, began_s + window_s) - place for place, began_s in enumerate(sent)), default=0)
    if not limit or most > limit:
        return None
    return f"the limit of {limit} was not reached: at most {most} requests in a window of {window_s:g} s"


def _promise_of(refuted: Refutation, rows: tuple[Row, ...], window_s: float) -> Promise:
    """Too many let in is RATE-1's only where more than Limit were: with fewer, the headers told a tale (RATE-4)."""
    if refuted.kind == "no recovery":
        return RATE_1
    let_in = [row for row in rows if row.status in OPERATION_ANSWERS and row.limit is not None]
    most = max(
        (
            sum(first.sent_s <= row.sent_s and row.answered_s <= first.sent_s + window_s for row in let_in)
            for first in let_in
        ),
        default=0,
    )
    limit = max((row.limit or 0 for row in rows), default=0)
    return RATE_1 if refuted.kind == "over-admission" and most > limit else RATE_4


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
