"""Which writes of a load test were accepted, for the journal `writes.csv`, which does not grow with the test.

A user writes one quantity to each of its references, again and again. Noted is the first accepted write of each, at
once, and at the end the last one, with how many there were since the first: two rows a reference, however long it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.history.journal import Write, lines
from contracts.history.writer import HistoryWriter
from loadtests.wire.batches import Batch, Share


@dataclass(slots=True)
class _Count:
    """Accepted writes, and the last of them."""

    writes: int = 0
    at: bytes = b""
    seq: int = 0

    def add(self, at: bytes, seq: int, writes: int = 1) -> None:
        self.writes += writes
        if seq > self.seq:
            self.at, self.seq = at, seq


class Written:
    """Counts by batch where all but its faulty records were accepted, which is quick; by record otherwise."""

    def __init__(self, history: HistoryWriter) -> None:
        self._history = history
        self._whole: dict[Batch, _Count] = {}
        self._records: dict[tuple[Share, int], _Count] = {}

    def whole(self, batch: Batch, at: bytes, seq: int) -> None:
        """Each of its records was accepted, but for the faulty ones."""
        count = self._whole.get(batch)
        if count is None:
            count = self._whole[batch] = _Count()
            self._note_first(batch.share, batch.valid, at, seq)
        count.add(at, seq)

    def some(self, batch: Batch, places: Sequence[int], at: bytes, seq: int) -> None:
        """Of its records those at these places were accepted."""
        self._note_first(batch.share, places, at, seq)
        for place in places:
            self._records[batch.share, place].add(at, seq)

    def close(self) -> None:
        """Note the last write of each reference, where there was more than the first."""
        for batch, whole in self._whole.items():
            for place in batch.valid:
                self._records[batch.share, place].add(whole.at, whole.seq, whole.writes)
        self._whole.clear()
        self._history.wrote(
            lines(
                _write(share, place, count.at, count.seq, count.writes - 1)
                for (share, place), count in self._records.items()
                if count.writes > 1
            )
        )

    def _note_first(self, share: Share, places: Sequence[int], at: bytes, seq: int) -> None:
        new = [place for place in places if (share, place) not in self._records]
        self._records.update(((share, place), _Count()) for place in new)
        if new:
            self._history.wrote(lines(_write(share, place, at, seq, 1) for place in new))


def _write(share: Share, place: int, at: bytes, seq: int, writes: int) -> Write:
    return Write(share.references[place], share.quantities[place], at.decode(), seq, writes)
