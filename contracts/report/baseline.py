"""A run against a saved one: what changed where the document is silent, and the breaks that are known. Sends nothing.

    {"schema": 1,
     "sent": "contracts, depth standard, seed 1",
     "known": {"RES-6": {"reason": "mended in the next release", "until": "2027-01-31"}},
     "observations": {"at-stale": "ok", …}}

A known break does not fail the run up to its date. One that holds again, or has passed its date, does: a list of
excuses must not grow old. A changed observation is told and fails nothing, since the document allows both.
"""

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec

from contracts.finding import Verdict
from contracts.report.changes import changed, observed
from contracts.report.document import verdict_over, write_whole
from contracts.report.known import AGAIN, AGAINST, BROKEN, OPEN, PARTLY, PAST, STRUCK, UNTRIED, against, excused
from openapi.ledger import BY_ID, QUESTIONS

SCHEMA = 1


class BaselineError(ValueError):
    """A file that is no baseline, or one that cannot be written: what is wrong with it, in one line."""


class Known(msgspec.Struct, forbid_unknown_fields=True):
    """Why a break is put up with, and the last day on which it is."""

    reason: str
    until: date


class Baseline(msgspec.Struct, forbid_unknown_fields=True):
    """What the file holds. `sent` is what was chosen of the run that wrote it, such as its seed."""

    schema: int
    known: dict[str, Known]
    observations: dict[str, str]
    sent: str = ""


@dataclass(frozen=True, slots=True)
class Extent:
    """How much a run was of what there is to run.

    Two that were `sent` alike can differ in nothing but the server. `partly` are the promises that only some of their
    tests were run for: to hold in these is not to hold again.
    """

    sent: str = ""
    partly: frozenset[str] = frozenset()


WHOLE = Extent()
EMPTY = Baseline(SCHEMA, {}, {})


def read_baseline(path: Path) -> Baseline:
    """Raises BaselineError for whatever is wrong with the file."""
    try:
        baseline = msgspec.json.decode(path.read_bytes(), type=Baseline)
    except FileNotFoundError:
        raise BaselineError(f"--baseline {path}: no such file; --baseline-update makes it") from None
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


def check_writable(path: Path) -> None:
    """Before an hour's run rather than after it. Raises BaselineError."""
    target = path.resolve()  # what a link points to is written, and the link kept
    if target.is_dir():
        raise BaselineError(f"--baseline {path}: Is a directory")
    if not target.parent.is_dir():
        raise BaselineError(f"--baseline {path}: there is no folder {target.parent}")
    if not os.access(target.parent, os.W_OK) or (target.exists() and not target.stat().st_mode & 0o222):
        raise BaselineError(f"--baseline {path}: it may not be written")


def write_baseline(path: Path, baseline: Baseline) -> None:
    """One line a fact, sorted, so that a diff reads well; whole, or not at all and a BaselineError."""
    text = msgspec.json.format(msgspec.json.encode(baseline, order="sorted"), indent=2)
    try:
        check_writable(path)
        write_whole(path.resolve(), text + b"\n")
    except OSError as error:
        raise BaselineError(f"--baseline {path}: {error.strerror}") from error


def renewed(old: Baseline, document: Mapping[str, Any], extent: Extent = WHOLE) -> Baseline:
    """The baseline after this run. Breaks that hold again are struck; new ones are for a person to list."""
    rows = {row["id"]: row for row in document["promises"]}
    known = {
        name: each
        for name, each in old.known.items()
        if name not in rows or _state(rows[name], each, _day(document), extent) != AGAIN
    }
    kept = {question.id: old.observations[question.id] for question in QUESTIONS if question.id in old.observations}
    return Baseline(SCHEMA, known, {**kept, **observed(document)}, extent.sent)


def compared(
    document: Mapping[str, Any], old: Baseline, file: str, extent: Extent = WHOLE, struck: Collection[str] = ()
) -> dict[str, Any]:
    """report.json with its key `baseline`, its verdict as the known breaks leave it, and these marked in their rows.

    `struck` are the known breaks that this run takes off the list.
    """
    day, rows, states = _day(document), [], []
    for row in document["promises"]:
        if (known := old.known.get(row["id"])) is None:
            rows.append(dict(row))
            continue
        state = STRUCK if row["id"] in struck else _state(row, known, day, extent)
        rows.append({**row, "known": {"state": state, "reason": known.reason, "until": known.until.isoformat()}})
        states.append(rows[-1]["known"] | {"id": row["id"]})
    rowless = sorted(old.known.keys() - {row["id"] for row in rows})  # gates of scenarios that did not run
    states += [
        {"state": UNTRIED, "reason": old.known[name].reason, "until": old.known[name].until.isoformat(), "id": name}
        for name in rowless
    ]
    failing = [state for state in states if state["state"] in AGAINST]
    verdict = verdict_over([row for row in rows if not excused(row)])
    if failing:
        verdict = Verdict.BROKEN.value
    open_rows = (row["reason"] for row in rows if row["in_scope"] and row["reason"])
    reason = "; ".join(map(against, failing)) or document["reason"]
    if verdict == Verdict.UNDECIDED:
        reason = reason or next(open_rows, None)
    return {
        **document,
        "verdict": verdict,
        "reason": None if verdict == Verdict.HELD else reason,
        "promises": rows,
        "baseline": {
            "file": file,
            "changed": changed(document, old.observations, extent.sent == old.sent),
            "known": states,
        },
    }


def _day(document: Mapping[str, Any]) -> date:
    return datetime.fromisoformat(document["started_at"]).date()


def _state(row: Mapping[str, Any], known: Known, day: date, extent: Extent) -> str:
    """How a known break stands in this run."""
    broken = row["verdict"] == Verdict.BROKEN
    if not row["in_scope"] and not broken:
        return UNTRIED
    if row["verdict"] == Verdict.HELD and row["id"] not in extent.partly:
        return AGAIN
    if day > known.until:
        return PAST
    return BROKEN if broken else PARTLY if row["verdict"] == Verdict.HELD else OPEN
