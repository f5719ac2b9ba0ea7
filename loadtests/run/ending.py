"""The test that is open, and how it ends: hurried, concluded and reported, or broken off from outside."""

import sys
from collections.abc import Callable
from functools import partial
from shutil import get_terminal_size
from typing import Any

from gevent.event import Event
from locust.env import Environment
from locust.runners import MasterRunner, WorkerRunner

from contracts.command import show_anything
from contracts.finding import Verdict
from contracts.interrupts import INTERRUPTED, Interrupts
from contracts.judge import EXIT
from contracts.report.terminal import lines
from contracts.run.target import EmbeddedSandbox
from loadtests.run.company import Master, Part, Worker
from loadtests.run.conclusion import conclude as concluded
from loadtests.run.session import BROKEN_OFF, Session
from loadtests.webui.pages import Watch

INTERNAL_ERROR = 3  # as pytest has it


def _nothing() -> None:
    """Where there is no test to tell of."""


class LoadTests:
    """The hooks' memory: the sandbox, and the test that is open."""

    sandbox: EmbeddedSandbox | None = None
    session: Session | None = None
    users = 1  # of the test that is open
    part: Part | None = None  # of the next test, where this process is a worker
    worker: Worker | None = None
    master: Master | None = None
    interrupts: Interrupts | None = None
    watch: Watch | None = None  # the page of ours, where the web UI is open
    last_words: Callable[[], None] = staticmethod(_nothing)
    concluded = Event()  # set but from a test's beginning until its report is written


def hurry(**_: Any) -> None:
    """Whoever waits in silence need not wait any longer."""
    if LoadTests.session is not None:
        LoadTests.session.clock.ending = True
    if LoadTests.watch is not None:
        LoadTests.watch.ending()


def conclude(environment: Environment, **_: Any) -> None:
    """Judge, report, and set the exit code."""
    session, LoadTests.session = LoadTests.session, None
    try:
        if session is not None:
            _conclude(environment, session)
    finally:
        if isinstance(environment.runner, WorkerRunner):
            environment.stop_timeout = 0.0  # so long Locust has it wait until the next test, though all is answered
        LoadTests.part = None
        LoadTests.concluded.set()


def _conclude(environment: Environment, session: Session) -> None:
    if LoadTests.master is not None:
        LoadTests.master.collect()
        LoadTests.master = None
    errors = environment.runner.exceptions if environment.runner and LoadTests.part is None else {}
    for row in errors.values():
        session.stop(f"a fault of this harness: {row['msg']}")
    scenarios: list[Any] = environment.user_classes
    for scenario in scenarios:
        scenario.measure(LoadTests.users)
    if LoadTests.worker is not None:
        LoadTests.worker.last_word()
    else:
        _close(environment, session)
        _report(environment, session)


def _close(environment: Environment, session: Session) -> None:
    """All that was sent is written: which scenarios came to their end."""
    if session.stopped is None:
        scenarios: list[Any] = environment.user_classes
        for scenario in scenarios:
            if scenario.own_seconds is not None:
                session.history.finished(scenario.__name__)  # it ends when it is ended


def _report(environment: Environment, session: Session) -> None:
    interrupted = environment.process_exit_code == INTERRUPTED
    environment.process_exit_code = INTERNAL_ERROR  # unless a verdict is reached
    document, unwritten = concluded(session)
    _tell(environment, unwritten or f"report: {session.folder / 'report.html'}", document)
    if LoadTests.watch is not None:
        LoadTests.watch.end(document, session.folder)
    if interrupted:
        environment.process_exit_code = INTERRUPTED
    elif not (environment.runner and environment.runner.exceptions):
        environment.process_exit_code = EXIT[Verdict(document["verdict"])]


def _tell(environment: Environment, where: str, document: dict[str, Any]) -> None:
    options = environment.parsed_options
    out = sys.stderr if options and (options.json or not options.headless) else sys.stdout
    show_anything(out)
    told = lines(document, out.isatty(), get_terminal_size().columns)
    told += [f"--restore: {document['restored']}"] if document["restored"] else []
    LoadTests.last_words = partial(print, *told, where, sep="\n", file=out, flush=True)
    if options is None or not options.headless:
        last_words()


def last_words(**_: Any) -> None:
    """The verdict, below Locust's own tables where it writes any."""
    LoadTests.last_words()
    LoadTests.last_words = _nothing


def quitting(environment: Environment, **_: Any) -> None:
    """A test that is still open was broken off from outside: its report says so. The sandbox is not needed any more."""
    if LoadTests.session is not None and environment.runner is not None:
        environment.process_exit_code = INTERRUPTED
        LoadTests.session.stop(BROKEN_OFF)
        if isinstance(environment.runner, MasterRunner):
            environment.runner.stop(send_stop_to_client=False)  # as where the time is over: `collect` says it to them
        else:
            environment.runner.stop()
    LoadTests.concluded.wait()  # where somebody else was just ending it
    if LoadTests.sandbox is not None:
        LoadTests.sandbox.__exit__(None, None, None)
    if LoadTests.interrupts is not None:
        LoadTests.interrupts.close()


LoadTests.concluded.set()
