"""One invocation as a person asked for it: options checked, target found, run conducted, report written.

Knows no pytest, so that a script or a test can run the whole in its own process.
"""

import os
import subprocess
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from contracts.clock import SystemClock
from contracts.drivers.confirm import confirm
from contracts.drivers.examples import keep_examples, read_examples, store_of
from contracts.drivers.references import FIRST_AT, References
from contracts.drivers.run import Run
from contracts.drivers.schedule import PREFLIGHT_REQUESTS, Driver, drive, owe, preflight
from contracts.evidence import Evidence
from contracts.exchange import Cause, NoAnswer
from contracts.finding import Verdict
from contracts.history import HistoryWriter, RunFacts, Story, read_history
from contracts.judge import first_finding_at, rule
from contracts.leaks import failed, leaks
from contracts.locks import lock
from contracts.records import Reference
from contracts.rehearsal import rehearse
from contracts.report.baseline import EMPTY, Baseline, BaselineError, compared, read_baseline, renewed, write_baseline
from contracts.report.conclusion import Conclusion
from contracts.report.document import compose, write
from contracts.report.folding import fold
from contracts.restore import check_levels, needed, restore
from contracts.rules.throttling import LIMIT, header_number
from contracts.secrets import Secret
from contracts.target import (
    EmbeddedSandbox,
    UsageError,
    check_allowed,
    check_base_url,
    check_header,
    key_from,
    make_run_folder,
    point_latest,
    read_catalogue,
)
from contracts.watermark import BEHIND, latest_before, raise_watermark
from contracts.wire import MOST_HELD_BYTES, Stopped, Wire
from openapi.document import load_document

DEPTHS = ("quick", "standard", "deep")
SEQ_STRIDE = 100_000_000  # a child's numbers begin at the next multiple, so that `seq` is unique within a run


@dataclass(frozen=True)
class Options:
    """What a person may set. `base_url` None means the embedded sandbox."""

    base_url: str | None
    catalogue: Path | None
    max_requests: int
    depth: str
    seed: int
    window_s: float
    timeout_s: float
    ca_bundle: str | None
    headers: tuple[str, ...]
    runs_dir: Path
    allow_production: bool
    now: datetime | None
    gates: Path | None = None  # of the load scenarios
    load_time_s: float = 300  # for all of them together
    baseline: Path | None = None
    baseline_update: bool = False
    restore: Path | None = None
    command: str | None = None  # as it was typed, without anything secret


FEW, LONG_MINUTES = 60, 3  # requests a window that may make a long run; what is long


class Harness:
    """Opens the run, lets drivers send, closes with a report. `stopped` says why no more is sent."""

    def __init__(self, options: Options, on_event: Callable[[str], None]) -> None:
        self.options = options
        self.on_event = on_event
        self.stopped: str | None = None
        self.environment = dict(os.environ)
        self._children: list[dict[str, Any]] = []
        self._load: dict[str, dict[str, Any]] = {}  # what is to be said of scenarios that did not run
        self._child_seq = 0
        self._document: dict[str, Any] | None = None
        self._sandbox: EmbeddedSandbox | None = None
        self._lock: BinaryIO | None = None
        self.child: subprocess.Popen[bytes] | None = None  # that is under way
        self.foretold: str | None = None  # where the run will take long
        self.restored: str | None = None  # what came of giving back, in a line
        self._check()
        self._open()

    def _check(self) -> None:
        """Everything that can be wrong with the options, before anything is sent. Raises UsageError."""
        options = self.options
        if options.depth not in DEPTHS:
            raise UsageError(f"--depth {options.depth!r} is none of {', '.join(DEPTHS)}")
        if options.max_requests < PREFLIGHT_REQUESTS:
            raise UsageError(
                f"--max-requests {options.max_requests} is below the {PREFLIGHT_REQUESTS} that preflight needs"
            )
        for name, value in {
            "--window": options.window_s,
            "--timeout": options.timeout_s,
            "--load-time": options.load_time_s,
        }.items():
            if not 0 < value < 86_400:
                raise UsageError(f"{name} {value:g} is no sensible number of seconds: give one above 0")
        if options.ca_bundle is not None and not Path(options.ca_bundle).is_file():
            raise UsageError(f"--ca-bundle {options.ca_bundle}: no such file")
        self._baseline = self._read_baseline()
        self._headers = tuple(check_header(header) for header in options.headers)
        if options.base_url is not None:
            self.base_url = check_base_url(options.base_url)
            check_allowed(self.base_url, options.allow_production)
            self.secret = key_from(os.environ)
            self.catalogue: tuple[Reference, ...] = read_catalogue(options.catalogue) if options.catalogue else ()

    def _read_baseline(self) -> Baseline | None:
        path, update = self.options.baseline, self.options.baseline_update
        if path is None:
            if update:
                raise UsageError("--baseline-update needs --baseline FILE: the file to write")
            return None
        if update and not path.exists():
            return EMPTY
        try:
            return read_baseline(path)
        except BaselineError as error:
            raise UsageError(str(error)) from None

    def _open(self) -> None:
        options = self.options
        if options.base_url is None:
            self._sandbox = EmbeddedSandbox("--window", str(options.window_s))
            self._sandbox.__enter__()
            self.base_url, self.secret = self._sandbox.base_url, Secret(self._sandbox.key)
            self.catalogue = read_catalogue(options.catalogue or self._sandbox.catalogue)
            self.environment["BSPK_API_KEY"] = self._sandbox.key
        given = options.restore
        self._levels = check_levels(given, self.catalogue, options.max_requests) if given else ()
        if self.catalogue and self._sandbox is None:
            self._lock = lock(self.base_url, self.catalogue)
        self.clock = SystemClock(options.now)
        started_at = self.clock.now()
        after = None if options.now else latest_before(self.base_url, started_at)
        self.folder = make_run_folder(options.runs_dir, started_at)
        sha256 = load_document().sha256
        facts = RunFacts(self.base_url, sha256, options.seed, started_at, options.window_s, self.catalogue, "contracts")
        try:
            self.history = HistoryWriter(self.folder / "history.jsonl", facts, self.secret)
        except OSError as error:
            raise UsageError(f"{self.folder}: nothing can be written there: {error.strerror}") from None
        self._began_s = self.clock.monotonic_s()
        kept_back = needed(self._levels)
        self.wire = self._wire(options.max_requests - kept_back, 1)
        # What is given back is so however much the target has said before.
        self._last_wire = self._wire(kept_back, options.max_requests - kept_back + 1, 2 * MOST_HELD_BYTES)
        references = References(self.catalogue, started_at, after)
        self.run = Run(self.wire, self.history, references, options.seed, options.depth, self.on_event)
        self._examples = store_of(options.runs_dir, self.base_url, sha256) if options.base_url else None
        self.run.examples = read_examples(self._examples) if self._examples else ()

    def _wire(self, max_requests: int, first_seq: int, most_held: int = MOST_HELD_BYTES) -> Wire:
        options = self.options
        return Wire(
            self.base_url,
            self.secret,
            self.history,
            clock=self.clock,
            max_requests=max_requests,
            timeout_s=options.timeout_s,
            verify=options.ca_bundle or True,
            extra_headers=self._headers,
            on_event=self.on_event,
            first_seq=first_seq,
            most_held=most_held,
        )

    def begin(self, drivers: Iterable[Driver]) -> None:
        """Note what is owed, then preflight. Raises UsageError for a dead port; anything else ends undecided."""
        owe(self.run, drivers)
        try:
            preflight(self.run)
            self._foretell(drivers)
        except Stopped as stopped:
            self.stop(stopped.reason)
            if self._never_reached():
                raise UsageError(f"{self.base_url} cannot be reached: {stopped.reason}. Is it running?") from None

    def _foretell(self, drivers: Iterable[Driver]) -> None:
        """A low limit makes a long run: how long, before it is begun."""
        limit, options = self.limit, self.options
        if not limit or limit > FEW:
            return
        cap = options.max_requests
        planned = rehearse(drivers, self.catalogue, self.clock.now(), seed=options.seed, depth=options.depth, cap=cap)
        requests = len(planned.evidence.seen)
        minutes = requests / limit * options.window_s / 60
        if minutes >= LONG_MINUTES:
            pace = f"{requests} requests at {limit} in {options.window_s:g} s"
            remedies = "--max-requests or -k make it shorter, a key with a higher limit quicker"
            self.foretold = f"{pace} take {minutes:.0f} to {2 * minutes:.0f} minutes: {remedies}"

    def _never_reached(self) -> bool:
        outcomes = [exchange.outcome for exchange in self.history.story().exchanges]
        return bool(outcomes) and all(
            isinstance(outcome, NoAnswer) and outcome.cause is Cause.UNREACHABLE for outcome in outcomes
        )

    def drive(self, driver: Driver) -> str | None:
        """One driver to its end; returns why it could not go on, or None."""
        if self.stopped is None:
            try:
                drive(self.run, driver)
            except Stopped as stopped:
                self.stop(stopped.reason)
        return self.stopped

    def confirm(self) -> None:
        """Reduce and retry what was found, as far as the cap allows; then give back what was asked for."""
        if self.stopped is None:
            with suppress(Stopped):  # the findings stand; only how surely they show is not known
                confirm(self.run)
        self.restore()

    def restore(self) -> None:
        """Give back the quantities of `--restore`, once, however the run went; `restored` says what came of it."""
        if self.restored is not None or not self._levels or not self.wire.sent:
            return
        self.restored = "restoring was broken off"
        self._document = None
        self.restored = restore(self._last_wire, self._levels, self.run.evidence, self.clock.now())

    def stop(self, reason: str) -> None:
        """No more traffic, for this reason."""
        if self.stopped is None:
            self.stopped = reason
            self.history.stopped(reason)
            self._document = None

    def end_children(self) -> None:
        """At once: what they wrote stays."""
        if self.child is not None:
            self.child.kill()

    def next_seq(self) -> int:
        """The first number that a child process may give its exchanges."""
        self._child_seq += SEQ_STRIDE
        return self._child_seq

    @property
    def requests_left(self) -> int:
        """What the cap leaves for children, after what was sent here and by earlier children."""
        spent = self.wire.sent + sum(int(child["requests"]) for child in self._children)
        return self.options.max_requests - needed(self._levels) - spent

    @property
    def limit(self) -> int | None:
        """The Limit that the last answer told, if any did."""
        answers = [seen.answer for seen in reversed(self.run.evidence.seen) if seen.answer is not None]
        return next((limit for answer in answers if (limit := header_number(answer, LIMIT))), None)

    def note(self, scenario: str, figures: dict[str, Any]) -> None:
        """What is to be said of a load scenario that did not run."""
        self._load[scenario] = figures
        self._document = None

    def _latest_at(self) -> datetime:
        """The latest `at` that this run may have sent. Load scenarios count from the present, drivers from the past."""
        own = self.run.references.latest or self.run.evidence.facts.started_at - FIRST_AT
        return max(own, self.clock.now() - BEHIND) if self._children else own

    def fold(self, folder: Path, *, hurried: bool = False) -> None:
        """Take a child's report into this run's: that in its folder, or one made of as much as it wrote down."""
        report, history = folder / "report.json", folder / "history.jsonl"
        if report.is_file():
            self._children.append(msgspec.json.decode(report.read_bytes()))
        elif history.is_file():
            self._children.append(
                self._left_behind(replace(read_history(history), finished=frozenset(), hurried=hurried))
            )
        else:
            return
        self.wire.spend(int(self._children[-1]["requests"]))
        self._document = None

    def _left_behind(self, story: Story) -> dict[str, Any]:
        """The report of a child that was ended before it could write its own."""
        evidence = Evidence.of(story)
        rulings = rule(evidence, story)
        last_s = max((exchange.answered_s for exchange in story.exchanges), default=0.0)
        first = first_finding_at(rulings, evidence)
        why = story.stopped or f"{story.facts.room} was ended before it could report"
        return compose(Conclusion(story, rulings, len(story.exchanges), 0, first, last_s, {}, why))

    @property
    def document(self) -> dict[str, Any]:
        """The whole run's report as it stands, judged once all has been sent."""
        if self._document is None:
            own = compose(self._conclude()) | {"command": self.options.command, "restored": self.restored}
            whole = fold(own, self._children) if self._children else own
            whole = self._compare(whole)
            if self.stopped is not None and whole["verdict"] == Verdict.HELD:  # some were never begun
                whole |= {"verdict": Verdict.UNDECIDED.value, "reason": self.stopped}
            self._document = whole
        return self._document

    def _compare(self, document: dict[str, Any]) -> dict[str, Any]:
        """With the baseline, where one was given; to be renewed, it is the renewed one that decides."""
        if self._baseline is None or self.options.baseline is None:
            return document
        decides = renewed(self._baseline, document) if self.options.baseline_update else self._baseline
        return compared(document, self._baseline, decides.known, self.options.baseline.name)

    def _conclude(self) -> Conclusion:
        story, run = self.history.story(), self.run
        rulings = rule(run.evidence, story)
        retries = 0 if run.confirmed_from is None else self.wire.sent - run.confirmed_from
        return Conclusion(
            story=story,
            rulings=rulings,
            requests=self.wire.sent + self._last_wire.sent,
            retries=retries,
            first_finding_at=first_finding_at(rulings, run.evidence),
            duration_s=self.clock.monotonic_s() - self._began_s,
            certainty=run.certainty,
            reason=story.stopped,
            load=self._load,
        )

    def close(self) -> dict[str, Any]:
        """Write the report, point `latest` to it, end the sandbox. Raises OSError where it cannot be written."""
        try:
            self.restore()
            document = self.document
            write(self.folder, document)
            if self._baseline is not None and self.options.baseline is not None and self.options.baseline_update:
                write_baseline(self.options.baseline, renewed(self._baseline, document))
            if found := leaks(self.folder, self.secret):
                self._document = document = failed(document, found)
                write(self.folder, document)
            point_latest(self.folder)
            raise_watermark(self.base_url, self._latest_at())
            if self._examples is not None and self.run.confirmed_from is not None:
                keep_examples(self._examples, self.run.failing.values(), self.secret)
            return document
        finally:
            self.history.close()
            if self._lock is not None:
                self._lock.close()
            if self._sandbox is not None:
                self._sandbox.__exit__(None, None, None)
