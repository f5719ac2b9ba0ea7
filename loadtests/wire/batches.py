"""Ready bytes: batches put together from records that were encoded once. Sends nothing.

All records of a batch have one `at`, so that a request is its pieces joined by it. A share of the catalogue is written
by one user alone, one request at a time: of any two sendings of a reference it is certain which is later.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from contracts.exchanges.records import Reference
from loadtests.wire.plain import Wanted

SECOND = 1_000_000  # microseconds, in which moments are counted here
LARGE = 100  # records
PRESENT_US = 30 * SECOND  # `at` is never later than this before now: the target's clock may be behind ours
Head = Callable[[int], bytes]  # the request's head for a body of so many bytes


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """A batch of one share: so many records, those at `faulty` without a quantity. Made once, sent many times."""

    size: int
    faulty: tuple[int, ...]
    share: "Share" = field(repr=False)
    wanted: Wanted = field(repr=False)
    _forms: dict[int, "_Form"] = field(repr=False)  # by the length of an `at`

    @property
    def valid(self) -> tuple[int, ...]:
        """Where the records are that are not faulty."""
        return tuple(place for place in range(self.size) if place not in self.faulty)

    def request(self, at: bytes) -> bytes | bytearray:
        """The whole request with that `at`, key included: for the socket alone, and until the next is asked for."""
        return self._forms[len(at)].filled(at)

    def body(self, at: bytes) -> bytes:
        """The request's body, as the history keeps it."""
        form = self._forms[len(at)]
        return at.join(form.pieces)[form.head_length :]


class _Form:
    """A request with gaps for an `at` of one length."""

    def __init__(self, head_length: int, pieces: Sequence[bytes], length: int) -> None:
        self.head_length, self.pieces, self._length = head_length, pieces, length
        self._gaps: npt.NDArray[np.bytes_] | None = None

    def filled(self, at: bytes) -> bytes | bytearray:
        """Small ones are joined; of large ones there is one copy, in which each gap is written anew."""
        if len(self.pieces) < LARGE:
            return at.join(self.pieces)
        if self._gaps is None:
            self._text = bytearray(at.join(self.pieces))
            places = np.cumsum([len(piece) for piece in self.pieces[:-1]])
            self._places = places + self._length * np.arange(len(places))
            shape = len(self._text) - self._length + 1
            self._gaps = np.ndarray(shape, f"S{self._length}", self._text, strides=1)  # one at each byte
        self._gaps[self._places] = at
        return self._text


class Share:
    """References that one user writes, and when each may be written next. `after` is a moment that none precedes."""

    def __init__(self, references: Sequence[Reference], head: Head, first: datetime, place: int = 0) -> None:
        self.references = tuple(references)
        self._head = head
        self._last_us = _microseconds(first) - SECOND
        self.quantities = tuple(1 + (place + k) % 500 for k in range(len(references)))
        self._valid = [_opened(*record) for record in zip(references, self.quantities, strict=True)]
        self._made: dict[tuple[int, tuple[int, ...]], Batch] = {}

    def batch(self, size: int, faulty: Iterable[int] = ()) -> Batch:
        """The first `size` references as a batch; raises ValueError where there are fewer."""
        key = size, tuple(faulty)
        if key not in self._made:
            self._made[key] = self._make(*key)
        return self._made[key]

    def _make(self, size: int, faulty: tuple[int, ...]) -> Batch:
        if not 0 < size <= len(self.references):
            raise ValueError(f"a share of {len(self.references)} references has no batch of {size}")
        records = list(self._valid[:size])
        for index in faulty:
            records[index] = _opened(self.references[index], None)
        first, *rest = b'{"inventories":[' + records[0], *(b'"},' + record for record in records[1:]), b'"}]}'
        forms: dict[int, _Form] = {}
        for length in (len(b"2021-01-01T00:00:00Z"), len(b"2021-01-01T00:00:00.000000Z")):
            head = self._head(len(first) + sum(map(len, rest)) + length * len(rest))
            forms[length] = _Form(len(head), (head + first, *rest), length)
        return Batch(size, faulty, self, Wanted(size, faulty), forms)

    def next_at(self, now_us: int) -> bytes:
        """A later `at` than any before: by a second while that lies in the past, else as late as may be.

        Servers that keep whole seconds see no difference in less; the rules know that, and demand nothing then.
        """
        moment, present = self._last_us + SECOND, now_us - PRESENT_US
        if moment > present:
            moment = max(present, self._last_us + 1)
        self._last_us = moment
        second, fraction = divmod(moment, SECOND)
        return b"%s.%06dZ" % (_written(second), fraction) if fraction else _written(second) + b"Z"


def _opened(reference: Reference, quantity: int | None) -> bytes:
    """A record as JSON up to the value of its `at`."""
    product_ref, sku, store_ref = reference
    record: dict[str, object] = {"product_ref": product_ref, "sku": sku, "quantity": quantity, "store_ref": store_ref}
    if quantity is None:
        del record["quantity"]
    return json.dumps(record, separators=(",", ":"))[:-1].encode() + b',"at":"'


def _microseconds(moment: datetime) -> int:
    return int(moment.replace(microsecond=0).timestamp()) * SECOND


@lru_cache(maxsize=4096)
def _written(second: int) -> bytes:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S").encode()


def divide(references: Sequence[Reference], users: int, at_most: int | None = None) -> list[tuple[Reference, ...]]:
    """Disjoint parts for so many users, as even as can be, each of at most so many references."""
    parts = (tuple(references[user::users]) for user in range(users))
    return [part[:at_most] for part in parts]
