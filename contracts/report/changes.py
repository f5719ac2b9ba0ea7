"""What a server does where the document is silent, compared between two runs of it. Sends nothing, judges nothing.

Of two runs that sent the same, every difference counts. Of others one may have met what the other did not, so that an
answer has changed only where nothing is left of what it was.
"""

import re
from collections.abc import Mapping
from typing import Any

from contracts.observations import NOT_TRIED, OF_NOBODY

# What is the run's own affair: how far it happened to go up, in bytes ever, when it met the window, how often it was
# refused and for how long, and whether it waited.
_OF_THE_RUN: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), by)
    for pattern, by in (
        (r"\d+ \w+ taken; (?=no larger)|\d+ bytes taken; (?:\d+ )?|; it begins \S+ s into the run", ""),
        (r"^none of \d+ refusals carries", "no refusal carries"),
        (r"^(\d+) of \1 refusals carry it, \d+ to \d+ s", "each refusal carries it"),
        (r"^\d+ of \d+ refusals carry it, \d+ to \d+ s", "some refusals carry it"),
        (r"; not waited for$", ""),
        (r"(?<=; )after that wait (\d+) of \1 requests were let in$", "it is long enough"),
        (r"(?<=; )after that wait \d+ of \d+ requests were let in$", "it is not always long enough"),
    )
)
_UNIQUE = re.compile(r"(?=[\w:.+-]*\d)[\w:.+-]{8,}")  # ids and moments, another each time
_TALLIED = re.compile(r"(.+?) \((?:once|\d+ times), first in #\d+\)(?:, |$)")
_UNDECIDED = "not told apart"
_UNKNOWN = "unknown-reference"
_BESIDES = re.compile(r"; so does any reference that is not in the catalogue$")  # told by that question as well


def told(answer: str) -> str:
    """An observation's answer without what differs from run to run of one server: what two runs can be compared by."""
    if (outcomes := _outcomes(answer)) is not None:
        return ", ".join(sorted(_UNIQUE.sub("…", outcome) for outcome in outcomes))
    for pattern, by in _OF_THE_RUN:
        answer = pattern.sub(by, answer)
    return _UNIQUE.sub("…", answer)


def _outcomes(answer: str) -> list[str] | None:
    """Of an answer that counts outcomes, these; None of any other."""
    counts = _BESIDES.sub("", answer)
    outcomes: list[str] = _TALLIED.findall(counts)
    return outcomes if outcomes and _TALLIED.sub("", counts) == "" else None


def observed(document: Mapping[str, Any]) -> dict[str, str]:
    """By question, what this run tells of those that it tried."""
    return {row["id"]: told(row["answer"]) for row in _answered(document)}


def _answered(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [row for row in document["observations"] if row["answer"] != NOT_TRIED and _UNDECIDED not in row["answer"]]


def changed(document: Mapping[str, Any], before: Mapping[str, str], sent_alike: bool) -> list[dict[str, Any]]:
    """The questions that were answered otherwise before."""
    now = observed(document)
    found = []
    for row in _answered(document):
        name = row["id"]
        if name not in before or now[name] == before[name]:
            continue
        counted = _outcomes(row["answer"]) is not None
        if counted and not sent_alike and _one_server(name, now, before):
            continue
        if not counted and _agree(name, now[name], before[name]):
            continue
        found.append({"id": name, "question": row["question"], "before": before[name], "now": now[name]})
    return found


def _agree(name: str, now: str, before: str) -> bool:
    """Whether what both tell is the same: one may have met a status that the other did not, or ruled out less."""
    if name == "limiter-class":
        return bool(set(now.split("; or ")) & set(before.split("; or ")))
    one, other = set(now.split("; ")), set(before.split("; "))
    return one <= other or other <= one


def _one_server(name: str, now: Mapping[str, str], before: Mapping[str, str]) -> bool:
    """Whether one server may have given both outcomes, to requests that were not the same."""
    if _split(now[name]) & _split(before[name]):
        return True
    # A reference that is odd is unknown too, and may be treated as any unknown one.
    explained = all(_split(each[name]) <= _split(each.get(_UNKNOWN, "")) for each in (now, before))
    return explained and name.startswith(OF_NOBODY)


def _split(outcomes: str) -> set[str]:
    return set(outcomes.split(", "))
