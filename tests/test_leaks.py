"""A canary for a key, and a server that shouts it back in every form: it stands in nothing that a run leaves behind."""

import base64
import html
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import urlopen

import pytest

from contracts.history.secrets import Secret
from contracts.run.leaks import failed, leaks
from tests.test_loadtests import started, wait_for

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = ROOT / "sandbox" / "catalogue.csv"
CANARY = 'Canary/7f+3a"9c&21<Zz>5q%41'
SECRET = Secret(CANARY)

FORMS: dict[str, Callable[[str], str]] = {
    "plain": lambda key: key,
    "other cases": lambda key: f"{key.swapcase()} {key.upper()} {key.lower()}",
    "in a URL": lambda key: f"{quote(key)} {quote(key, safe='')} {quote(quote(key, safe=''), safe='%')}",
    "in JSON": lambda key: f"{json.dumps(key)} {json.dumps(key).replace('/', chr(92) + '/')}",
    "in HTML": html.escape,
    "base64": lambda key: " ".join(base64.b64encode(b"x" * n + key.encode() + b"yz").decode() for n in range(3)),
    "base64 for URLs": lambda key: base64.urlsafe_b64encode(f"id:{key}".encode()).decode(),
    "backwards": lambda key: key[::-1],
    "less an end": lambda key: f"{key[:-1]} {key[1:]}",
}


class Shouter(BaseHTTPRequestHandler):
    """Answers with all that it was sent as a key: in headers, in messages, in redirects, in no form of HTTP at all."""

    protocol_version = "HTTP/1.1"
    count = 0

    def do_POST(self) -> None:
        sent = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"null")
        records = sent.get("inventories", []) if isinstance(sent, dict) else []
        token = self.headers.get("Authorization", "Bearer ").removeprefix("Bearer ")
        shouts = [form(token) for form in FORMS.values()]
        Shouter.count += 1
        results = [
            {"index": index, "status": "warning", "message": " ".join(shouts), token or "x": shouts[1]}
            for index in range(len(records) if isinstance(records, list) else 0)
        ]
        body = json.dumps({"status": " ".join(shouts), "results": results}).encode()
        self.send_response(307 if Shouter.count % 7 == 0 else 200, token)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-RateLimit-Limit", "1000" if Shouter.count % 5 else token or "none")
        self.send_header("X-RateLimit-Remaining", "500")
        self.send_header("Location", f"http://127.0.0.1:9/?key={quote(token, safe='')}")
        for number, shout in enumerate(shouts):
            self.send_header(f"X-Echo-{number}", shout)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def shouter() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shouter)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@contextmanager
def command_lines() -> Iterator[set[bytes]]:
    """Of every process there is meanwhile."""
    seen: set[bytes] = set()
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(0.1):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    seen.add(path.read_bytes())
                except OSError:
                    continue

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()


def left_in_the_project(since_s: float) -> Iterator[Path]:
    """What was written below the project's root meanwhile: caches and examples."""
    for name in (".hypothesis", ".pytest_cache", ".schemathesis", ".runs"):
        for path in (ROOT / name).rglob("*"):
            if path.is_file() and path.stat().st_mtime >= since_s:
                yield path


def told_by(url: str, form: bytes | None = None) -> tuple[bytes, bytes]:
    """The head and the body of its answer, whatever the status."""
    try:
        answer = urlopen(url, form, timeout=30)  # noqa: S310 — loopback
    except HTTPError as refusal:
        answer = refusal
    with answer:
        return str(answer.headers).encode(), answer.read()


COMMANDS = {
    "pytest": ("pytest --base-url URL -vv --showlocals --junit-xml RUNS/junit.xml", 1),
    "a crash below everything": ("pytest -p crash --base-url URL -x --tb long -vv --showlocals --full-trace", 1),
    "Ctrl-C below everything": ("pytest -p crash --base-url URL --tb long -vv --showlocals --full-trace", 2),
    "locust": ("locust Stampede --headless -H URL -t 8 --html RUNS/locust.html --csv RUNS/locust --csv-full-history "
               "--json --logfile RUNS/locust.log --loglevel DEBUG", 1),
    "locust's workers": ("locust Flood --headless -H URL -t 4 --processes 2 --logfile RUNS/locust.log "
                         "--loglevel DEBUG", 1),
}  # fmt: skip
CRASH = """
from contracts.wire.attempt import _StrictResponse
begin, answers = _StrictResponse.begin, iter(range(99))
def crash(self):
    if next(answers) > 5:
        raise {error}("in the midst of an answer")
    begin(self)
_StrictResponse.begin = crash
"""


@pytest.mark.parametrize("command", COMMANDS)
def test_a_shouted_key_is_nowhere(command: str, shouter: str, tmp_path: Path) -> None:
    Shouter.count = 0
    began_s = time.time()
    runs = tmp_path / "runs"
    runs.mkdir()
    line, code = COMMANDS[command]
    (tmp_path / "crash.py").write_text(CRASH.format(error="KeyboardInterrupt" if code == 2 else "RuntimeError"))
    given = line.replace("URL", shouter).replace("RUNS", str(runs)).split()
    options = ["--catalogue", str(CATALOGUE), "--runs-dir", str(runs), "--max-requests", "40", "--window", "1"]
    environment = {**os.environ, "BSPK_API_KEY": CANARY, "NO_PROXY": "127.0.0.1", "PYTHONPATH": str(tmp_path)}
    environment |= {"PYTEST_DEBUG": "1"} if "crash" in command else {}
    with command_lines() as seen:
        done = subprocess.run(
            [sys.executable, "-m", *given, *options], cwd=ROOT, env=environment, capture_output=True, timeout=120,
            check=False,
        )  # fmt: skip
    assert done.returncode == code, done.stdout.decode() + done.stderr.decode()
    assert b"the API key stands" not in done.stdout
    assert leaks(runs, SECRET) == []
    assert any(path.name == "history.jsonl" for path in runs.rglob("*"))
    for said in (done.stdout, done.stderr, *seen, *(path.read_bytes() for path in left_in_the_project(began_s))):
        assert not SECRET.stands_in(said), said[:2000]


@pytest.mark.parametrize("form", FORMS)
def test_a_leak_is_found_and_not_shown(form: str, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "worker.log").write_text(f"token: {FORMS[form](CANARY)}\n")
    (tmp_path / "innocent.txt").write_text("$BSPK_API_KEY, ${BSPK_API_KEY%?} and a sandbox-key\n")
    found = leaks(tmp_path, SECRET)
    assert found == ["deep/worker.log"]
    document = failed({"verdict": "held", "reason": None, "requests": 3}, found)
    assert (document["verdict"], document["requests"]) == ("broken", 3)
    assert "deep/worker.log" in document["reason"]
    assert not SECRET.stands_in(json.dumps(document).encode())


def test_a_leak_on_the_edge_of_a_piece_is_found(tmp_path: Path) -> None:
    edge = 4 * 1024 * 1024
    for before in (edge - 3, edge - 1):
        (tmp_path / "big").write_bytes(b"." * before + CANARY.encode() + b"." * 99)
        assert leaks(tmp_path, SECRET) == ["big"]


def test_a_run_that_leaked_has_failed(tmp_path: Path) -> None:
    """A child's log holds the key: exit 1, and a line that says so."""
    conftest = tmp_path / "plant.py"
    conftest.write_text(
        "import pytest\n"
        "from contracts.display import HARNESS\n"
        "@pytest.hookimpl(tryfirst=True)\n"
        "def pytest_sessionfinish(session):\n"
        "    harness = session.config.stash[HARNESS]\n"
        "    (harness.folder / 'child.log').write_text(harness.secret.reveal())\n"
    )
    command = [sys.executable, "-m", "pytest", "-p", "plant", "--depth", "quick", "-k", "past_moments or promise"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "NO_PROXY": "127.0.0.1"}
    done = subprocess.run(
        [*command, "--runs-dir", str(tmp_path / "runs")], cwd=ROOT, env=environment, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout
    assert "the API key stands in what this run wrote (child.log)" in done.stdout
    assert "sandbox-key" not in done.stdout
    assert json.loads((tmp_path / "runs" / "latest" / "report.json").read_text())["verdict"] == "broken"


ROUTES = """
import json
from locust import events
@events.init.add_listener
def tell(environment, **_):
    app = environment.web_ui.app
    app.add_url_rule("/routes", "routes", lambda: json.dumps([str(rule) for rule in app.url_map.iter_rules()]))
"""
NO_PAGES = {"/static/<path:filename>", "/assets/<path:path>", "/swarm", "/stop", "/stats/reset"}  # files, and deeds
PAGES = {"/", "/stats/requests", "/stats/report", "/exceptions", "/logs", "/harness/figures", "/harness/report"}


def test_no_page_of_the_web_ui_shows_it(shouter: str, tmp_path: Path) -> None:
    """Whatever Locust's server can be asked for, its downloads and our pages too, while a test runs and after it."""
    (tmp_path / "routes.py").write_text(ROUTES)
    port = 20_000 + os.getpid() % 1_000
    given = ["--web-port", str(port), "-f", f"loadtests/locustfile.py,{tmp_path}/routes.py", "--csv-full-history"]
    given += ["--csv", str(tmp_path / "stats"), "--runs-dir", str(tmp_path), "--catalogue", str(CATALOGUE)]
    form = {"user_classes": "Stampede", "user_count": 4, "spawn_rate": 4, "run_time": "3s", "host": shouter}
    address = f"http://127.0.0.1:{port}"
    with started(*given, "--window", "1", key=CANARY) as process:
        pages = {*json.loads(wait_for(f"{address}/routes"))} - NO_PAGES
        assert pages > PAGES
        told_by(f"{address}/swarm", urlencode(form).encode())
        until_s, verdict = time.monotonic() + 60, None
        while verdict is None:
            assert time.monotonic() < until_s
            verdict = json.loads(told_by(f"{address}/harness/figures")[1])["verdict"]
            for page in pages:
                for said in told_by(address + page):
                    assert not SECRET.stands_in(said), (page, said[:2000])
            time.sleep(0.2)
        assert b"$BSPK_API_KEY" in told_by(f"{address}/harness/report")[1]  # it was shouted, and struck out
    assert verdict == "broken"
    printed = "".join(process.communicate())
    assert "verdict: broken" in printed
    assert not SECRET.stands_in(printed.encode())
    assert leaks(tmp_path, SECRET) == []
