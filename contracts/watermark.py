"""Until when a target's test references may hold an `at` of ours, kept beside the runs from one to the next.

A server may refuse what is older than what it holds, and rightly: a run begins later than any run before it ended.
"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from contracts.target import UsageError

NAME = "watermarks.json"
BEHIND = timedelta(seconds=30)  # no run sends an `at` later than this before its own end


def read_watermark(runs_dir: Path, base_url: str) -> datetime | None:
    """The latest `at` that earlier runs may have sent to this target; None where none is known, or none can be read."""
    try:
        return datetime.fromisoformat(json.loads((runs_dir / NAME).read_text())[base_url]).astimezone(UTC)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def latest_before(runs_dir: Path, base_url: str, began: datetime) -> datetime | None:
    """As `read_watermark`; raises UsageError where it lies after the run's begin: the clock was set back."""
    after = read_watermark(runs_dir, base_url)
    if after is not None and after > began:
        raise UsageError(
            f"the clock says {began:%F %T} UTC, yet a run against this target ended after {after:%F %T} UTC: "
            f"set it right, or remove {runs_dir / NAME}"
        )
    return after


def raise_watermark(runs_dir: Path, base_url: str, ended_at: datetime) -> None:
    """Note that a run against this target ended now."""
    path = runs_dir / NAME
    try:
        marks = json.loads(path.read_text())
    except (OSError, ValueError):
        marks = {}
    marks = marks if isinstance(marks, dict) else {}
    part = path.with_suffix(".part")
    part.write_text(json.dumps(marks | {base_url: (ended_at - BEHIND).isoformat()}, indent=1, sort_keys=True))
    part.replace(path)
