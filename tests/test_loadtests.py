"""Load tests as a person starts them: `locust` in a process of its own, judged by its exit code and its report."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from contracts.history.story import read_history
from contracts.judge import judge, verdict_of
from contracts.run.target import ROOT, EmbeddedSandbox
from loadtests.run.plan import SCENARIOS

LIMIT = ("--limit", "4", "--window", "0.6")  # small, so that the silences are short
LOCUST = (sys.executable, "-m", "locust")
CATALOGUE = ("--catalogue", str(EmbeddedSandbox.catalogue))
HELD, BROKEN, INTERRUPTED, USAGE, UNDECIDED = 0, 1, 2, 4, 6


def environment(key: str | None, second: str | None = None) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("LOCUST_", "BSPK_"))}
    keys = {"BSPK_API_KEY": key, "BSPK_API_KEY_2": second}
    return clean | {name: value for name, value in keys.items() if value is not None}


def locust(
    folder: Path, *arguments: str, key: str | None = EmbeddedSandbox.key, second: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Locust without its web UI, for the sandbox's short window, writing below the folder."""
    command = [*LOCUST, "--headless", "--only-summary", "--loglevel", "WARNING", "--runs-dir", str(folder / "runs")]
    command += ["--window", "0.6", "--timeout", "5", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment(key, second), capture_output=True, text=True, timeout=240, check=False
    )


def report(folder: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((folder / "runs" / "latest" / "report.json").read_bytes())
    return document


def verdicts(document: Mapping[str, Any], verdict: str) -> set[str]:
    return {row["id"] for row in document["promises"] if row["in_scope"] and row["verdict"] == verdict}


def test_throttle_probe_holds_an_honest_server(tmp_path: Path) -> None:
    with EmbeddedSandbox(*LIMIT) as sandbox:
        ended = locust(tmp_path, "ThrottleProbe", "-H", sandbox.base_url, *CATALOGUE)
    assert ended.returncode == HELD, ended.stdout + ended.stderr
    document = report(tmp_path)
    assert verdicts(document, "held") >= {"AUTH-2", "RATE-1", "RATE-2", "RATE-5", "RES-6", "UPS-3", "FMT-1"}
    assert "LOAD-1" not in verdicts(document, "held")
    assert "fixed-first" in document["limiter"]["candidates"]
    assert f"report: {tmp_path}" in ended.stdout


def test_the_same_verdict_can_be_drawn_from_the_history_alone(tmp_path: Path) -> None:
    with EmbeddedSandbox(*LIMIT) as sandbox:
        ended = locust(tmp_path, "Stampede", "-t", "2s", "-u", "6", "-H", sandbox.base_url, *CATALOGUE)
    assert ended.returncode == HELD, ended.stdout + ended.stderr
    document = report(tmp_path)
    assert {"LOAD-1", "UPS-2", "RATE-4"} <= verdicts(document, "held")
    story = read_history(tmp_path / "runs" / "latest" / "history.jsonl")
    assert verdict_of(judge(story)) == document["verdict"]
    assert len({exchange.seq for exchange in story.exchanges}) == len(story.exchanges) == document["requests"]
    assert EmbeddedSandbox.key not in (tmp_path / "runs" / "latest" / "history.jsonl").read_text()


@pytest.mark.parametrize(
    ("defect", "promise"),
    [
        ("rate-headers-missing-on-429", "RATE-5"),
        ("throttled-503", "RATE-2"),
        ("limit-changes", "RATE-6"),
        ("no-recovery", "RATE-1"),
        ("blame-shifted-by-one", "RES-6"),
    ],
)
def test_a_defect_is_named_by_its_promise(tmp_path: Path, defect: str, promise: str) -> None:
    with EmbeddedSandbox(*LIMIT, "--defect", defect) as sandbox:
        ended = locust(tmp_path, "ThrottleProbe", "-H", sandbox.base_url, *CATALOGUE)
    assert ended.returncode == BROKEN, ended.stdout + ended.stderr
    assert promise in verdicts(report(tmp_path), "broken")
    assert re.search(rf"^{promise} .*broken", ended.stdout, re.MULTILINE)


@pytest.mark.parametrize(
    ("arguments", "key", "reason"),
    [
        ((), "another-key", "key refused"),
        (("--max-requests", "15"), EmbeddedSandbox.key, "out of reach"),
        (("--max-requests", "1"), EmbeddedSandbox.key, "the cap of 1 requests is reached"),
        (("-t", "1s"), EmbeddedSandbox.key, "did not finish"),
    ],
)
def test_what_was_not_put_to_the_test_is_undecided(
    tmp_path: Path, arguments: tuple[str, ...], key: str, reason: str
) -> None:
    with EmbeddedSandbox(*LIMIT) as sandbox:
        ended = locust(tmp_path, "ThrottleProbe", "-H", sandbox.base_url, *CATALOGUE, *arguments, key=key)
    assert ended.returncode == UNDECIDED, ended.stdout + ended.stderr
    assert reason in report(tmp_path)["reason"]


def test_a_flood_at_its_cap_ends_in_a_line(tmp_path: Path) -> None:
    with EmbeddedSandbox("--limit", "100000", "--window", "0.6") as sandbox:
        ended = locust(tmp_path, "Flood", "-H", sandbox.base_url, *CATALOGUE, "--max-requests", "120")
    assert ended.returncode == UNDECIDED, ended.stdout + ended.stderr
    assert "verdict: undecided (the cap of 120 requests is reached)" in ended.stdout
    assert "ERROR" not in ended.stderr, ended.stderr
    assert "Traceback" not in ended.stderr


SOMEWHERE = ("-H", "http://127.0.0.1:9")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("ThrottleProbe", *SOMEWHERE, *CATALOGUE), "Is it running?"),
        (("ThrottleProbe", *SOMEWHERE), "no catalogue"),
        (("ThrottleProbe", "-H", "https://api.bspk.com", *CATALOGUE), "--allow-production"),
        (("ThrottleProbe", *SOMEWHERE, *CATALOGUE, "--max-requests", "-1"), "--max-requests"),
        (("ThrottleProbe", *SOMEWHERE, *CATALOGUE, "--windw", "2"), "unrecognized"),
        (("Probe", *SOMEWHERE, *CATALOGUE), "Probe is no scenario"),
        ((*SOMEWHERE, *CATALOGUE), "name one of"),
    ],
)
def test_a_usage_error_is_one_line(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    ended = locust(tmp_path, *arguments)
    assert ended.returncode == USAGE
    assert len(ended.stderr.splitlines()) == 1, ended.stderr
    assert words in ended.stderr


def test_without_a_key_nothing_is_sent(tmp_path: Path) -> None:
    ended = locust(tmp_path, "ThrottleProbe", *SOMEWHERE, *CATALOGUE, key=None)
    assert ended.returncode == USAGE
    assert "export BSPK_API_KEY=" in ended.stderr
    assert not (tmp_path / "runs").exists()


@contextmanager
def started(*arguments: str, key: str | None = None) -> Iterator[subprocess.Popen[str]]:
    command = [*LOCUST, *arguments, "--loglevel", "WARNING"]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, cwd=ROOT, env=environment(key), stdout=pipe, stderr=pipe, text=True)
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=120)


def patiently(folder: Path, pattern: str) -> Path:
    """The first file of that pattern, once it is there."""
    until_s = time.monotonic() + 120
    while time.monotonic() < until_s:
        for path in folder.glob(pattern):
            return path
        time.sleep(0.05)
    raise AssertionError(f"no {pattern}")


def test_an_interrupted_run_is_reported_as_such(tmp_path: Path) -> None:
    with started("ThrottleProbe", "--headless", "--window", "5", "--runs-dir", str(tmp_path / "runs")) as process:
        patiently(tmp_path, "runs/*/history.jsonl")
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=120) == INTERRUPTED
    document = report(tmp_path)
    assert (document["verdict"], document["reason"]) == ("undecided", "interrupted")


def test_json_on_standard_output_stands_alone(tmp_path: Path) -> None:
    with EmbeddedSandbox(*LIMIT) as sandbox:
        ended = locust(tmp_path, "Stampede", "-t", "1s", "-u", "4", "-H", sandbox.base_url, *CATALOGUE, "--json")
    assert json.loads(ended.stdout)
    assert "verdict: " in ended.stderr


def test_the_web_ui_opens_on_loopback_with_every_scenario(tmp_path: Path) -> None:
    port = 18_000 + os.getpid() % 1_000
    with started("--web-port", str(port), "--runs-dir", str(tmp_path)):
        page = wait_for(f"http://127.0.0.1:{port}/")
        listening = subprocess.run(["ss", "-Hltn", f"sport = :{port}"], capture_output=True, text=True, check=False)
    named = re.search(r'"available_user_classes": \[([^\]]*)\]', page)
    assert named is not None
    assert {name.strip('" ') for name in named[1].split(",")} == set(SCENARIOS)
    assert '"show_userclass_picker": true' in page
    assert f"127.0.0.1:{port}" in listening.stdout
    assert len(listening.stdout.splitlines()) == 1


def wait_for(url: str) -> str:
    until_s = time.monotonic() + 120
    while True:
        try:
            with urlopen(url, timeout=5) as answer:  # noqa: S310 — loopback
                return str(answer.read().decode())
        except OSError:
            if time.monotonic() > until_s:
                raise
            time.sleep(0.1)


@pytest.mark.parametrize(("dialect", "share"), [((), False), (("--dialect", "one-allowance-for-all-keys"), True)])
def test_a_second_key_tells_whether_two_share(tmp_path: Path, dialect: tuple[str, ...], share: bool) -> None:
    second = "sandbox-key-2"
    with EmbeddedSandbox(*LIMIT, *dialect) as sandbox:
        ended = locust(tmp_path, "ThrottleProbe", "-H", sandbox.base_url, *CATALOGUE, second=second)
    assert ended.returncode == HELD, ended.stdout + ended.stderr
    limiter = report(tmp_path)["limiter"]
    assert limiter["keys_share"] is share
    assert ("Two keys share one allowance." in limiter["words"]) is share
    written = "".join(path.read_text() for path in (tmp_path / "runs" / "latest").iterdir() if path.is_file())
    assert "$BSPK_API_KEY_2" in written
    assert second not in written + ended.stdout + ended.stderr


def test_a_window_of_a_second_is_caught_at_the_documented_ten(tmp_path: Path) -> None:
    """The one probe that takes its real time, about half a minute."""
    with EmbeddedSandbox("--limit", "4", "--window", "1") as sandbox:
        ended = locust(tmp_path, "ThrottleProbe", "-H", sandbox.base_url, *CATALOGUE, "--window", "10")
    assert ended.returncode == BROKEN, ended.stdout + ended.stderr
    document = report(tmp_path)
    assert verdicts(document, "broken") & {"RATE-1", "RATE-4"}
    assert document["duration_s"] > 10
    assert document["limiter"]["candidates"] == []


def test_a_second_key_that_is_the_first_is_refused(tmp_path: Path) -> None:
    ended = locust(tmp_path, "ThrottleProbe", *SOMEWHERE, *CATALOGUE, second=EmbeddedSandbox.key)
    assert ended.returncode == USAGE
    assert "BSPK_API_KEY_2 is the same key" in ended.stderr
