"""The command of a finding sends the same again, and can do no harm."""

import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from contracts.exchanges.exchange import Request
from contracts.history.secrets import evaluate
from contracts.report.curl import curl
from tests.build import JSON


class Echo(BaseHTTPRequestHandler):
    """Keeps what it got."""

    got: list[tuple[str, str, dict[str, str], bytes]]

    def _take(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.got.append((self.command, self.path, dict(self.headers.items()), body))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_PUT = do_GET = do_DELETE = _take  # noqa: N815 — the library's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — the library's name
        """Says nothing."""


@pytest.fixture(scope="module")
def echo() -> Iterator[tuple[str, list[tuple[str, str, dict[str, str], bytes]]]]:
    Echo.got = []
    server = HTTPServer(("127.0.0.1", 0), Echo)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/base", Echo.got
    server.shutdown()
    server.server_close()
    thread.join()


SECRET = "a-key!of\"ours'$x"
COMMANDS = [
    ("plain", "POST", "Bearer $BSPK_API_KEY", JSON, b'{"inventories": []}'),
    ("quotes", "POST", "Bearer $BSPK_API_KEY", JSON, b'{"a": "it\'s \\"so\\" `ls` $HOME !x \\n"}'),
    ("an emoji", "POST", "Bearer $BSPK_API_KEY", JSON, '{"a": "😀 Größe"}'.encode()),
    ("lines", "POST", "Bearer $BSPK_API_KEY", JSON, b'{\n  "a": 1\n}\n'),
    ("NUL and bytes", "POST", "Bearer $BSPK_API_KEY", JSON, bytes(range(256)) + b"\\0101%s'7"),
    ("a tab and an escape", "POST", "Bearer $BSPK_API_KEY", JSON, b"\t\x1b[2J"),
    ("a name of a file", "POST", "Bearer $BSPK_API_KEY", JSON, b"@/etc/hostname"),
    ("more than an argument holds", "POST", "Bearer $BSPK_API_KEY", JSON, b'"%s\'"' % (b"x" * 200_000)),
    ("no body", "POST", "Bearer $BSPK_API_KEY", JSON, b""),
    ("no Authorization", "POST", None, JSON, b"{}"),
    ("an empty one", "POST", "", JSON, b"{}"),
    ("a near miss", "POST", "Bearer ${BSPK_API_KEY%?}", JSON, b"{}"),
    ("a near miss among signs", "POST", "Bearer ${BSPK_API_KEY%?}!", JSON, b"{}"),
    ("a slice", "POST", "Bearer ${BSPK_API_KEY:0:4}~${BSPK_API_KEY:5}", JSON, b"{}"),
    ("turned round", "POST", 'Bearer $(printf %s "$BSPK_API_KEY" | rev)', JSON, b"{}"),
    ("other case", "POST", "Bearer ${BSPK_API_KEY~~}", JSON, b"{}"),
    ("two spaces", "POST", "Bearer  $BSPK_API_KEY", JSON, b"{}"),
    ("no media type", "POST", "Bearer $BSPK_API_KEY", (), b"{}"),
    ("another method", "PUT", "Bearer $BSPK_API_KEY", JSON, b"{}"),
    ("no body, another method", "DELETE", "Bearer $BSPK_API_KEY", (), b""),
]


@pytest.mark.parametrize(("method", "authorization", "headers", "body"), [case[1:] for case in COMMANDS],
                         ids=[case[0] for case in COMMANDS])  # fmt: skip
def test_the_command_sends_the_same_again(
    echo: tuple[str, list[tuple[str, str, dict[str, str], bytes]]],
    method: str,
    authorization: str | None,
    headers: tuple[tuple[str, str], ...],
    body: bytes,
) -> None:
    base_url, got = echo
    own = () if authorization is None else (("Authorization", authorization),)
    command = curl(base_url, Request(method, "/a/b?c=[d]&e={f}", (*headers, ("Host", "elsewhere"), *own), body))
    subprocess.run(["bash"], input=command.encode(), env={"BSPK_API_KEY": SECRET, "PATH": "/usr/bin:/bin"}, check=True,
                   capture_output=True, timeout=120)  # fmt: skip
    sent_method, path, sent, sent_body = got[-1]
    assert (sent_method, path, sent_body) == (method, "/base/a/b?c=[d]&e={f}", body)
    assert sent.get("Content-Type") == (headers[0][1] if headers else None)
    expected = None if authorization is None else evaluate(authorization, SECRET).strip()
    assert sent.get("Authorization") == expected


@pytest.mark.parametrize(
    "hostile", ["Bearer $(id)", "Bearer `id`", "Bearer ${BSPK_API_KEY:$(id)}", "Bearer $HOME", 'Bearer "; id; "']
)
def test_a_history_cannot_make_the_reader_run_anything(hostile: str) -> None:
    assert f"'Authorization: {hostile}'" in curl("http://h", Request("POST", "/", (("Authorization", hostile),), b""))


# The terminal
