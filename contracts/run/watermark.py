"""Until when a target's test references may hold an `at` of ours, kept on this machine from one run to the next.

A server may refuse what is older than what it holds, and rightly: a run begins later than what was sent before it. No
run begins more than minutes in the past, so that a mark is soon of no use, and one that was lost does no harm for long.
"""

import os
from datetime import UTC, datetime, timedelta

from contracts.run.locks import kept_of
from contracts.run.target import UsageError

NAME = "latest-at"
BEHIND = timedelta(seconds=30)  # no load scenario sends an `at` later than this before its own end
LONGEST_WAIT_S = 600


def read_watermark(base_url: str) -> datetime | None:
    """The latest `at` that earlier runs may have sent to this target; None where none is known, or none can be read."""
    try:
        return datetime.fromisoformat((kept_of(base_url) / NAME).read_text()).astimezone(UTC)
    except (OSError, ValueError):
        return None


def latest_before(base_url: str, began: datetime) -> datetime | None:
    """As `read_watermark`; raises UsageError where it lies after `began`: many quick runs, or a clock set back."""
    after = read_watermark(base_url)
    if after is not None and after > began:
        wait_s = (after - began).total_seconds()
        cure = (
            f"wait {wait_s:.0f} s" if wait_s < LONGEST_WAIT_S else f"set it right, or remove {kept_of(base_url) / NAME}"
        )
        raise UsageError(
            f"the clock says {began:%F %T} UTC, yet a run against this target sent an `at` of {after:%F %T} UTC: {cure}"
        )
    return after


def raise_watermark(base_url: str, latest: datetime) -> None:
    """Note the latest `at` that a run sent to this target, where no earlier one sent a later. Raises OSError."""
    path, before = kept_of(base_url) / NAME, read_watermark(base_url)
    part = path.with_suffix(f".{os.getpid()}")
    part.write_text(max(latest, before or latest).isoformat())
    part.replace(path)
