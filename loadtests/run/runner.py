"""A scenario as a child of a pytest run: Locust in a process of its own, its report for the parent to fold.

Never imports Locust, which patches the whole process.
"""

import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from contracts.run.harness import Harness
from contracts.run.target import ROOT, EmbeddedSandbox, UsageError
from loadtests.run.plan import Planned

JUDGED = (0, 1, 6)  # exit codes of a run that came to a verdict
USAGE_ERROR = 4
GRACE_S = 40.0  # for a child to begin, to wait for its last answers and to judge, on top of its time and one time-out
ENDING_S = 15.0  # for a child that is broken off to write its report


class CrashedError(Exception):
    """The child ended without a verdict: its exit code, and the last lines that it wrote."""


class HungError(Exception):
    """The child did not end in its time, and was ended. What it wrote is folded in: undecided."""


def run_scenario(planned: Planned, harness: Harness) -> None:
    """Run one scenario against the session's target and fold its report, `<run>/loadtests/<name>/`, into the session's.

    Raises UsageError without a catalogue or where the child finds its options wrong; CrashedError where it crashes;
    HungError where it had to be ended.
    """
    name = planned.name
    folder = (harness.folder / "loadtests" / name).resolve()
    folder.mkdir(parents=True)
    command = _command(planned, harness, folder)
    with (folder / "locust.log").open("w+b") as log:
        # A session of its own: Ctrl-C reaches us alone, and we pass it on once, so that the child ends in order.
        process = subprocess.Popen(  # noqa: S603 — our own module, by our own interpreter
            command, cwd=ROOT, env=harness.environment, stdout=log, stderr=log, start_new_session=True
        )
        harness.children.process, hung = process, None
        try:
            hung = not _ended_in_time(process, planned, harness)
        finally:
            _break_off(process)
            harness.children.process = None
            harness.fold(folder, hurried=hung is None)  # Ctrl-C
        log.seek(0)
        said = [line for line in log.read().decode(errors="replace").splitlines() if line.strip()]
    if hung:
        raise HungError(f"{name} did not end within {_patience_s(planned, harness):.0f} s, and was ended")
    if process.returncode == USAGE_ERROR:
        raise UsageError(" ".join(said[-1:]))
    if process.returncode not in JUDGED:
        raise CrashedError("\n".join([f"{name} exited {process.returncode}:", *said[-20:]]))


def _command(planned: Planned, harness: Harness, folder: Path) -> list[str]:
    options, name = harness.options, planned.name
    embedded = EmbeddedSandbox.catalogue if options.base_url is None else None
    catalogue = options.catalogue or embedded
    if catalogue is None:
        raise UsageError(f"{name} needs --catalogue FILE: test references that exist on the target and may be written")
    given = {
        "--host": harness.base_url,
        "--catalogue": Path(catalogue).resolve(),
        "--run-folder": folder,
        "--runs-dir": options.runs_dir.resolve(),
        "--first-seq": harness.children.next_seq(),
        "--max-requests": min(harness.requests_left, planned.most),
        "--window": options.window_s,
        "--timeout": options.timeout_s,
    }
    command = [sys.executable, "-m", "locust", name, "--headless", "--only-summary", "--loglevel", "WARNING"]
    command += [part for option, value in given.items() for part in (option, str(value))]
    command += [] if planned.ends_by_itself else ["--run-time", f"{planned.seconds:.0f}s"]
    command += ["--gates", str(options.gates.resolve())] if options.gates else []
    command += ["--ca-bundle", str(Path(options.ca_bundle).resolve())] if options.ca_bundle else []
    command += ["--allow-production"] if options.allow_production else []
    command += [f"--header={header}" for header in options.headers]
    return command


def _patience_s(planned: Planned, harness: Harness) -> float:
    return planned.seconds + harness.options.timeout_s + GRACE_S


def _ended_in_time(process: subprocess.Popen[bytes], planned: Planned, harness: Harness) -> bool:
    began_s = time.monotonic()
    while (took_s := time.monotonic() - began_s) < _patience_s(planned, harness):
        harness.on_event(f"{planned.name}: {took_s:.0f} of about {planned.seconds:.0f} s")
        try:
            process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            continue
        return True
    return False


def _break_off(process: subprocess.Popen[bytes]) -> None:
    """Let a child that still runs write its report; one that does not end is ended."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGINT)
    try:
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=ENDING_S)
    finally:  # also where the person at the keyboard has no more patience
        process.kill()
        process.wait()
