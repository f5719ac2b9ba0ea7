"""One run at a time on the same references of the same target: two would spoil each other's `at` and allowance.

The kernel keeps the lock for as long as the process lives, so that a run that died leaves nothing to clear away.
"""

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from contracts.records import Reference
from contracts.target import UsageError


def lock(base_url: str, catalogue: Iterable[Reference]) -> BinaryIO:
    """Hold until closed. Raises UsageError where another run of this machine holds it, or it cannot be had."""
    told = "\0".join([base_url, *("\1".join(reference) for reference in sorted(catalogue))])
    name = hashlib.sha256(told.encode("utf-8", "backslashreplace")).hexdigest()[:32]
    folder = Path(tempfile.gettempdir()) / f"bspk-harness-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.is_symlink() or folder.stat().st_uid != os.getuid():
            raise UsageError(f"{folder} is not this user's own: remove it")
        file = (folder / f"{name}.lock").open("ab")
    except OSError as error:
        raise UsageError(f"no lock can be had in {folder}: {error.strerror}") from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise UsageError(
            f"another run is writing this catalogue to {base_url}: wait until it has ended, or use other references"
        ) from None
    return file
