"""The command as a person runs it: real processes, real sockets, exit codes 0, 1, 4 and 6, and what is said."""

import json
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from contracts.run.target import ROOT
from openapi.ledger import ERR_1, LEDGER
from tests.commands import CATALOGUE, ended, pytest_command, sandbox, started, under_way

CANARY = "canary-key-7f3a9c21"
FAST = ("--limit", "60", "--window", "1")


@contextmanager
def stub(respond: Callable[[int], tuple[int, dict[str, str], bytes] | None]) -> Iterator[str]:
    """A server that answers the n-th request as told, or stops for good where told None."""
    count = 0

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            nonlocal count
            count += 1
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            told = respond(count)
            if told is None:
                threading.Thread(target=server.shutdown).start()
                server.socket.close()
                self.close_connection = True
                return
            status, headers, body = told
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def pytest_run(*options: str, key: str | None = "sandbox-key", runs: Path) -> subprocess.CompletedProcess[str]:
    return ended(pytest_command(runs, *options), key)


def report(runs: Path) -> dict[str, object]:
    document: dict[str, object] = json.loads((runs / "latest" / "report.json").read_text())
    return document


def broken(runs: Path) -> set[str]:
    promises = report(runs)["promises"]
    assert isinstance(promises, list)
    return {promise["id"] for promise in promises if promise["verdict"] == "broken"}


def test_an_honest_server_is_held(tmp_path: Path) -> None:
    with sandbox(*FAST) as url:
        done = pytest_run("--base-url", url, *CATALOGUE, runs=tmp_path)
    assert done.returncode == 0, done.stdout
    assert "verdict: held" in done.stdout
    latest = tmp_path / "latest"
    assert {path.name for path in latest.iterdir()} >= {"history.jsonl", "report.json", "report.html", "junit.xml"}
    judged = subprocess.run(
        [sys.executable, "-m", "contracts.judge", str(latest / "history.jsonl")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert judged.returncode == 0, judged.stdout


@pytest.mark.parametrize(
    ("defect", "promise"),
    [("created-201", "ERR-1"), ("all-blamed-for-one", "RES-6"), ("limit-changes", "RATE-6")],
)
def test_a_defect_is_named(defect: str, promise: str, tmp_path: Path) -> None:
    with sandbox(*FAST, "--defect", defect) as url:
        done = pytest_run("--base-url", url, *CATALOGUE, runs=tmp_path)
    assert done.returncode == 1, done.stdout
    assert promise in broken(tmp_path)
    assert "curl" in done.stdout
    assert "$BSPK_API_KEY" in done.stdout


def test_a_baseline_is_written_and_puts_up_with_a_known_break(tmp_path: Path) -> None:
    baseline = tmp_path / "baseline.json"
    with sandbox(*FAST, "--defect", "limit-changes") as url:
        options = ("--base-url", url, *CATALOGUE, "--depth", "quick", "--baseline", str(baseline))
        (tmp_path / "first").mkdir()
        written = pytest_run(*options, "--baseline-update", "--header", "X-Gateway: hush", runs=tmp_path / "first")
        saved = json.loads(baseline.read_text())
        known = {name: {"reason": "mended soon", "until": "9999-12-31"} for name in broken(tmp_path / "first")}
        baseline.write_text(json.dumps(saved | {"known": known}))
        spared = pytest_run(*options, runs=tmp_path / "second")
    assert written.returncode == 1, written.stdout
    assert saved["known"] == {}
    assert saved["observations"]
    assert spared.returncode == 0, spared.stdout
    assert "mended soon" in spared.stdout
    assert report(tmp_path / "second")["baseline"] == {
        "file": "baseline.json",
        "changed": [],
        "known": [{"id": name, "state": "broken", **each} for name, each in sorted(known.items())],
    }
    command = str(report(tmp_path / "first")["command"])
    assert command.startswith("pytest ")
    assert " --runs-dir " in command
    assert "hush" not in command
    assert f"{ROOT / 'pyproject.toml'}" not in command, "though the runs' folder, which exists, lies elsewhere"


@pytest.mark.parametrize(
    ("choice", "chosen", "left"),
    [
        (
            ("-m", "validation"),
            ("test_wrong_records", "test_promise[VAL-1]"),
            ("test_strangers", "test_promise[RES-1]"),
        ),
        (("-m", "throttling"), ("test_promise[RATE-3]",), ("test_promise[AUTH-1]",)),
        (("-k", "RES-6 or sizes"), ("test_sizes", "test_promise[RES-6]"), ("test_promise[RES-7]",)),
    ],
)
def test_chapters_can_be_chosen(
    choice: tuple[str, ...], chosen: tuple[str, ...], left: tuple[str, ...], tmp_path: Path
) -> None:
    told = pytest_run("contracts", "--collect-only", "-q", *choice, runs=tmp_path).stdout
    assert all(name in told for name in chosen)
    assert not any(name in told for name in left)


def test_junit_has_a_case_a_promise_whatever_the_server_sent(tmp_path: Path) -> None:
    shout = "\x1b[2J\u202e]]></failure><testcase name='mine'/>\ufffe\x00"
    body = json.dumps({"status": shout, "results": [{"index": 0, "status": shout}]}).encode()
    headers = {"Content-Type": "application/json", "X-RateLimit-Limit": "1000"}
    with stub(lambda count: (200, headers | {"X-RateLimit-Remaining": str(1000 - count)}, body)) as url:
        done = pytest_run("--base-url", url, "--depth", "quick", "--max-requests", "60", runs=tmp_path)
    assert done.returncode == 1, done.stdout
    assert not {"\x1b", "\u202e", "\x00"} & set(done.stdout)
    written = ET.parse(tmp_path / "latest" / "junit.xml")  # noqa: S314 — our own file
    cases = written.getroot().findall(".//testcase")
    promises = {str(case.get("name")).partition(":")[0]: case for case in cases}
    assert list(promises) == [promise.id for promise in LEDGER]
    failure = promises["RES-4"].find("failure")
    assert failure is not None
    assert "'ok', 'error' or 'warning'" in str(failure.text)
    assert not any(case.get("name") == "mine" for case in cases)


def test_a_wrong_key_is_undecided(tmp_path: Path) -> None:
    with sandbox(*FAST) as url:
        done = pytest_run("--base-url", url, *CATALOGUE, key=CANARY, runs=tmp_path)
    assert done.returncode == 6, done.stdout
    assert "key refused" in done.stdout
    assert report(tmp_path)["requests"] == 1
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert CANARY.encode() not in written
    assert CANARY not in done.stdout + done.stderr


def test_all_throttled_is_undecided(tmp_path: Path) -> None:
    with stub(lambda _: (429, {"X-RateLimit-Limit": "5", "X-RateLimit-Remaining": "0"}, b"")) as url:
        done = pytest_run("--base-url", url, *CATALOGUE, runs=tmp_path)
    assert done.returncode == 6, done.stdout
    assert "allowance" in str(report(tmp_path)["reason"])


def test_a_target_that_stops_half_way_is_not_held(tmp_path: Path) -> None:
    body = b'{"status": "done", "results": [{"index": 0, "status": "ok"}]}'
    headers = {"Content-Type": "application/json", "X-RateLimit-Limit": "100"}
    with stub(
        lambda count: (200, headers | {"X-RateLimit-Remaining": str(100 - count)}, body) if count < 9 else None
    ) as url:
        done = pytest_run("--base-url", url, *CATALOGUE, "--timeout", "2", runs=tmp_path)
    assert done.returncode in (1, 6), done.stdout
    assert "target gone" in str(report(tmp_path)["reason"])


def test_a_long_run_is_foretold(tmp_path: Path) -> None:
    body = b'{"status": "done", "results": [{"index": 0, "status": "ok"}]}'
    headers = {"Content-Type": "application/json", "X-RateLimit-Limit": "2", "X-RateLimit-Remaining": "1"}
    with stub(lambda count: (200, headers, body) if count < 3 else None) as url:
        done = pytest_run(*("--base-url", url, *CATALOGUE, "--window", "4", "--timeout", "2"), runs=tmp_path)
    assert re.search(r"\d+ requests at 2 in 4 s take \d+ to \d+ minutes: --max-requests", done.stdout), done.stdout


def test_without_a_catalogue_acceptance_is_undecided(tmp_path: Path) -> None:
    with sandbox(*FAST) as url:
        done = pytest_run("--base-url", url, "--depth", "quick", runs=tmp_path)
    assert done.returncode == 6, done.stdout
    assert broken(tmp_path) == set()


def test_the_cap_ends_undecided(tmp_path: Path) -> None:
    with sandbox(*FAST) as url:
        done = pytest_run("--base-url", url, *CATALOGUE, "--max-requests", "20", runs=tmp_path)
    assert done.returncode == 6, done.stdout
    assert report(tmp_path)["requests"] == 20


def test_ctrl_c_leaves_a_report(tmp_path: Path) -> None:
    with sandbox("--limit", "5", "--window", "10") as url:
        process = started(pytest_command(tmp_path, "--base-url", url, *CATALOGUE, "--window", "10"))
        under_way(tmp_path)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=120)
    assert process.returncode == 2, said
    assert report(tmp_path)["verdict"] == "undecided"
    assert report(tmp_path)["reason"] == "interrupted"


def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    with stub(lambda _: (302, {"Location": "http://127.0.0.1:1/"}, b"")) as url:
        done = pytest_run("--base-url", url, *CATALOGUE, runs=tmp_path)
    assert done.returncode == 6, done.stdout
    assert report(tmp_path)["requests"] == 1
    assert "redirected" in done.stdout


@pytest.mark.parametrize(
    ("options", "key", "told"),
    [
        (("--base-url", "127.0.0.1:80"), "sandbox-key", "http://"),
        (("--base-url", "http://127.0.0.1/?a=1"), "sandbox-key", "query"),
        (("--base-url", "http://127.0.0.1/#a"), "sandbox-key", "fragment"),
        (("--base-url", "http://u:p@127.0.0.1/"), "sandbox-key", "credentials"),
        (("--base-url", "http://127.0.0.1:1"), "sandbox-key", "cannot be reached"),
        (("--base-url", "http://127.0.0.1:1"), None, "BSPK_API_KEY"),
        (("--base-url", "http://127.0.0.1:1"), "short", "8"),
        (("--base-url", "https://api.bspk.com"), "sandbox-key", "--allow-production"),
        (("--base-url", ""), "sandbox-key", "the base URL is empty"),
        (("--base-url", "http://127.0.0.1:1", "--now", "9999-01-01T00:00:00Z"), "sandbox-key", "in the future"),
        (("--base-url", "http://127.0.0.1:1", "--ca-bundle", str(CATALOGUE[1])), "sandbox-key", "no certificates"),
        (("--base-url", "http://127.0.0.1:1", "--catalogue", "/nowhere.csv"), "sandbox-key", "/nowhere.csv"),
        (("--restore", "/nowhere.csv"), None, "--restore /nowhere.csv cannot be read"),
        (("--restore", str(CATALOGUE[1])), None, "record 1 has no quantity"),
        (("--now", "yesterday"), None, "'yesterday' is no moment such as"),
        (("-m", "nochapter"), None, "Unknown marker"),
        (("-k", "RES-6"), None, "choose a chapter, such as -m results"),
        (("-n", "2"), None, "leave out pytest-xdist's -n"),
        (("--max-requests", "1"), None, "preflight"),
        (("--depth", "odd"), None, "odd"),
        (("--window", "-1"), None, "--window"),
        (("--header", "nonsense"), None, "without a colon"),
        (("--baseline", "/nowhere.json"), None, "/nowhere.json"),
        (("--baseline-update",), None, "needs --baseline FILE"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_wrong_input_gets_one_clear_line(options: tuple[str, ...], key: str | None, told: str, tmp_path: Path) -> None:
    environment_free = [*options] if "--window" in options else ["--window", "1", *options]
    done = pytest_run(*environment_free, key=key, runs=tmp_path)
    assert done.returncode == 4, done.stdout
    assert told in done.stderr + done.stdout
    assert "Traceback" not in done.stderr + done.stdout
    assert not list(tmp_path.glob("*/history.jsonl")) or "cannot be reached" in told
    assert "sandbox-key" not in done.stderr + done.stdout


def test_a_pytest_of_another_python_is_told_so_in_a_line() -> None:
    without = "import sys; sys.modules['msgspec'] = None; import pytest; sys.exit(pytest.main(['--promises']))"
    done = subprocess.run([sys.executable, "-c", without], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 4
    said = (done.stdout + done.stderr).strip()
    assert said.startswith("ERROR: this Python lacks")
    assert said.count("\n") == 0


def test_a_break_is_told_once_and_pytests_own_junit_has_it_too(tmp_path: Path) -> None:
    own = tmp_path / "own.xml"
    with sandbox(*FAST, "--defect", "created-201") as url:
        options = ("--depth", "quick", "--max-requests", "40", "--junitxml", str(own))
        done = pytest_run("--base-url", url, *CATALOGUE, *options, runs=tmp_path / "runs")
    assert done.returncode == 1, done.stdout
    assert done.stdout.count(f'"{ERR_1.quote}"') == 1
    assert "FAILURES" not in done.stdout
    assert "warning" not in done.stdout.rpartition("report:")[2]
    failures = {case.get("name") for case in ET.parse(own).iter("testcase") if case.find("failure") is not None}  # noqa: S314
    assert "test_promise[ERR-1]" in failures


@pytest.mark.parametrize("option", ["--fixtures", "--collect-only", "--setup-plan"])
def test_what_only_lists_sends_nothing(option: str, tmp_path: Path) -> None:
    done = pytest_run(option, "--base-url", "http://127.0.0.1:1", runs=tmp_path)
    assert done.returncode in (0, 5), done.stdout
    assert not list(tmp_path.iterdir())
