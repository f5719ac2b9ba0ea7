"""`locust NAME --headless --dry-run`: what the scenario would send. Nothing is sent, so it needs neither host nor key.

How many requests it comes to depends on how fast the target answers and what it allows: only the most is known.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from contracts.exchanges.exchange import KEY
from contracts.run.rehearsal import SAMPLE
from loadtests.run.options import Choices
from loadtests.scenarios.pressing import Pressing
from loadtests.scenarios.scenario import Scenario, owed
from loadtests.wire.batches import PRESENT_US, Share
from openapi.document import OPERATION_PATH

OF_A_PROBE = 2  # records of the sample


def told(scenario: type[Scenario], choices: Choices, users: int, seconds: float) -> Iterator[str]:
    """Line by line. Raises UsageError where the catalogue is too small for so many users."""
    now = datetime.now(UTC)
    parts = scenario.divided(choices, users) if issubclass(scenario, Pressing) else [choices.catalogue]
    most = max(map(len, parts)) if issubclass(scenario, Pressing) else None
    size = choices.records_per_batch or most
    rows = {
        "users": f"{users}",
        "time": f"{seconds:g} s" if seconds else "until it ends by itself",
        "requests": f"at most {choices.max_requests}, preflight included",
        "records of a batch": f"at most {size}" if size else "a few",
        "references written": f"{sum(map(len, parts))} of the {len(choices.catalogue)} in the catalogue",
        "given back at the end": f"{len(choices.restore)} quantities",
        "puts to the test": " ".join(promise.id for promise in owed(scenario, choices.records_per_batch)),
    }
    yield f"{scenario.__name__}: {(scenario.__doc__ or '').partition(chr(10))[0]}"
    yield from (f"{name:24} {value}" for name, value in rows.items())
    share = Share(parts[0], lambda _: b"", now)
    batch = share.batch(min(size or OF_A_PROBE, len(parts[0])))
    text = batch.body(share.next_at(int(now.timestamp()) * 10**6 - PRESENT_US)).decode()
    shown = text if len(text) <= SAMPLE else f"{text[:SAMPLE]}… ({len(text)} characters)"
    yield f"POST {OPERATION_PATH}, Authorization: Bearer {KEY}"
    yield f"    {shown}"
    yield "Nothing was sent: this is no verdict."
