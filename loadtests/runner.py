"""A scenario as a child of a pytest run: Locust in a process of its own, its report for the parent to fold.

Never imports Locust, which patches the whole process.
"""

import subprocess
import sys
import time
from pathlib import Path

from contracts.harness import Harness
from contracts.target import ROOT, EmbeddedSandbox, UsageError

SCENARIOS = ("ThrottleProbe", "Pusher")
JUDGED = (0, 1, 6)  # exit codes of a run that came to a verdict
USAGE_ERROR = 4


class CrashedError(Exception):
    """The child ended without a verdict: its exit code, and the last lines that it wrote."""


def run_scenario(name: str, harness: Harness) -> Path:
    """Run one scenario against the session's target and return its report.json, below `<run>/loadtests/<name>/`.

    Raises UsageError without a catalogue or where the child finds its options wrong; CrashedError where it crashes.
    """
    folder = (harness.folder / "loadtests" / name).resolve()
    folder.mkdir(parents=True)
    command = _command(name, harness, folder)
    with (folder / "locust.log").open("w+b") as log:
        # The same process group as ours, so that Ctrl-C reaches it and its history is closed in order.
        process = subprocess.Popen(command, cwd=ROOT, env=harness.environment, stdout=log, stderr=log)  # noqa: S603
        try:
            _wait(process, name, harness)
        finally:
            _end(process)
        log.seek(0)
        said = [line for line in log.read().decode(errors="replace").splitlines() if line.strip()]
    if process.returncode == USAGE_ERROR:
        raise UsageError(" ".join(said[-1:]))
    if process.returncode not in JUDGED:
        raise CrashedError("\n".join([f"{name} exited {process.returncode}:", *said[-20:]]))
    return folder / "report.json"


def _command(name: str, harness: Harness, folder: Path) -> list[str]:
    options = harness.options
    embedded = EmbeddedSandbox.catalogue if options.base_url is None else None
    catalogue = options.catalogue or embedded
    if catalogue is None:
        raise UsageError(f"{name} needs --catalogue FILE: test references that exist on the target and may be written")
    given = {
        "--host": harness.base_url,
        "--catalogue": Path(catalogue).resolve(),
        "--run-folder": folder,
        "--first-seq": harness.next_seq(),
        "--max-requests": harness.requests_left,
        "--window": options.window_s,
        "--timeout": options.timeout_s,
    }
    command = [sys.executable, "-m", "locust", name, "--headless", "--only-summary", "--loglevel", "WARNING"]
    command += [part for option, value in given.items() for part in (option, str(value))]
    command += ["--ca-bundle", str(Path(options.ca_bundle).resolve())] if options.ca_bundle else []
    command += ["--allow-production"] if options.allow_production else []
    command += [f"--header={header}" for header in options.headers]
    return command


def _wait(process: subprocess.Popen[bytes], name: str, harness: Harness) -> None:
    began_s = time.monotonic()
    while True:
        harness.on_event(f"{name}: {time.monotonic() - began_s:.0f} s")
        try:
            process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            continue
        return


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let an interrupted child write its report; one that does not end is ended."""
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
