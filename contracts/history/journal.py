"""Which writes the target accepted: `writes.csv` in the run folder, to undo by. A row stands for `writes` of them.

A record counts as written where its result is `ok` or `warning`. What was never answered stands in the history alone.
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from contracts.exchanges.exchange import Exchange
from contracts.exchanges.records import Reference, read_body
from contracts.exchanges.replies import results_of

NAME = "writes.csv"


@dataclass(frozen=True, slots=True)
class Write:
    """So many accepted writes of one reference, all of that quantity; `at` and `seq` are those of the last."""

    reference: Reference
    quantity: object
    at: object
    seq: int
    writes: int = 1


def lines(writes: Iterable[Write]) -> bytes:
    """As they stand in the file."""
    return _csv((*write.reference, write.quantity, write.at, write.seq, write.writes) for write in writes)


def accepted(exchange: Exchange) -> list[Write]:
    """A write for each record of an exchange that was accepted, in its order."""
    results = results_of(exchange.answer)
    if not results:
        return []
    places = {result.position for result in results if result.status in ("ok", "warning")}
    return [
        Write(record.reference, record.quantity, record.at, exchange.seq)
        for place, record in enumerate(read_body(exchange.request).records)
        if place in places and record.reference
    ]


def _csv(rows: Iterable[Iterable[object]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode("utf-8", "backslashreplace")


HEADER = _csv([("product_ref", "sku", "store_ref", "quantity", "at", "seq", "writes")])


class Journal:
    """Opens the file anew and writes its header; raises OSError as writing does."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("xb", buffering=0)
        self.write(HEADER)

    def write(self, raw: bytes) -> None:
        """Whole lines, as `lines` makes them; at once."""
        self._file.write(raw)

    def close(self) -> None:
        self._file.close()
