"""One invocation as a person asked for it: options checked, target found, run conducted, report written.

Knows no pytest, so that a script or a test can run the whole in its own process.
"""

import os
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from contracts.drivers.confirm import confirm
from contracts.drivers.examples import keep_examples, read_examples, store_of
from contracts.drivers.references import FIRST_AT, References
from contracts.drivers.run import Run
from contracts.drivers.schedule import Driver, drive, owe, preflight
from contracts.exchanges.exchange import Cause, NoAnswer
from contracts.finding import Verdict
from contracts.history.story import RunFacts
from contracts.history.writer import HistoryWriter
from contracts.judge import first_finding_at, rule
from contracts.report.conclusion import Conclusion
from contracts.report.document import compose, write
from contracts.report.folding import fold
from contracts.rules.allowance import LIMIT, header_number
from contracts.run.against import Against
from contracts.run.children import Children
from contracts.run.invocation import Options, check
from contracts.run.leaks import failed, leaks
from contracts.run.rehearsal import rehearse, too_long
from contracts.run.restore import check_levels, needed, restore
from contracts.run.site import Site
from contracts.run.target import UsageError, check_header, make_run_folder, point_latest, unreachable
from contracts.run.watermark import BEHIND, latest_before, raise_watermark
from contracts.wire.clock import SystemClock
from contracts.wire.wire import MOST_HELD_BYTES, Stopped, Wire
from openapi.document import load_document

FEW = 60  # requests a window: a lower limit may make a long run
SPARE_HANDLES = 8  # kept for the end, so that a run that has used up all others can still write its report


class Harness:
    """Opens the run, lets drivers send, closes with a report. `stopped` says why no more is sent."""

    def __init__(self, options: Options, on_event: Callable[[str], None]) -> None:
        self.options = options
        self.on_event = on_event
        self.stopped: str | None = None
        self.environment = dict(os.environ)
        self.children = Children()
        self._document: dict[str, Any] | None = None
        self.foretold: str | None = None  # where the run will take long
        self.restored: str | None = None  # what came of giving back, in a line
        self._spare = ExitStack()
        check(options)
        self.against = Against(options)
        self._headers = tuple(check_header(header) for header in options.headers)
        self._open()

    def _open(self) -> None:
        options = self.options
        site = self._site = Site(options, self.environment)
        self.base_url, self.secret, self.catalogue = site.base_url, site.secret, site.catalogue
        given = options.restore
        self._levels = check_levels(given, self.catalogue, options.max_requests) if given else ()
        site.hold()
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
        for _ in range(SPARE_HANDLES):
            self._spare.enter_context(Path(os.devnull).open("rb"))  # noqa: SIM115 — closed with all of them
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
        self.against.drivers = [driver.name for driver in drivers]
        owe(self.run, drivers)
        try:
            preflight(self.run)
            self._foretell(drivers)
        except Stopped as stopped:
            self.stop(stopped.reason)
            if self._never_reached():
                raise unreachable(self.base_url, stopped.reason) from None

    def _foretell(self, drivers: Iterable[Driver]) -> None:
        """A low limit makes a long run: how long, before it is begun."""
        limit, options = self.limit, self.options
        if limit and limit <= FEW:
            now, cap = self.clock.now(), options.max_requests
            planned = rehearse(drivers, self.catalogue, now, seed=options.seed, depth=options.depth, cap=cap)
            self.foretold = too_long(len(planned.evidence.seen), limit, options.window_s)

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

    @property
    def requests_left(self) -> int:
        """What the cap leaves for children, after what was sent here and by earlier children."""
        return self.options.max_requests - needed(self._levels) - self.wire.sent - self.children.requests

    @property
    def limit(self) -> int | None:
        """The Limit that the last answer told, if any did."""
        answers = [seen.answer for seen in reversed(self.run.evidence.seen) if seen.answer is not None]
        return next((limit for answer in answers if (limit := header_number(answer, LIMIT))), None)

    def note(self, scenario: str, figures: dict[str, Any]) -> None:
        """What is to be said of a load scenario that did not run."""
        self.children.left_out[scenario] = figures
        self._document = None

    def _latest_at(self) -> datetime:
        """The latest `at` that this run may have sent. Load scenarios count from the present, drivers from the past."""
        own = self.run.references.latest or self.run.evidence.facts.started_at - FIRST_AT
        return max(own, self.clock.now() - BEHIND) if self.children.reports else own

    def fold(self, folder: Path, *, hurried: bool = False) -> None:
        """Take into this run what a child left in its folder."""
        self.wire.spend(self.children.take(folder, hurried=hurried))
        self._document = None

    @property
    def document(self) -> dict[str, Any]:
        """The whole run's report as it stands, judged once all has been sent."""
        if self._document is None:
            own = compose(self._conclude()) | {"command": self.options.command, "restored": self.restored}
            whole = fold(own, self.children.reports) if self.children.reports else own
            self.against.has_load = bool(self.children.reports or self.children.left_out)
            self.against.left_out = bool(self.children.left_out)
            whole = self.against.compare(whole, self.stopped)
            if self.stopped is not None and whole["verdict"] == Verdict.HELD:  # some were never begun
                whole |= {"verdict": Verdict.UNDECIDED.value, "reason": self.stopped}
            self._document = whole
        return self._document

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
            load=self.children.left_out,
        )

    def close(self) -> dict[str, Any]:
        """Write the report, point `latest` to it, end the sandbox. Raises OSError where it cannot be written."""
        self._spare.close()
        try:
            self.restore()
            document = self.document
            write(self.folder, document)
            if found := leaks(self.folder, self.secret):
                self._document = document = failed(document, found)
                write(self.folder, document)
            self.against.save(document, "the key is in its files" if found else self.stopped)
            point_latest(self.folder)
            raise_watermark(self.base_url, self._latest_at())
            if self._examples is not None and self.run.confirmed_from is not None:
                keep_examples(self._examples, self.run.failing.values(), self.secret)
            return document
        finally:
            self.history.close()
            self._site.close()
