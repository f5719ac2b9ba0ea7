"""Throttling: what the two headers and the refusals say. Which limiters are possible is `limiters`' to tell.

"API requests are limited to the amount specified in the returned `X-RateLimit-Limit` header (per 10 seconds)."
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from contracts.evidence import Evidence
from contracts.exchanges.exchange import Answer
from contracts.finding import Doubt, Examined, Finding
from contracts.rules.allowance import (
    LIMIT,
    REMAINING,
    allowance_of,
    every_row,
    header_number,
    rate_rows,
    surely_explained,
)
from contracts.rules.limiters import Refutation, Row
from contracts.seen import Seen
from openapi.ledger import RATE_1, RATE_2, RATE_3, RATE_4, RATE_5, RATE_6, Promise

OPERATION_ANSWERS = (200, 422)
REFUSED_OTHERWISE = (403, 503, 509)
REFUSED_THOUGH_VALID = (400, 402, 409, 420, 423)
ENOUGH_STEPS = 6  # alike in a row: more than chance, or another client, would make
MOST_LATE_S = 0.25  # that a window may be longer than the document says
ENOUGH_SIZES = 3  # of batches, each of which cost as much


def both_headers_are_there(seen: Seen) -> Examined:
    """RATE-3: "Check the `X-RateLimit-Limit` and `X-RateLimit-Remaining` headers": both, decimal, in order."""
    if seen.authenticated and seen.status in OPERATION_ANSWERS and seen.answer is not None:
        fault = _fault_of_headers(seen.answer)
        expected = f"both headers on a {seen.status}, decimal integers, Remaining not above Limit"
        yield Finding(RATE_3, expected, fault, (seen.seq,)) if fault else None


def a_refusal_carries_both_headers(seen: Seen) -> Examined:
    """RATE-5: both headers on the 429 too."""
    if seen.authenticated and seen.status == 429 and seen.answer is not None:
        fault = _fault_of_headers(seen.answer)
        yield Finding(RATE_5, f"both headers on a 429, {REMAINING} 0", fault, (seen.seq,)) if fault else None


def _fault_of_headers(answer: Answer) -> str | None:
    limit, remaining = header_number(answer, LIMIT), header_number(answer, REMAINING)
    if limit is not None and remaining is not None:
        return f"{REMAINING} {remaining} above {LIMIT} {limit}" if remaining > limit else None
    name = LIMIT if limit is None else REMAINING
    value = answer.header(name)
    return f"{name} is missing" if value is None else f"{name}: {value}"


def a_refusal_says_that_nothing_remains(evidence: Evidence) -> Examined:
    """RATE-5: Remaining on the 429 is 0.

    What is read off while the refusal leaves may tell of a window that has begun meanwhile: by chance, so not by every
    refusal, and then so many get in. Blamed where no refusal tells 0, or where the next is refused as well though fewer
    came between.
    """
    rows = rate_rows(evidence, authenticated=True)
    refusals = [row for row in rows if row.status == 429 and row.remaining is not None]
    always = all(row.remaining for row in refusals)
    sent, answered = [row.sent_s for row in rows], sorted(row.answered_s for row in rows)
    for row in refusals:
        then = bisect_left(sent, row.answered_s)
        refused_again = then < len(rows) and rows[then].status == 429
        between = then - bisect_left(answered, row.sent_s) - 1  # at most, and not itself
        if row.remaining and (always or (refused_again and between < row.remaining)):
            witness = (row.seq, rows[then].seq) if refused_again and not always else (row.seq,)
            yield Finding(RATE_5, f"{REMAINING} 0 on a 429", f"{REMAINING}: {row.remaining}", witness)
        else:
            yield None


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
    422, or another answer of the operation), the refusal has another face; so has a 400 or the like to records that
    have to be accepted. Cannot see refusals that begin early.
    """
    acceptable = {seen.seq for seen in evidence.seen if seen.all_acceptable}
    empty: Row | None = None
    for row in rate_rows(evidence, authenticated=True):
        if row.status == 429:
            yield None
        elif empty is not None and row.sent_s - empty.answered_s < evidence.facts.window_s:
            face = _other_face(row, row.seq in acceptable)
            if face:
                yield Finding(RATE_2, "429 when nothing remains", face, (empty.seq, row.seq), sequence=True)
        if row.remaining is not None:
            empty = row if row.remaining == 0 else None


def _other_face(row: Row, acceptable: bool) -> str | None:
    if row.dropped:
        return "no answer: the connection was closed or cut"
    faces = (*REFUSED_OTHERWISE, *(REFUSED_THOUGH_VALID if acceptable else ()))
    return f"{row.status}" if row.status in faces else None


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
    requests too quick for any refill, while none of a window ago leaves a log.
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
    logged = _Logged(every_row(evidence), evidence.facts.window_s)
    for fall, alike in groupby((step for step in steps if step[2].status == 200), key=lambda step: step[0]):
        row = [step for step in alike if logged.leave(*step[1:]) <= -fall]
        passed_s = sum(after.answered_s - before.sent_s for _, before, after in row)
        refill = (row[0][2].limit or 0) * passed_s / evidence.facts.window_s if row else 0
        if fall <= 0 and len(row) >= ENOUGH_STEPS and len(row) > refill + 3:
            yield _misstep(row[:3], f"in {len(row)} requests, one after the other, it rose by {-fall} each time")
            return


class _Logged:
    """What a sliding log holds, at most: a client that comes back in the rhythm of a window ago sees it stand still."""

    def __init__(self, rows: Sequence[Row], window_s: float) -> None:
        self._window_s = window_s
        self._sent_s = sorted(row.sent_s for row in rows)
        self._answered_s = sorted(row.answered_s for row in rows)

    def leave(self, before: Row, after: Row) -> int:
        """How many may have left from one request to the next."""
        begun = bisect_right(self._sent_s, after.answered_s - self._window_s)
        gone = bisect_left(self._answered_s, before.sent_s - self._window_s - MOST_LATE_S)
        return max(0, begun - gone)


def _steps(evidence: Evidence) -> Iterator[tuple[int, Row, Row]]:
    """How far Remaining fell from one request to the next, which was no refusal and had no stranger before it."""
    for before, after in pairwise(every_row(evidence)):
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
    if surely_explained(evidence):
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
