"""Whatever a server does, the wire ends in time, within bounds and with a typed outcome, and goes on unharmed.

Then whole runs against servers that never do anything else: a verdict that says why, never green, never a traceback.
"""

from pathlib import Path

import pytest

from contracts import judge
from contracts.drivers.schedule import SCHEDULE
from contracts.exchanges.exchange import Answer
from contracts.finding import Verdict
from contracts.report.terminal import lines
from contracts.run.harness import Harness
from contracts.run.invocation import Options
from loadtests.wire.connection import Watch
from tests.commands import ended, pytest_command
from tests.faults.cases import FAULTS, Fault
from tests.faults.trial import TIMEOUT_S, contract_wire, load_wire, try_wire, write_authority

LARGEST_PAGE = 20 << 20  # bytes
BY_NAME = {fault.name: fault for fault in FAULTS}


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def watch() -> Watch:
    return Watch(TIMEOUT_S)


def test_the_faults_have_names_of_their_own() -> None:
    assert len(BY_NAME) == len(FAULTS) >= 40


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_the_contract_wire_survives(fault: Fault, authority: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    trial, server = try_wire(fault, contract_wire(authority))
    assert trial.became in fault.becomes, trial.detail
    assert trial.complaints == []
    assert isinstance(trial.after, Answer)
    assert trial.after.header("X-RateLimit-Remaining") == "99"
    assert b"cookie" not in server.requests[-1].lower()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_the_load_wire_survives(fault: Fault, authority: str, watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    trial, server = try_wire(fault, load_wire(authority, watch))
    assert trial.became in fault.becomes, trial.detail
    assert trial.complaints == []
    assert b"cookie" not in server.requests[-1].lower()


WHOLE_RUNS = [
    ("accepts and is silent", "broken", "ERR-2"),
    ("closes after the request", "broken", "ERR-2"),
    ("half a body", "broken", "ERR-2"),
    ("speaks SSH", "broken", "ERR-2"),
    ("a flood of 103s", "broken", "ERR-2"),
    ("drips its body", "broken", "ERR-2"),
    ("redirects to itself", "undecided", "redirected (307)"),
    ("JSON that is not UTF-8", "broken", "FMT-1"),
    ("JSON with a number of 5,000 digits", "broken", "RES-1"),
    ("JSON with lone surrogates", "broken", "RES-4"),
]


@pytest.mark.parametrize(("name", "verdict", "told"), WHOLE_RUNS)
def test_a_whole_run_ends_with_a_clear_word(
    name: str, verdict: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("BSPK_API_KEY", "sandbox-key")
    with BY_NAME[name].server(always=True) as server:
        options = Options(server.base_url, None, 8, "quick", 1, 1.0, TIMEOUT_S, None, (), tmp_path, False, None)
        harness = Harness(options, lambda _: None)
        harness.begin(SCHEDULE)
        for driver in SCHEDULE:
            harness.drive(driver)
        harness.confirm()
        document = harness.close()
    assert document["verdict"] == verdict
    assert told in "\n".join(lines(document, colour=False))
    assert (tmp_path / "latest" / "report.html").stat().st_size < LARGEST_PAGE
    assert judge.main([str(tmp_path / "latest" / "history.jsonl")]) == judge.EXIT[Verdict(verdict)]


@pytest.mark.parametrize(
    ("name", "code", "told"),
    [
        ("a gzip bomb", 1, "the answer is larger than this harness reads"),
        ("JSON 200,000 deep", 1, "RES-1"),
        ("TLS self-signed", 4, "certificate verify failed"),
    ],
)
def test_the_command_shows_no_traceback(name: str, code: int, told: str, tmp_path: Path) -> None:
    with BY_NAME[name].server(always=True) as server:
        few = ("--timeout", "0.4", "--depth", "quick", "--max-requests", "8")
        done = ended(pytest_command(tmp_path, "--base-url", server.base_url, *few))
    said = done.stdout + done.stderr
    assert done.returncode == code, said
    assert told in said
    assert "Traceback" not in said
    assert "INTERNALERROR" not in said
