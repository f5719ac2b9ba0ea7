"""After a run: does the API key stand in anything that was written? It never should; if it does, the run has failed.

Reads files and never shows what it found, only where. The key is struck out on the way in; this is the second look.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from contracts.history.secrets import Secret

_PIECE_BYTES = 4 * 1024 * 1024
_LONGEST_SPELLING = 10  # characters for one of the key's


def leaks(folder: Path, secret: Secret) -> list[str]:
    """The files below the folder that hold the key in any form, by their names within it. Raises OSError."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return [str(path.relative_to(folder)) for path in files if any(map(secret.stands_in, _pieces(path, secret)))]


def _pieces(path: Path, secret: Secret) -> Iterator[bytes]:
    """The file in pieces that overlap, so that no form of the key falls between two."""
    overlap = _LONGEST_SPELLING * secret.longest()
    with path.open("rb") as file:
        tail = b""
        while piece := file.read(_PIECE_BYTES):
            yield tail + piece
            tail = piece[-overlap:]


def failed(document: Mapping[str, Any], found: list[str]) -> dict[str, Any]:
    """The report of a run that leaked: broken, whatever the target did."""
    names = ", ".join(found)
    reason = f"the API key stands in what this run wrote ({names}): a fault of this harness; delete it, change the key"
    return {**document, "verdict": "broken", "reason": reason}
