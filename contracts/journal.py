"""Which writes the target accepted: `writes.csv` in the run folder, a row as each answer comes, to undo by.

A record counts as written where its result is `ok` or `warning`. What was never answered stands in the history alone.
"""

import csv
import io
from pathlib import Path

from contracts.exchange import Exchange
from contracts.records import read_body
from contracts.replies import results_of

NAME = "writes.csv"
COLUMNS = ("product_ref", "sku", "store_ref", "quantity", "at", "seq")


class Journal:
    """Opens the file anew and writes its header; raises OSError as writing does."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("xb", buffering=0)
        self._write([COLUMNS])

    def note(self, exchange: Exchange) -> None:
        """A row for each record of it that was accepted."""
        results = results_of(exchange.answer)
        if not results:
            return
        records = read_body(exchange.request).records
        places = {result.position for result in results if result.status in ("ok", "warning")}
        accepted = (records[place] for place in sorted(place for place in places if place is not None)
                    if 0 <= place < len(records))  # fmt: skip
        self._write(
            [(*record.reference, record.quantity, record.at, exchange.seq) for record in accepted if record.reference]
        )

    def close(self) -> None:
        self._file.close()

    def _write(self, rows: list[tuple[object, ...]]) -> None:
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows(rows)
        self._file.write(text.getvalue().encode("utf-8", "backslashreplace"))
