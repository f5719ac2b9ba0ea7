"""How each promise stands while a test is under way: judged from its history, in a process of its own and rarely.

The judge reads the file that the test writes, so that it takes nothing of the generator's time but the start of a
process, at most every GAP_S seconds and never more than a tenth of the time.
"""

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gevent
import msgspec
from gevent import subprocess

from contracts.run.target import ROOT
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
        self.rows: list[dict[str, Any]] = [_row(name) for name in BY_ID if name in owed]
        self.ended = False

    def keep(self) -> None:
        """Judge again and again until the test has ended; for a greenlet."""
        while not self.ended and self._history.stat().st_size < MOST_BYTES:
            began_s = time.monotonic()
            self._judge()
            gevent.sleep(max(GAP_S, SHARE * (time.monotonic() - began_s)))

    def _judge(self) -> None:
        command = [sys.executable, "-m", "loadtests.webui.judging", str(self._history.resolve())]
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, preexec_fn=lambda: os.nice(NICE)
        )
        try:
            said, _ = process.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return
        if process.returncode == 0 and not self.ended:
            told: dict[str, dict[str, Any]] = msgspec.json.decode(said)
            self.rows = [_row(name, **told.get(name, {})) for name in BY_ID if self._speaks_of(name, told)]

    def _speaks_of(self, name: str, told: Mapping[str, Mapping[str, Any]]) -> bool:
        """A promise that this test does not owe can only break."""
        return name in self._owed or bool(told.get(name, {}).get("said"))


def _row(name: str, examined: int = 0, said: str = "") -> dict[str, Any]:
    """Until the test has ended, a promise can only be broken or open."""
    return {
        "id": name,
        "level": BY_ID[name].level.value,
        "meaning": BY_ID[name].meaning,
        "verdict": "broken" if said else "undecided",
        "examined": examined,
        "said": said,
    }
