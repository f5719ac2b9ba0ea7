"""Gives back the quantities that a person asked for, at the end of a run, also of one that was broken off.

An `at` is the present, or just after the latest that the run itself sent for that reference, whichever is later.
"""

import csv
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from contracts.drivers.references import write_instant
from contracts.evidence import Evidence
from contracts.exchanges.exchange import Exchange
from contracts.exchanges.records import Reference
from contracts.exchanges.replies import results_of
from contracts.run.target import UsageError, read_catalogue
from contracts.wire.outgoing import Outgoing
from contracts.wire.wire import Stopped, Wire

BATCH = 50  # records; a server that takes fewer gets them one by one
REFUSALS = 4  # 429s in all that are waited out: what is left of the allowance may not be known here
DRIVER = "restore"
LEAST = 2  # requests for the run itself: what preflight may take


@dataclass(frozen=True, slots=True)
class Level:
    """One quantity to be given back."""

    reference: Reference
    quantity: int


def read_levels(path: Path) -> tuple[Level, ...]:
    """A CSV with the columns product_ref, sku, store_ref and quantity. Raises UsageError for anything else."""
    references = read_catalogue(path, "--restore")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if any(row.values())]
    quantities = [row.get("quantity") for row in rows]
    for number, quantity in enumerate(quantities, start=2):
        if quantity is None or not quantity.strip().isdecimal():
            fault = "has no quantity" if quantity is None else f"has the quantity {quantity!r}, no whole number"
            raise UsageError(f"--restore {path}: record {number - 1} {fault}")
    return tuple(Level(reference, int(q or 0)) for reference, q in zip(references, quantities, strict=True))


def check_levels(path: Path, catalogue: Collection[Reference], max_requests: int) -> tuple[Level, ...]:
    """As `read_levels`; raises UsageError also for what no catalogue holds, and where the cap leaves no room for it."""
    levels = read_levels(path)
    if strangers := {level.reference for level in levels} - set(catalogue):
        raise UsageError(f"--restore {path}: {'/'.join(min(strangers))} is not in the catalogue")
    if max_requests < needed(levels) + LEAST:
        raise UsageError(
            f"--max-requests {max_requests} leaves nothing for the run: --restore keeps {needed(levels)} back"
        )
    return levels


def needed(levels: Sequence[Level]) -> int:
    """Requests to be kept back for it: every batch, and once more each record alone."""
    return 2 * (-(-len(levels) // BATCH)) + len(levels) + REFUSALS if levels else 0


def restore(wire: Wire, levels: Sequence[Level], evidence: Evidence, now: datetime) -> str:
    """Write them; returns one line on what came of it. Each exchange joins the evidence."""
    giving = _Giving(wire, evidence, now)
    left = list(levels)
    try:
        for start in range(0, len(levels), BATCH):
            pack = levels[start : start + BATCH]
            if giving.write(pack):
                left = left[len(pack) :]
            else:
                left = [*left[len(pack) :], *(level for level in pack if not giving.write([level]))]
    except Stopped as stopped:
        return f"restored {len(levels) - len(left)} of {len(levels)} quantities; {stopped.reason}"
    told = f": not {', '.join('/'.join(level.reference) for level in left[:3])}" if left else ""
    return f"restored {len(levels) - len(left)} of {len(levels)} quantities{told}"


class _Giving:
    """One giving back under way."""

    def __init__(self, wire: Wire, evidence: Evidence, now: datetime) -> None:
        self._wire, self._evidence, self._now = wire, evidence, now
        self._latest = _latest(evidence)
        self._refusals = REFUSALS

    def write(self, levels: Sequence[Level]) -> bool:
        """Whether all of them were accepted."""
        records = [self._record(level) for level in levels]
        outgoing = Outgoing(json.dumps({"inventories": records}).encode())
        while (exchange := self._send(outgoing)).status == 429 and self._refusals:
            self._refusals -= 1  # the wire waits before it sends again
        results = results_of(exchange.answer) or ()
        accepted = {result.position for result in results if result.status in ("ok", "warning")}
        return accepted >= set(range(len(levels)))

    def _send(self, outgoing: Outgoing) -> Exchange:
        exchange = self._wire.send(outgoing, driver=DRIVER, purpose="give back")
        self._evidence.add(exchange)
        return exchange

    def _record(self, level: Level) -> dict[str, object]:
        moment = max(self._now, self._latest.get(level.reference, self._now) + timedelta(seconds=1))
        product_ref, sku, store_ref = level.reference
        return {
            "product_ref": product_ref,
            "sku": sku,
            "quantity": level.quantity,
            "store_ref": store_ref,
            "at": write_instant(moment),
        }


def _latest(evidence: Evidence) -> dict[Reference, datetime]:
    latest: dict[Reference, datetime] = {}
    for record in (expected.record for seen in evidence.seen for expected in seen.expected):
        if record.reference is not None and record.moment is not None:
            latest[record.reference] = max(record.moment, latest.get(record.reference, record.moment))
    return latest
