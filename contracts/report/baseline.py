"""A run against a saved one: what changed where the document is silent, and the breaks that are known. Sends nothing.

    {"schema": 1,
     "known": {"RES-6": {"reason": "mended in the next release", "until": "2027-01-31"}},
     "observations": {"at-stale": "ok", …}}

A known break does not fail the run up to its date. One that holds again, or has passed its date, does: a list of
excuses must not grow old. A changed observation is told and fails nothing, since the document allows both.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec

from contracts.finding import Verdict
from contracts.observations import NOT_TRIED
from contracts.report.document import verdict_over
from openapi.ledger import BY_ID

SCHEMA = 1
# How far a run happened to go up, in bytes ever, and when it met the window, are the run's own affair.
_OF_THE_RUN = re.compile(r"\d+ \w+ taken; (?=no larger)|\d+ bytes taken; (?:\d+ )?|; it begins \S+ s into the run")
_UNIQUE = re.compile(r"(?=[\w:.+-]*\d)[\w:.+-]{8,}")  # ids and moments, another each time
_TALLIED = re.compile(r"(.+?) \((?:once|\d+ times), first in #\d+\)(?:, |$)")


class BaselineError(ValueError):
    """A file that is no baseline, or one that cannot be written: what is wrong with it, in one line."""


class Known(msgspec.Struct, forbid_unknown_fields=True):
    """Why a break is put up with, and the last day on which it is."""

    reason: str
    until: date


class Baseline(msgspec.Struct, forbid_unknown_fields=True):
    """What the file holds."""

    schema: int
    known: dict[str, Known]
    observations: dict[str, str]


EMPTY = Baseline(SCHEMA, {}, {})


def read_baseline(path: Path) -> Baseline:
    """Raises BaselineError for whatever is wrong with the file."""
    try:
        baseline = msgspec.json.decode(path.read_bytes(), type=Baseline)
    except OSError as error:
        raise BaselineError(f"--baseline {path}: {error.strerror}") from error
    except ValueError as error:
        raise BaselineError(f"--baseline {path} is no baseline: {error}") from error
    if baseline.schema != SCHEMA:
        raise BaselineError(f"--baseline {path} is of schema {baseline.schema}; this harness reads {SCHEMA}")
    for name, known in baseline.known.items():
        if name not in BY_ID and not name.startswith("GATE-"):
            raise BaselineError(f"--baseline {path}: no promise has the id {name!r}")
        if not known.reason.strip():
            raise BaselineError(f"--baseline {path}: the known break of {name} gives no reason")
    return baseline


def write_baseline(path: Path, baseline: Baseline) -> None:
    """One line a fact, sorted, so that a diff reads well. Raises BaselineError where the file cannot be written."""
    text = msgspec.json.format(msgspec.json.encode(baseline, order="sorted"), indent=2)
    try:
        path.write_bytes(text + b"\n")
    except OSError as error:
        raise BaselineError(f"--baseline {path}: {error.strerror}") from error


def told(answer: str) -> str:
    """An observation's answer without what differs from run to run of one server: what two runs can be compared by."""
    outcomes = _TALLIED.findall(answer)
    counted = bool(outcomes) and _TALLIED.sub("", answer) == ""
    return ", ".join(sorted(outcomes)) if counted else _UNIQUE.sub("…", _OF_THE_RUN.sub("", answer))


def renewed(old: Baseline, document: Mapping[str, Any]) -> Baseline:
    """The baseline after this run. Breaks that hold again are struck; new ones are for a person to list."""
    verdicts = {row["id"]: row["verdict"] for row in document["promises"]}
    known = {name: each for name, each in old.known.items() if verdicts.get(name) != Verdict.HELD}
    return Baseline(SCHEMA, known, {**old.observations, **_tried(document)})


def compared(document: Mapping[str, Any], old: Baseline, known: Mapping[str, Known], file: str) -> dict[str, Any]:
    """report.json with its key `baseline`, its verdict as the known breaks leave it, and these marked in their rows."""
    day = datetime.fromisoformat(document["started_at"]).date()
    rows = [_marked(row, known.get(row["id"]), day) for row in document["promises"]]
    states = [row["known"] | {"id": row["id"]} for row in rows if row.get("known")]
    against = [state for state in states if state["state"] in ("holds again", "past its date")]
    verdict = verdict_over([row for row in rows if (row.get("known") or {}).get("state") != "broken"])
    if against:
        verdict = Verdict.BROKEN.value
    open_rows = (row["reason"] for row in rows if row["in_scope"] and row["reason"])
    reason = "; ".join(map(_why, against)) or document["reason"] or next(open_rows, None)
    return {
        **document,
        "verdict": verdict,
        "reason": None if verdict == Verdict.HELD else reason,
        "promises": rows,
        "baseline": {"file": file, "changed": _changed(document, old), "known": states},
    }


def _marked(row: Mapping[str, Any], known: Known | None, day: date) -> dict[str, Any]:
    if known is None:
        return dict(row)
    state: str = row["verdict"]
    if state == Verdict.HELD:
        state = "holds again"
    elif state == Verdict.BROKEN and day > known.until:
        state = "past its date"
    return {**row, "known": {"state": state, "reason": known.reason, "until": known.until.isoformat()}}


def _why(state: Mapping[str, Any]) -> str:
    if state["state"] == "holds again":
        return f"{state['id']} is listed as a known break and holds again: take it off the baseline"
    return f"{state['id']} is a known break whose date, {state['until']}, has passed"


def _tried(document: Mapping[str, Any]) -> dict[str, str]:
    return {row["id"]: told(row["answer"]) for row in document["observations"] if row["answer"] != NOT_TRIED}


def _changed(document: Mapping[str, Any], old: Baseline) -> list[dict[str, Any]]:
    questions = {row["id"]: row["question"] for row in document["observations"]}
    return [
        {"id": name, "question": questions[name], "before": old.observations[name], "now": now}
        for name, now in _tried(document).items()
        if name in old.observations and old.observations[name] != now
    ]
