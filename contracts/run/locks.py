"""One run at a time on a reference of a target: two would spoil each other's `at` and allowance.

Each run under way holds a file with marks of its references. The kernel keeps the lock on it for as long as the process
lives, so that a run that died stands in nobody's way; the next run clears its file away.
"""

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from contracts.exchanges.records import Reference
from contracts.run.target import UsageError


def lock(base_url: str, catalogue: Iterable[Reference]) -> BinaryIO:
    """Hold until closed. Raises UsageError where another run of this user on this machine holds one of the references,
    or no lock can be had.
    """
    marks = {_mark("\1".join(reference)): reference for reference in catalogue}
    try:
        folder = kept_of(base_url)
        with (folder / "gate").open("ab") as gate:
            fcntl.flock(gate, fcntl.LOCK_EX)  # so that of two that look at once one sees the other
            for path in folder.glob("*.lock"):
                if shared := marks.keys() & _held(path):
                    raise UsageError(
                        f"another run is writing this catalogue to {base_url} ({'/'.join(marks[min(shared)])}): "
                        f"wait until it has ended, or use other references"
                    )
            file = open(tempfile.mkstemp(".lock", dir=folder)[0], "wb")  # noqa: PTH123, SIM115 — a handle, and the caller closes it
            fcntl.flock(file, fcntl.LOCK_EX)
            file.write(b"\n".join(marks))
            file.flush()
            return file
    except OSError as error:
        raise UsageError(f"no lock can be had in {tempfile.gettempdir()}: {error.strerror}") from None


def kept_of(base_url: str) -> Path:
    """What this user's runs on this machine keep of that target from one to the next. Raises OSError, UsageError."""
    folder = _folder() / _mark(base_url.lower()).decode()
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _held(path: Path) -> set[bytes]:
    """The marks of a run that is under way; what is left of one that ended is cleared away."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return set(file.read().split())
        path.unlink()
        return set()


def _mark(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:24].encode()


def _folder() -> Path:
    """This user's own; raises UsageError for one that somebody else has made."""
    folder = Path(tempfile.gettempdir()) / f"bspk-harness-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise UsageError(f"{folder} is not this user's own: remove it")
    return folder
