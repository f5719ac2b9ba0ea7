"""The load scenarios of one run, each in a process of its own: what they may number, and what they reported."""

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from contracts.evidence import Evidence
from contracts.history.story import Story, read_history
from contracts.judge import first_finding_at, rule
from contracts.report.conclusion import Conclusion
from contracts.report.document import compose

SEQ_STRIDE = 100_000_000  # a child's numbers begin at the next multiple, so that `seq` is unique within a run


class Children:
    """`process` is the one under way; `reports` are of those that ended, in the form of `report.json`."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.reports: list[dict[str, Any]] = []
        self.left_out: dict[str, dict[str, Any]] = {}  # what is to be said of scenarios that did not run
        self._seq = 0

    def next_seq(self) -> int:
        """The first number that the next one may give its exchanges."""
        self._seq += SEQ_STRIDE
        return self._seq

    @property
    def requests(self) -> int:
        """All that they have sent."""
        return sum(int(report["requests"]) for report in self.reports)

    def end(self) -> None:
        """At once: what it wrote stays."""
        if self.process is not None:
            self.process.kill()

    def take(self, folder: Path, *, hurried: bool) -> int:
        """Read the report in a child's folder, or make one of as much as it wrote down; how many requests it sent.

        hurried: it was broken off by a person, who does not wait for what takes long.
        """
        report, history = folder / "report.json", folder / "history.jsonl"
        if report.is_file():
            self.reports.append(msgspec.json.decode(report.read_bytes()))
        elif history.is_file():
            self.reports.append(_left_behind(replace(read_history(history), finished=frozenset(), hurried=hurried)))
        else:
            return 0
        return int(self.reports[-1]["requests"])


def _left_behind(story: Story) -> dict[str, Any]:
    """The report of a child that was ended before it could write its own."""
    evidence = Evidence.of(story)
    rulings = rule(evidence, story)
    last_s = max((exchange.answered_s for exchange in story.exchanges), default=0.0)
    first = first_finding_at(rulings, evidence)
    why = story.stopped or f"{story.facts.room} was ended before it could report"
    return compose(Conclusion(story, rulings, len(story.exchanges), 0, first, last_s, {}, why))
