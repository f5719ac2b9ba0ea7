"""The answers to the ledger's questions, read from what was sent and answered, never from what a driver meant by it.

A question that no exchange of the run answers is "not tried".
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from contracts.evidence import Evidence
from contracts.exchanges.exchange import KEY, Standing
from contracts.exchanges.records import Kind
from contracts.exchanges.replies import read_json
from contracts.observations import allowance
from contracts.seen import Due, Expected, Seen
from openapi.document import OPERATION_PATH
from openapi.ledger import QUESTIONS

NOT_TRIED = "not tried"
LONGEST_QUOTE = 80  # characters of a server's own words
# Oddities that come along with others of themselves: names we invent are unknown, as are those that get a moment to
# come; other odd moments cloud their reference.
OF_NOBODY = ("ref-", "at-future")


@dataclass(frozen=True, slots=True)
class Observation:
    """A question of the ledger, and the answer in words."""

    id: str
    question: str
    answer: str


def observe(evidence: Evidence) -> tuple[Observation, ...]:
    """Every question of the ledger, in its order."""
    records = _of_records(evidence)
    answers = {name: tell(evidence) for name, tell in TELLERS.items()}
    answers |= {oddity: _tally(told) for oddity, told in records.items()}
    unknown = {outcome for outcome, _ in records.get("unknown-reference", ())}
    for name in (name for name in records if name.startswith(OF_NOBODY)):
        if {outcome for outcome, _ in records[name]} == unknown:
            answers[name] += "; so does any reference that is not in the catalogue"
    return tuple(Observation(each.id, each.question, answers.get(each.id) or NOT_TRIED) for each in QUESTIONS)


def _of_records(evidence: Evidence) -> Mapping[str, list[tuple[str, int]]]:
    """By oddity: what the records got that are odd in this way alone, each with the exchange that shows it."""
    told: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for seen in _judged(evidence):
        odd = {index: only for index, expected in enumerate(seen.expected) if (only := _only(expected))}
        if seen.results is not None:
            for index, oddity in odd.items():
                if (outcome := seen.outcome(index)) is not None:
                    told[oddity].append((str(outcome), seen.seq))
        elif len(set(odd.values())) == 1 and len(odd) + len(seen.due(Due.ACCEPT)) == len(seen.expected):
            told[next(iter(odd.values()))] += [(str(seen.status), seen.seq)]
    return told


def _only(expected: Expected) -> str | None:
    """The one oddity of a record, what comes along with it aside. Nothing is old to a server that took nothing yet."""
    for name in expected.oddities:
        if name in ("at-stale", "at-equal") and not expected.update:
            continue
        companion = (
            "unknown-reference" if name.startswith(OF_NOBODY) else "at-clouded" if name.startswith("at-") else ""
        )
        if all(other in (name, companion) for other in expected.oddities):
            return name
    return None


def _judged(evidence: Evidence) -> Iterator[Seen]:
    return (seen for seen in evidence.seen if seen.judged)


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
    """Only while each record is the last of its reference: later on it is stale as well."""
    taken: set[object] = set()
    told: list[tuple[str, int]] = []
    for seen in _judged(evidence):
        batch = tuple((record.reference, repr(record.quantity), record.at) for record in seen.body.records)
        if batch in taken and all(expected.oddities == ("at-equal",) for expected in seen.expected):
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
    return f"{taken} {unit if taken != 1 else unit[:-1]} taken; " + (
        f"{larger} refused by {refused[larger]}" if larger else "no larger one refused"
    )


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


def _error_bodies(evidence: Evidence) -> str:
    told: dict[int, str] = {}
    for seen in evidence.seen:
        if (
            seen.answer
            and seen.on_operation
            and seen.answer.status in (400, 401, 404, 429)
            and seen.answer.status not in told
        ):
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
    "rate-headers-elsewhere": allowance.headers_elsewhere,
    "retry-after": allowance.retry_after,
    "draft-headers": allowance.draft_headers,
    "error-bodies": _error_bodies,
    "batch-status-words": _batch_status_words,
    **{f"cost-of-{status}": partial(allowance.cost, status=status) for status in (400, 401, 404, 422)},
    "limiter-class": allowance.limiter_class,
    "limiter-window": allowance.limiter_window,
    "second-key": _second_key,
}
