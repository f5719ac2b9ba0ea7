"""How each promise stands while a test is under way: judged from its history, in a process of its own and rarely.

The judge reads the file that the test writes, so that it takes nothing of the generator's time but the start of a
process, at most every GAP_S seconds and never more than a tenth of the time.
"""

import os
import sys
import time
from pathlib import Path
from typing import Any

import gevent
from gevent import subprocess

from contracts.target import ROOT
from openapi.ledger import BY_ID

GAP_S = 2.0
SHARE = 10  # a judgement that took a second is not made again for so many
PATIENCE_S = 60.0
MOST_BYTES = 64 << 20  # of a history that is judged again and again
NICE = 15


class Standing:
    """The promises that a test owes, as they stood when they were last judged."""

    def __init__(self, history: Path, owed: set[str]) -> None:
        self._history = history
        self._owed = owed
        self.rows: list[dict[str, Any]] = [
            _row(name, "undecided", 0, "not judged yet") for name in BY_ID if name in owed
        ]
        self.ended = False

    def keep(self) -> None:
        """Judge again and again until the test has ended; for a greenlet."""
        while not self.ended and self._history.stat().st_size < MOST_BYTES:
            began_s = time.monotonic()
            self._judge()
            gevent.sleep(max(GAP_S, SHARE * (time.monotonic() - began_s)))

    def _judge(self) -> None:
        command = [sys.executable, "-m", "contracts.judge", str(self._history.resolve())]
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            preexec_fn=lambda: os.nice(NICE),
        )  # fmt: skip
        try:
            said, _ = process.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return
        rows = [row for line in said.splitlines() if (row := self._read(line)) is not None]
        if rows and not self.ended:
            self.rows = rows

    def _read(self, line: str) -> dict[str, Any] | None:
        """One line of the judge's; None for a promise that this test neither owes nor breaks."""
        name, verdict, examined, *rest = [*line.split(maxsplit=3), "", "", ""][:4]
        if name not in BY_ID or not (name in self._owed or verdict == "broken"):
            return None
        return _row(name, verdict, int(examined), "".join(rest))


def _row(name: str, verdict: str, examined: int, said: str) -> dict[str, Any]:
    return {
        "id": name,
        "level": BY_ID[name].level.value,
        "meaning": BY_ID[name].meaning,
        "verdict": verdict,
        "examined": examined,
        "said": said if verdict == "broken" else "",
    }
