"""Where the document is silent: what this server did, one line a question, read from what was sent and answered.

Pure, and never a verdict. A question that no exchange of the run answers is "not tried".
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from contracts.evidence import Due, Evidence, Seen
from contracts.exchange import KEY, Standing
from contracts.records import Kind
from contracts.replies import read_json
from contracts.rules.throttling import LIMIT, OPERATION_ANSWERS, REMAINING, header_number, rate_rows, survey_of
from openapi.document import OPERATION_PATH
from openapi.ledger import QUESTIONS

NOT_TRIED = "not tried"
LONGEST_QUOTE = 80  # characters of a server's own words
DRAFT_HEADERS = ("RateLimit", "RateLimit-Policy", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
# Oddities that come along with others of themselves: names we invent are unknown, odd moments cloud their reference.
COMPANIONS = frozenset({"unknown-reference", "at-clouded"})
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


@dataclass(frozen=True, slots=True)
class Observation:
    """A question of the ledger, and the answer in words."""

    id: str
    question: str
    answer: str


def observe(evidence: Evidence) -> tuple[Observation, ...]:
    """Every question of the ledger, in its order."""
    return tuple(Observation(each.id, each.question, _teller(each.id)(evidence) or NOT_TRIED) for each in QUESTIONS)


def _teller(question: str) -> "Callable[[Evidence], str]":
    if question.startswith("cost-of-"):
        return partial(_cost, status=int(question.removeprefix("cost-of-")))
    return TELLERS.get(question) or partial(_record_outcomes, oddity=question)


def _judged(evidence: Evidence) -> Iterator[Seen]:
    return (seen for seen in evidence.seen if seen.judged)


def _record_outcomes(evidence: Evidence, oddity: str) -> str:
    """What the records got that are odd in this way alone."""
    told = _outcomes(evidence, oddity)
    unknown = (
        {outcome for outcome, _ in _outcomes(evidence, "unknown-reference")} if oddity.startswith("ref-") else set()
    )
    same = bool(unknown) and {outcome for outcome, _ in told} == unknown
    return _tally(told) + ("; so does any reference that is not in the catalogue" if same else "")


def _outcomes(evidence: Evidence, oddity: str) -> list[tuple[str, int]]:
    told: list[tuple[str, int]] = []
    for seen in _judged(evidence):
        odd = [index for index, expected in enumerate(seen.expected) if _only(expected.oddities, oddity)]
        if seen.results is not None:
            told += [(str(seen.outcome(index)), seen.seq) for index in odd if seen.outcome(index) is not None]
        elif odd and len(odd) + len(seen.due(Due.ACCEPT)) == len(seen.expected):
            told.append((str(seen.status), seen.seq))
    return told


def _only(oddities: tuple[str, ...], oddity: str) -> bool:
    others = set(oddities) - {oddity}
    return oddity in oddities and others <= (COMPANIONS if oddity.startswith(("ref-", "at-")) else set())


def _tally(told: Iterable[tuple[str, int]]) -> str:
    """Outcomes by their number, each with the first exchange that shows it."""
    first: dict[str, int] = {}
    counts: Counter[str] = Counter()
    for outcome, seq in told:
        counts[outcome] += 1
        first.setdefault(outcome, seq)
    return ", ".join(
        f"{outcome} ({_times(count)}, first in #{first[outcome]})" for outcome, count in counts.most_common()
    )


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _refusal_mode(evidence: Evidence) -> str:
    """A batch larger than any that was taken may have been refused for its size: it says nothing here."""
    batches = [seen for seen in _judged(evidence) if seen.due(Due.REFUSE)]
    taken = max((len(seen.expected) for seen in batches if seen.status == 200), default=None)
    ways: list[tuple[str, int]] = []
    for seen in batches:
        if seen.status == 422 and (taken is None or len(seen.expected) <= taken):
            ways.append(("a 422 for the whole batch", seen.seq))
        elif any(seen.outcome(index) == "error" for index in seen.due(Due.REFUSE)):
            ways.append(("`error` at its index in a 200", seen.seq))
    return _tally(ways)


def _same_batch_again(evidence: Evidence) -> str:
    taken: set[object] = set()
    told: list[tuple[str, int]] = []
    for seen in _judged(evidence):
        batch = tuple((record.reference, repr(record.quantity), record.at) for record in seen.body.records)
        if batch in taken:
            outcomes = {str(seen.outcome(index)) for index in range(len(batch))}
            told.append((" and ".join(sorted(outcomes)), seen.seq))
        if seen.all_acceptable and seen.results is not None:
            taken.add(batch)
    return _tally(told)


def _largest(evidence: Evidence, size_of: Callable[[Seen], int], unit: str) -> str:
    """A batch refused for a fault in it says nothing of size, except where faults are reported record by record."""
    batches = [seen for seen in _judged(evidence) if seen.body.kind is Kind.BATCH]
    taken = max((size_of(seen) for seen in batches if seen.status == 200), default=0)
    per_record = any(seen.status == 200 and seen.due(Due.REFUSE) for seen in batches)
    refused = {
        size_of(seen): seen.status
        for seen in batches
        if seen.status == 413 or (seen.status == 422 and (seen.all_acceptable or per_record))
    }
    larger = min((size for size in refused if size > taken), default=None)
    if not taken and larger is None:
        return ""
    return f"{taken} {unit} taken; " + (f"{larger} refused by {refused[larger]}" if larger else "no larger one refused")


def _records(seen: Seen) -> int:
    return len(seen.expected)


def _bytes(seen: Seen) -> int:
    return len(seen.exchange.request.body)


def _other_method(evidence: Evidence) -> str:
    sent = (seen.exchange for seen in evidence.seen if seen.exchange.request.path == OPERATION_PATH)
    others = [(f"{each.request.method} {each.status}", each.seq) for each in sent if each.request.method != "POST"]
    return _tally(others)


def _other_path(evidence: Evidence) -> str:
    others = (seen.exchange for seen in evidence.seen if seen.exchange.request.path != OPERATION_PATH)
    return _tally((str(each.status), each.seq) for each in others if each.answer)


def _other_media_type(evidence: Evidence) -> str:
    told: list[tuple[str, int]] = []
    for seen in _judged(evidence):
        kind = (seen.exchange.request.header("Content-Type") or "none").partition(";")[0].strip().lower()
        if kind != "application/json":
            told.append((f"{kind}: {seen.status}", seen.seq))
    return _tally(told)


def _key_as(evidence: Evidence, wanted: str) -> str:
    told: list[tuple[str, int]] = []
    for seen in evidence.seen:
        sent = seen.exchange.request.header("Authorization") or ""
        unspoken = seen.on_operation and seen.exchange.standing is Standing.UNSPOKEN
        if unspoken and seen.status not in (None, 429) and _dress(sent) == wanted:
            answer = "refused by" if seen.status in (401, 403) else "let in, answered"
            told.append((f"`{sent}` {answer} {seen.status}", seen.seq))
    return _tally(told)


def _dress(authorization: str) -> str:
    words = authorization.split()
    if len(words) != 2 or words[1] != KEY or words[0].lower() != "bearer":
        return "key-other-scheme"
    return "auth-white-space" if words[0] == "Bearer" else "scheme-case"


def _cost(evidence: Evidence, status: int) -> str:
    """As the limiters that explain the history have it; where they leave it open, what Remaining lost."""
    costs = survey_of(rate_rows(evidence), evidence.facts.window_s).costs.get(status, frozenset())
    if len(costs) != 1:
        costs = frozenset(_lost(evidence, status)) or costs
    if not costs:
        return ""
    return "nothing or one request: not told apart" if len(costs) > 1 else ("one request" if 1 in costs else "nothing")


def _lost(evidence: Evidence, status: int) -> Iterator[int]:
    """What each answer of that status cost, from Remaining before it and on it; else on the two answers round it."""
    before: int | None = None
    between = 0
    for seen in evidence.seen:
        remaining = header_number(seen.answer, REMAINING) if seen.authenticated and seen.answer else None
        fits = seen.status == status
        if remaining is None:
            before, between = (before, between + 1) if fits else (None, 0)
            continue
        lost = None if before is None else before - remaining - (not fits)
        asked = between + fits
        if asked and lost is not None and lost in (0, asked):
            yield 1 if lost else 0
        before, between = remaining, 0


def _headers_elsewhere(evidence: Evidence) -> str:
    carried: dict[int, bool] = {}
    for seen in evidence.seen:
        if seen.answer and seen.answer.status not in (*OPERATION_ANSWERS, 429):
            both = seen.answer.header(LIMIT) is not None and seen.answer.header(REMAINING) is not None
            carried[seen.answer.status] = carried.get(seen.answer.status, False) or both
    return "; ".join(
        f"{status} {'carries' if both else 'does not carry'} them" for status, both in sorted(carried.items())
    )


def _retry_after(evidence: Evidence) -> str:
    refusals = [seen for seen in evidence.seen if seen.authenticated and seen.status == 429]
    told = [(seen, wait_s) for seen in refusals if (wait_s := header_number(seen.answer, "Retry-After")) is not None]  # type: ignore[arg-type]  # a status is of an answer
    if not refusals:
        return ""
    if not told:
        return f"none of {len(refusals)} refusals carries it as a number of seconds"
    tried = [after for seen, wait_s in told if (after := _first_after(evidence, seen, wait_s)) is not None]
    enough = sum(after.status != 429 for after in tried)
    said = f"{len(told)} of {len(refusals)} refusals carry it, {min(w for _, w in told)} to {max(w for _, w in told)} s"
    return (
        f"{said}; after that wait {enough} of {len(tried)} requests were let in" if tried else f"{said}; not waited for"
    )


def _first_after(evidence: Evidence, refusal: Seen, wait_s: float) -> Seen | None:
    """The next request of the key, where it waited as told."""
    later = (
        seen for seen in evidence.seen if seen.authenticated and seen.exchange.sent_s >= refusal.exchange.answered_s
    )
    following = next(later, None)
    waited = following is not None and following.exchange.sent_s >= refusal.exchange.answered_s + wait_s
    return following if waited else None


def _draft_headers(evidence: Evidence) -> str:
    answers = [seen.answer for seen in evidence.seen if seen.answer]
    met = [name for name in DRAFT_HEADERS if any(answer.header(name) is not None for answer in answers)]
    return (", ".join(met) or "no") if answers else ""


def _error_bodies(evidence: Evidence) -> str:
    told: dict[int, str] = {}
    for seen in evidence.seen:
        if seen.answer and seen.answer.status in (400, 401, 404, 429) and seen.answer.status not in told:
            text = re.sub(r"\s+", " ", seen.answer.body[:1000].decode("utf-8", "replace")).strip()
            short = text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 1] + "…"
            told[seen.answer.status] = f"{seen.answer.header('Content-Type') or 'no type'}, {short or 'empty'}"
    return "; ".join(f"{status}: {words}" for status, words in sorted(told.items()))


def _batch_status_words(evidence: Evidence) -> str:
    told: list[tuple[str, int]] = []
    for seen in _judged(evidence):
        document = read_json(seen.answer) if seen.answer and seen.status == 200 else None
        if isinstance(document, dict) and isinstance(document.get("status"), str):
            told.append((f"`{document['status'][:LONGEST_QUOTE]}`", seen.seq))
    return _tally(told)


def _limiter_class(evidence: Evidence) -> str:
    survey = survey_of(rate_rows(evidence), evidence.facts.window_s)
    if survey.limit is None:
        return ""
    return "; or ".join(f"{LIMITERS[name]} ({name})" for name in survey.candidates) or "none does"


def _limiter_window(evidence: Evidence) -> str:
    survey = survey_of(rate_rows(evidence), evidence.facts.window_s)
    if survey.limit is None or not survey.candidates:
        return ""
    phase = "its phase cannot be told" if survey.phase_s is None else f"it begins {survey.phase_s:g} s into the run"
    return f"{survey.limit} requests in {survey.window_s:g} s; {phase}"


def _second_key(_: Evidence) -> str:
    return ""  # a run has one key and one address


TELLERS: dict[str, Callable[[Evidence], str]] = {
    "refusal-mode": _refusal_mode,
    "same-batch-again": _same_batch_again,
    "batch-max": partial(_largest, size_of=_records, unit="records"),
    "body-max": partial(_largest, size_of=_bytes, unit="bytes"),
    "other-method": _other_method,
    "other-path": _other_path,
    "other-media-type": _other_media_type,
    "scheme-case": partial(_key_as, wanted="scheme-case"),
    "auth-white-space": partial(_key_as, wanted="auth-white-space"),
    "key-other-scheme": partial(_key_as, wanted="key-other-scheme"),
    "rate-headers-elsewhere": _headers_elsewhere,
    "retry-after": _retry_after,
    "draft-headers": _draft_headers,
    "error-bodies": _error_bodies,
    "batch-status-words": _batch_status_words,
    "limiter-class": _limiter_class,
    "limiter-window": _limiter_window,
    "second-key": _second_key,
}
