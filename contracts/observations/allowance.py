"""What this server does with the allowance where the document is silent, one answer a question; "" where nothing tells.

Pure. What the limiter itself may be is told by the candidates that explain the history.
"""

from bisect import bisect_left
from collections.abc import Iterator

from contracts.evidence import Evidence
from contracts.rules.allowance import LIMIT, REMAINING, allowance_of, header_number
from contracts.rules.throttling import OPERATION_ANSWERS

DRAFT_HEADERS = ("RateLimit", "RateLimit-Policy", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
LIMITERS = {
    "fixed-first": "a fixed window that the first request opens",
    "fixed-first-restarting": "a fixed window that each refusal restarts",
    "fixed-clock": "a fixed window by the wall clock",
    "sliding-log": "a sliding window",
    "sliding-log-counting": "a sliding window that counts refusals too",
    "sliding-counter": "a sliding window reckoned from two counters",
    "token-bucket": "a token bucket, or GCRA",
    "token-bucket-lumps": "a token bucket filled in lumps",
    "leaky": "a leaky bucket without a burst",
}


def cost(evidence: Evidence, status: int) -> str:
    """As the limiters that explain the history have it; where they leave it open, what Remaining lost."""
    costs = allowance_of(evidence).costs.get(status, frozenset())
    if len(costs) != 1:
        costs = frozenset(_lost(evidence, status)) or costs
    if not costs:
        return ""
    return "nothing or one request: not told apart" if len(costs) > 1 else ("one request" if 1 in costs else "nothing")


def _lost(evidence: Evidence, status: int) -> Iterator[int]:
    """What each answer of that status cost, from Remaining before it and on it; else on the two answers round it.

    Cannot tell a refill that hides a cost: an answer that lost neither nothing nor one is passed over.
    """
    before: int | None = None
    between, free_s = 0, 0.0
    for seen in evidence.seen:
        remaining = header_number(seen.answer, REMAINING) if seen.authenticated and seen.answer else None
        fits = seen.status == status
        # Which of two that overlap was decided first cannot be known, nor what a read beside the operation cost.
        if seen.exchange.sent_s < free_s or not seen.on_operation:
            before, between = None, 0
        free_s = max(free_s, seen.exchange.answered_s)
        if remaining is None:
            before, between = (before, between + 1) if fits else (None, 0)
            continue
        lost = None if before is None else before - remaining - (not fits)
        asked = between + fits
        if asked and lost is not None and lost in (0, asked):
            yield 1 if lost else 0
        before, between = remaining, 0


def headers_elsewhere(evidence: Evidence) -> str:
    carried: dict[int, bool] = {}
    for seen in evidence.seen:
        if seen.answer and seen.on_operation and seen.answer.status not in (*OPERATION_ANSWERS, 429):
            both = seen.answer.header(LIMIT) is not None and seen.answer.header(REMAINING) is not None
            carried[seen.answer.status] = carried.get(seen.answer.status, False) or both
    return "; ".join(
        f"{status} {'carries' if both else 'does not carry'} them" for status, both in sorted(carried.items())
    )


def retry_after(evidence: Evidence) -> str:
    """Whether a wait was enough is told by the first request after it, where nothing was sent meanwhile."""
    sent = [seen for seen in evidence.seen if seen.authenticated]
    times = [seen.exchange.sent_s for seen in sent]
    refusals = [seen for seen in sent if seen.status == 429]
    waits, let_in = [], []
    for seen in refusals:
        wait_s = header_number(seen.answer, "Retry-After") if seen.answer else None
        if wait_s is None:
            continue
        waits.append(wait_s)
        following = bisect_left(times, seen.exchange.answered_s)
        if following < len(sent) and times[following] >= seen.exchange.answered_s + wait_s:
            let_in.append(sent[following].status != 429)
    if not waits:
        return f"none of {len(refusals)} refusals carries it as a number of seconds" if refusals else ""
    said = f"{len(waits)} of {len(refusals)} refusals carry it, {min(waits)} to {max(waits)} s"
    tried = f"after that wait {sum(let_in)} of {len(let_in)} requests were let in" if let_in else "not waited for"
    return f"{said}; {tried}"


def draft_headers(evidence: Evidence) -> str:
    answers = [seen.answer for seen in evidence.seen if seen.answer]
    met = [name for name in DRAFT_HEADERS if any(answer.header(name) is not None for answer in answers)]
    return (", ".join(met) or "no") if answers else ""


def limiter_class(evidence: Evidence) -> str:
    survey = allowance_of(evidence)
    if survey.limit is None:
        return ""
    return "; or ".join(f"{LIMITERS[name]} ({name})" for name in survey.candidates) or "none does"


def limiter_window(evidence: Evidence) -> str:
    survey = allowance_of(evidence)
    if survey.limit is None or not survey.candidates:
        return ""
    phase = "its phase cannot be told" if survey.phase_s is None else f"it begins {survey.phase_s:g} s into the run"
    return f"{survey.limit} requests in {survey.window_s:g} s; {phase}"
