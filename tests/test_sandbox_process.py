"""The sandbox as a process of its own: what it prints, how it ends, what a wire sees of it, what survives its death."""

import contextlib
import itertools
import json
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path

import pytest

from sandbox.__main__ import main
from sandbox.catalogue import load_catalogue
from sandbox.defects import DEFECTS
from sandbox.dialects import DIALECTS
from sandbox.limiter import LIMITERS
from sandbox.settings import PATH
from sandbox.store import Store

CATALOGUE = sorted(load_catalogue())
PATIENCE_S = 10.0


class Sandbox:
    """A running child; killed at the end of the test whatever happens."""

    def __init__(self, *arguments: str, stdin: int = subprocess.DEVNULL) -> None:
        command = [sys.executable, "-m", "sandbox", "--port", "0", *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=stdin, text=True)
        assert self.process.stdout is not None
        self.said = list(itertools.takewhile(lambda line: line != "ready", map(str.rstrip, self.process.stdout)))
        self.url = self.said[0].removeprefix("sandbox ")
        self.port = int(self.url.rpartition(":")[2])

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S)

    def client(self) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)

    def end(self) -> tuple[int, str]:
        """Exit status, and what was said on standard error."""
        _, stderr = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, stderr


@contextmanager
def running(*arguments: str, stdin: int = subprocess.DEVNULL) -> Iterator[Sandbox]:
    sandbox = Sandbox(*arguments, stdin=stdin)
    try:
        yield sandbox
    finally:
        sandbox.process.kill()
        sandbox.process.communicate()


def request(body: bytes, key: str = "sandbox-key") -> bytes:
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def batch(rows: list[tuple[str, str, str]], quantity: int, at: str = "2021-01-01T00:00:00Z") -> bytes:
    names = ("product_ref", "sku", "store_ref")
    records = [dict(zip(names, row, strict=True)) | {"quantity": quantity, "at": at} for row in rows]
    return json.dumps({"inventories": records}).encode()


def post(connection: HTTPConnection, body: bytes) -> tuple[HTTPResponse, bytes]:
    """The head of the answer, and its body."""
    connection.request("POST", PATH, body, {"Authorization": "Bearer sandbox-key"})
    answer = connection.getresponse()
    return answer, answer.read()


def everything(connection: socket.socket) -> bytes:
    """All bytes until the other side closes."""
    return b"".join(iter(lambda: connection.recv(65_536), b""))


def test_it_introduces_itself_and_the_curl_line_works() -> None:
    with running() as sandbox:
        first, catalogue, export, curl = sandbox.said
        assert first == f"sandbox http://127.0.0.1:{sandbox.port}"
        assert Path(catalogue.removeprefix("catalogue ")).is_file()
        done = subprocess.run(["bash", "-c", f"{export}\n{curl}"], capture_output=True, timeout=PATIENCE_S, check=True)
        assert json.loads(done.stdout)["results"] == [{"index": 0, "status": "ok"}]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(number: signal.Signals) -> None:
    with running("--defect", "hang-on-undated") as sandbox, closing(sandbox.connect()) as connection:
        connection.sendall(request(batch(CATALOGUE[:1], 1, at="never")))
        time.sleep(0.2)  # a request that would take ten minutes is under way
        sandbox.process.send_signal(number)
        assert sandbox.end() == (0, "")


def test_it_ends_with_its_standard_input() -> None:
    with running("--exit-with-stdin", stdin=subprocess.PIPE) as sandbox:
        assert sandbox.process.stdin is not None
        sandbox.process.stdin.close()
        sandbox.process.stdin = None
        assert sandbox.end() == (0, "")


WRONG = [
    (["--defect", "index-from-2"], "sandbox: no defect is called 'index-from-2'; perhaps index-from-1"),
    (
        ["--defect", "no-recovery", "--defect", "never-429"],
        "sandbox: it has one defect at a time: --defect no-recovery or never-429",
    ),
    (["--dialect", "klingon"], "sandbox: no dialect is called 'klingon'"),
    (["--limiter", "none"], "sandbox: no limiter is called 'none'"),
    (["--limit", "0"], "sandbox: a limit of 0 per 10.0 s is no allowance"),
    (["--window", "inf"], "sandbox: a limit of 100 per inf s is no allowance"),
    (["--window", "nan"], "sandbox: a limit of 100 per nan s is no allowance"),
    (["--limit", "many"], "sandbox: argument --limit: invalid int value: 'many'"),
    (["--port", "70000"], "sandbox: "),
    (["--database", "/nowhere/at/all.db"], "sandbox: the database /nowhere/at/all.db: unable to open database file"),
    (["--frobnicate"], "sandbox: unrecognized arguments: --frobnicate"),
]


def complaint(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What is said on standard error before exit 4; nothing else may be said."""
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    said = capsys.readouterr()
    assert (ended.value.code, said.out, said.err.count("\n")) == (4, "", 1)
    return said.err


@pytest.mark.parametrize(("arguments", "message"), WRONG)
def test_a_wrong_argument_is_one_line_and_exit_4(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert complaint(capsys, *arguments).startswith(message)


def test_a_taken_port_is_one_line_and_exit_4(capsys: pytest.CaptureFixture[str]) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = str(taken.getsockname()[1])
        assert complaint(capsys, "--port", port) == f"sandbox: port {port}: Address already in use\n"


def test_list_names_every_variant_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    named = [line.split()[:2] for line in capsys.readouterr().out.splitlines()]
    assert [name for kind, name in named if kind == "limiter"] == list(LIMITERS)
    assert [name for kind, name in named if kind == "dialect"] == list(DIALECTS)
    assert [name for kind, name in named if kind == "defect"] == list(DEFECTS)


def test_whoever_reads_the_list_may_leave(capsys: pytest.CaptureFixture[str]) -> None:
    """And whoever calls it is not changed by it: a process that no longer ignores SIGPIPE dies of a closed socket."""
    command = f"set -o pipefail; {shlex.quote(sys.executable)} -m sandbox --list | head -n 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    before = signal.getsignal(signal.SIGPIPE)
    main(["--list"])
    assert capsys.readouterr().out
    assert signal.getsignal(signal.SIGPIPE) is before


CUTS = [
    ("throttled-cut", batch(CATALOGUE[:1], 1), b""),
    ("crash-on-nested-object", b'{"inventories":[{"sku":{}}]}', b"HTTP/1.1 200 OK\r\n"),
    ("large-answer-cut", batch(CATALOGUE[:200], 1), b"HTTP/1.1 200 OK\r\n"),
]


@pytest.mark.parametrize(("defect", "body", "beginning"), CUTS)
def test_a_cut_connection_is_really_cut(defect: str, body: bytes, beginning: bytes) -> None:
    with running("--defect", defect, "--limit", "1") as sandbox, closing(sandbox.connect()) as connection:
        if defect == "throttled-cut":
            connection.sendall(request(body))
            assert connection.recv(65_536).startswith(b"HTTP/1.1 200 OK\r\n")
        connection.sendall(request(body))
        answer = everything(connection)
        assert answer.startswith(beginning)
        assert len(answer.partition(b"\r\n\r\n")[2]) <= 100
        with closing(sandbox.connect()) as another:  # the server itself lives on
            another.sendall(request(b"{}", key="sandbox-key-2"))
            assert another.recv(65_536).startswith(b"HTTP/1.1 422 ")


def test_an_honest_connection_is_kept() -> None:
    with running() as sandbox, closing(sandbox.client()) as connection:
        for left in ("99", "98", "97"):
            assert post(connection, batch(CATALOGUE[:2], 1))[0].headers["X-RateLimit-Remaining"] == left


HOSTILE = [b"\x16\x03\x01\x02", b"POST\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"A" * 100_000, request(b"{}")[:-1]]


def test_nonsense_on_the_wire_harms_nobody() -> None:
    with running() as sandbox:
        for nonsense in HOSTILE:
            with closing(sandbox.connect()) as connection:
                connection.sendall(nonsense)
            with closing(sandbox.connect()) as another:
                another.sendall(request(b"{}"))
                assert another.recv(65_536).startswith(b"HTTP/1.1 422 ")
        sandbox.process.terminate()
        assert sandbox.end() == (0, "")


@pytest.mark.parametrize("after_s", [0.03, 0.1, 0.17, 0.25])
def test_what_was_answered_survives_a_kill(tmp_path: Path, after_s: float) -> None:
    """Batches of one quantity each, counting up, are sent one after another until the server is killed."""
    database = str(tmp_path / "levels.db")
    rows = CATALOGUE[:100]
    answered = 0
    with running("--database", database, "--limit", "1000000") as sandbox, closing(sandbox.client()) as connection:
        threading.Timer(after_s, sandbox.process.kill).start()
        with contextlib.suppress(HTTPException, OSError):
            while post(connection, batch(rows, answered + 1))[0].status == 200:
                answered += 1
    with closing(Store(database)) as store:
        levels = store.levels()
    assert answered > 0
    assert [level[:3] for level in levels] == rows
    assert {level.quantity for level in levels} in (
        {answered},
        {answered + 1},
    )  # whole batches; the last, unanswered, or not


def test_a_hundred_kills_in_mid_batch(tmp_path: Path) -> None:
    """Each batch that was acknowledged is there, and none by half."""
    command = [sys.executable, "-m", "tests.kill_store", str(tmp_path / "levels.db")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("100 lives, ")


def test_a_body_beyond_the_bound_is_refused_and_not_kept(tmp_path: Path) -> None:
    head = f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer sandbox-key\r\n"
    with running("--database", str(tmp_path / "levels.db")) as sandbox:
        with closing(sandbox.connect()) as connection, contextlib.suppress(OSError):
            connection.sendall(f"{head}Content-Length: {1 << 30}\r\n\r\n".encode())
            for _ in range(64):  # megabytes of the gigabyte
                connection.sendall(bytes(1 << 20))
        used_kib = int(Path(f"/proc/{sandbox.process.pid}/statm").read_text().split()[1]) * 4
        assert used_kib < 200 * 1024
        with closing(sandbox.connect()) as another:
            another.sendall(request(b"{}"))
            assert another.recv(65_536).startswith(b"HTTP/1.1 422 ")


def test_two_lives_of_one_database(tmp_path: Path) -> None:
    """What the first process stored is what the second compares with."""
    database = str(tmp_path / "levels.db")
    told = []
    for at in ("2021-01-02T00:00:00Z", "2021-01-01T00:00:00Z"):
        with running("--database", database) as sandbox, closing(sandbox.client()) as connection:
            told += json.loads(post(connection, batch(CATALOGUE[:1], 1, at))[1])["results"]
    assert [result["status"] for result in told] == ["ok", "warning"]
