"""Figures in README.md and docs/, put there by the scripts that print them and never by hand. Measures nothing.

Each stands between two comments with its name. What was measured has a stamp in the first of them, over the text and
the code that it tells of, so that a test says when either has changed since.
"""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = (ROOT / "README.md", ROOT / "docs" / "load.md")


def put(name: str, text: str, measured: Sequence[str] = ()) -> None:
    """Put the text between its comments; `measured` are the files whose code it tells of. Raises LookupError."""
    page, found = _found(name)
    stamp = f" {stamp_of(text, measured)}" if measured else ""
    before, after = found.string[: found.start()], found.string[found.end() :]
    block = found["space"] + text + found["space"]
    page.write_text(f"{before}<!-- {name}:begin{stamp} -->{block}<!-- {name}:end -->{after}", encoding="utf-8")


def shown(name: str) -> str:
    """What stands there now."""
    return _found(name)[1]["text"]


def stamped(name: str) -> str:
    """The stamp that stands there; empty where there is none."""
    return _found(name)[1]["stamp"]


def stamp_of(text: str, measured: Sequence[str]) -> str:
    """Of these words, and of these files as they are today."""
    digest = hashlib.sha256(text.encode())
    for name in measured:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()[:12]


def _found(name: str) -> tuple[Path, re.Match[str]]:
    begin, end = rf"<!-- {name}:begin ?(?P<stamp>\w*) -->", rf"<!-- {name}:end -->"
    pattern = re.compile(rf"{begin}(?P<space>\s*)(?P<text>.*?)\s*{end}", re.DOTALL)
    for page in PAGES:
        found = pattern.search(page.read_text(encoding="utf-8"))
        if found:
            return page, found
    raise LookupError(f"no page has a place for {name!r}")
