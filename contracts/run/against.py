"""The baseline of one invocation: what its run is compared with, and whether it takes that one's place."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts.drivers.schedule import SCHEDULE
from contracts.report.baseline import BaselineError, Extent, compared, renewed, write_baseline
from contracts.run.invocation import Options, baseline_of
from openapi.ledger import LEDGER, LOADTESTS


@dataclass
class Against:
    """Of a run with these options. `saved` says in a line what came of the file that was to be written."""

    options: Options
    drivers: Sequence[str] = ()  # those that the run has, by name
    has_load: bool = False
    left_out: bool = False  # some load scenarios, for want of time or of a use
    saved: str | None = field(default=None, init=False)
    unsaved: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self._old = baseline_of(self.options)

    def compare(self, document: dict[str, Any], stopped: str | None) -> dict[str, Any]:
        """The report with the baseline, where one was given; what that is about to lose is not held against the run."""
        if self._old is None or self.options.baseline is None:
            return document
        extent, struck = self._extent(stopped), frozenset[str]()
        if self.options.baseline_update and stopped is None:
            struck = frozenset(self._old.known.keys() - renewed(self._old, document, extent).known.keys())
        return compared(document, self._old, self.options.baseline.name, extent, struck)

    def save(self, document: dict[str, Any], stopped: str | None) -> None:
        """The baseline after this run, where it was asked for. Not after one that is no whole run."""
        file = self.options.baseline
        if self._old is None or file is None or not self.options.baseline_update:
            return
        self.unsaved = True
        if stopped is not None:
            self.saved = f"--baseline {file}: left as it was, since the run is not whole: {stopped}"
            return
        try:
            write_baseline(file, renewed(self._old, document, self._extent(stopped)))
        except BaselineError as error:
            self.saved = f"{error}; nothing is written"
        else:
            self.saved, self.unsaved = f"--baseline {file}: written", False

    def _extent(self, stopped: str | None) -> Extent:
        whole = len(self.drivers) == len(SCHEDULE)
        rooms = ["contracts" if whole else ", ".join(self.drivers)] if self.drivers else []
        rooms += ["loadtests"] if self.has_load else []
        sent = f"{' and '.join(rooms)}, depth {self.options.depth}, seed {self.options.seed}"
        ran = self.drivers if stopped is None else ()
        partly = {promise.id for driver in SCHEDULE if driver.name not in ran for promise in driver.owes}
        if self.left_out:
            partly |= {promise.id for promise in LEDGER if promise.runs & LOADTESTS}
        return Extent(sent, frozenset(partly))
