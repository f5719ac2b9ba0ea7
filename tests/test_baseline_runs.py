"""Baselines in real runs: what is written, what is left alone, how a known break is told of in every output."""

import json
import signal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.commands import CATALOGUE, ended, pytest_command, sandbox, started, under_way

FAST = ("--limit", "60", "--window", "1")
GOOD: dict[str, Any] = {"schema": 1, "known": {}, "observations": {"other-path": "of another day"}}


def known(name: str, until: str = "9999-12-31") -> dict[str, Any]:
    return GOOD | {"known": {name: {"reason": "mended soon", "until": until}}}


def run(folder: Path, url: str, *options: str, content: Any = None, key: str = "sandbox-key") -> tuple[int, str]:
    """At the least depth against the baseline in the folder; its exit code, and what it said."""
    baseline = folder / "baseline.json"
    if content is not None:
        baseline.write_text(json.dumps(content))
    own = ("--base-url", url, *CATALOGUE, "--depth", "quick", "--baseline", str(baseline))
    done = ended(pytest_command(folder / "runs", *own, *options), key)
    return done.returncode, done.stdout


def test_a_run_that_was_stopped_leaves_a_good_baseline_alone(tmp_path: Path) -> None:
    with sandbox(*FAST) as url:
        for options, key in ((("--seed", "1"), "wrong-key"), (("--max-requests", "20"), "sandbox-key")):
            code, said = run(tmp_path, url, "--baseline-update", *options, content=GOOD, key=key)
            assert code == 6, said
            assert "baseline.json: left as it was, since the run is not whole: " in said
            assert json.loads((tmp_path / "baseline.json").read_text()) == GOOD


def test_a_run_that_was_interrupted_leaves_a_good_baseline_alone(tmp_path: Path) -> None:
    baseline = tmp_path / "baseline.json"
    baseline.write_text(json.dumps(GOOD))
    with sandbox("--limit", "10", "--window", "1") as url:
        options = ("--base-url", url, *CATALOGUE, "--baseline", str(baseline), "--baseline-update")
        process = started(pytest_command(tmp_path, *options))
        under_way(tmp_path)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 2, said
    assert "left as it was, since the run is not whole: interrupted" in said
    assert json.loads(baseline.read_text()) == GOOD


def test_a_target_that_is_not_there_makes_no_baseline(tmp_path: Path) -> None:
    code, said = run(tmp_path, "http://127.0.0.1:9", "--baseline-update")
    assert code == 4, said
    assert not (tmp_path / "baseline.json").exists()


@pytest.mark.parametrize("update", [(), ("--baseline-update",)])
def test_a_part_of_the_run_neither_loses_nor_excuses_anything(update: tuple[str, ...], tmp_path: Path) -> None:
    with sandbox(*FAST) as url:
        code, said = run(tmp_path, url, "-m", "results", *update, content=known("ERR-2"))
    assert code == 0, said
    assert "ERR-2: held by the part of its tests that ran" in said
    saved = json.loads((tmp_path / "baseline.json").read_text())
    assert saved["known"] == known("ERR-2")["known"]
    assert saved["observations"].items() >= GOOD["observations"].items()
    assert saved.get("sent") == ("relations, sizes, depth quick, seed 1" if update else None)


@pytest.mark.parametrize(
    ("content", "code", "verdict", "case"),
    [
        (known("RES-5"), 0, "verdict: held", "skipped"),
        (known("RES-5", "2020-01-01"), 1, "(RES-5 is a known break whose date, 2020-01-01, has passed)", "failure"),
    ],
)
def test_a_known_break_is_told_of_in_every_output(
    content: Any, code: int, verdict: str, case: str, tmp_path: Path
) -> None:
    with sandbox(*FAST, "--defect", "message-empty") as url:
        ended_with, said = run(tmp_path, url, content=content)
    latest = tmp_path / "runs" / "latest"
    assert ended_with == code, said
    assert verdict in said
    assert "known      RES-5: " in said
    cases = ET.parse(latest / "junit.xml").getroot().iter("testcase")  # noqa: S314 — our own
    (told,) = [each for each in cases if "RES-5" in each.attrib["name"]]
    assert told.find(case) is not None
    page = (latest / "report.html").read_text()
    assert ("a known break until" in page) is (case == "skipped")


def test_the_same_server_seen_again_has_changed_nothing(tmp_path: Path) -> None:
    with sandbox(*FAST) as url:
        code, said = run(tmp_path, url, "--baseline-update")
        assert code == 0, said
        assert "baseline.json: written" in said
        code, said = run(tmp_path, url, "--seed", "7")
        assert code == 0, said
        assert "changed    " not in said
    with sandbox(*FAST, "--dialect", "stale-refused") as url:
        code, said = run(tmp_path, url)
        assert code == 0, said
        assert "changed    at-stale: " in said
