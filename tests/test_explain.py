"""`python -m contracts.explain`."""

import subprocess
import sys

import pytest

from contracts import explain
from contracts.history.story import read_history
from contracts.run.target import ROOT
from openapi.ledger import BY_ID, LEDGER, QUESTIONS, Promise
from tests.examples import example


def test_a_promise_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert explain.main(["res-6"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert all(words in told for words in (BY_ID["RES-6"].meaning, BY_ID["RES-6"].harm, BY_ID["RES-6"].tested))


RULED = [promise for promise in LEDGER if promise.unruled is None]


@pytest.mark.parametrize("promise", RULED, ids=[promise.id for promise in RULED])
def test_a_promise_has_an_example_that_breaks_it(promise: Promise) -> None:
    stored = read_history(explain.EXAMPLES / f"{promise.id}.jsonl")
    assert stored.exchanges == tuple(example(promise.id)), "run python -m tests.examples"
    told = "\n".join(explain.explained(promise))
    assert "for example, this breaks it:" in told
    assert "actual" in told


def test_everything_that_can_be_explained_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert explain.main([]) == 0
    told = capsys.readouterr().out.split()
    assert {*(promise.id for promise in LEDGER), *(question.id for question in QUESTIONS)} <= set(told)


def test_several_are_explained_in_turn_a_question_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert explain.main(["ERR-1", "AT-STALE", "FMT-3"]) == 0
    told = capsys.readouterr().out
    assert told.index(BY_ID["ERR-1"].quote) < told.index("observed, never a fault") < told.index(BY_ID["FMT-3"].quote)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("RES-66", "no promise has the id 'RES-66', perhaps RES-6"),
        ("at-stal", "no promise has the id 'at-stal', perhaps at-stale"),
        ("xyzzy", "no promise has the id 'xyzzy'; see --help"),
        ("GATE-P99", "a gate is your own service level"),
        ("--all", "unrecognized arguments: --all; see --help"),
    ],
)
def test_an_unknown_id_is_refused_in_one_line(wrong: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        explain.main(["RES-6", wrong])
    said = capsys.readouterr()
    assert ended.value.code == 4
    assert said.out == ""
    assert told in said.err
    assert said.err.count("\n") == 1


COMMANDS = ("contracts.explain", "contracts.judge", "contracts.report", "loadtests.compare")


@pytest.mark.parametrize("module", COMMANDS)
def test_a_command_tells_of_a_mistake_in_a_line_and_helps(module: str) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", module, *arguments]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    wrong, helped = run("nowhere", "nowhere", "--odd"), run("--help")
    assert (wrong.returncode, wrong.stdout, wrong.stderr.count("\n")) == (4, "", 1)
    assert (helped.returncode, helped.stderr) == (0, "")
    assert f"python -m {module}" in helped.stdout


POOR = (
    "PYTHONIOENCODING=ascii python -m contracts.explain UPS-3 | grep ±hh:mm",
    "python -m contracts.explain | head -1",
    "python -m sandbox --list | head -1",
)


@pytest.mark.parametrize("how", POOR)
def test_a_poor_terminal_and_a_reader_who_leaves_will_do(how: str) -> None:
    how = how.replace("python", sys.executable, 1).replace("±", r"xb1")
    done = subprocess.run(["bash", "-c", how], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout
