"""A row of every exchange of a flood, of one fixed size, beside the history: `rows.bin`. Judges nothing.

A history keeps whole exchanges; a flood has too many of them. What the rate rules and the figures need of each fits in
56 bytes, so that a million take 56 MB. A last row that broke off is passed over when read.
"""

import struct
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from contracts.exchanges.exchange import Cause

NAME = "rows.bin"
CAUSES: tuple[Cause, ...] = tuple(Cause)  # a row's `cause` counts from 1
IN_FLIGHT = 255  # `cause` of a request whose answer was not waited for, since the run ended
RESENT = CAUSES.index(Cause.CLOSED_IDLE) + 1  # `cause` of one that was sent again, and is nobody's failure
RIGHT, WRONG = 1, 2  # `flags`: proven right at once; broke a one-exchange rule
UNTOLD = -1  # `limit`, `remaining` where no such number was told
MOST = 2**31 - 1  # of a told number

_LAYOUT = struct.Struct("<QdddhBBiiIII")
DTYPE = np.dtype(
    {
        "names": [
            *("seq", "due_s", "sent_s", "answered_s", "status", "cause", "flags"),
            *("limit", "remaining", "records", "accepted", "body_bytes"),
        ],
        "formats": ["<u8", "<f8", "<f8", "<f8", "<i2", "u1", "u1", "<i4", "<i4", "<u4", "<u4", "<u4"],
        "offsets": [0, 8, 16, 24, 32, 34, 35, 36, 40, 44, 48, 52],
        "itemsize": _LAYOUT.size,
    }
)
Rows = npt.NDArray[np.void]  # of DTYPE
NO_ROWS: Rows = np.empty(0, dtype=DTYPE)


class LoadRow(msgspec.Struct, gc=False):
    """One exchange. Times are seconds since the run began; `due_s` is when it should have been sent.

    `status` 0: no answer, for `cause`. `records` were sent, `accepted` of them answered ok or warning; `body_bytes` is
    the answer's size.
    """

    seq: int
    due_s: float
    sent_s: float
    answered_s: float
    status: int = 0
    cause: int = 0
    flags: int = 0
    limit: int = UNTOLD
    remaining: int = UNTOLD
    records: int = 0
    accepted: int = 0
    body_bytes: int = 0

    def pack(self) -> bytes:
        """As it stands in the file."""
        return _LAYOUT.pack(*msgspec.structs.astuple(self))


def code_of(cause: Cause) -> int:
    """A cause as a row has it."""
    return CAUSES.index(cause) + 1


def from_bytes(content: bytes) -> Rows:
    """Rows of a file's content, less a torn last one."""
    return np.frombuffer(content[: len(content) // _LAYOUT.size * _LAYOUT.size], dtype=DTYPE)


def read_rows(path: Path) -> Rows:
    """All rows of a file in the order of their answers; none where there is no file. Raises OSError as reading does."""
    return from_bytes(path.read_bytes() if path.exists() else b"")
