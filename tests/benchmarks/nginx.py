"""nginx as the server of a benchmark: one worker, one answer, different in one property each time. Measures nothing.

It reads and drops the request, and tells both rate headers; Remaining stands still, which no single exchange can show.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.fixed_server import results

HELP = "nginx is not on the PATH: install it (Debian: apt-get install nginx-light), or give --server python"
_PIECE = 3000  # bytes: nginx takes no parameter of more than 4,096
_CONFIGURATION = """
daemon off; master_process off; worker_processes 1; pid {folder}/pid; error_log stderr error;
events {{ worker_connections 512; }}
http {{
    access_log off; keepalive_requests 1000000000; client_max_body_size 0; tcp_nodelay on;
    client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
    uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
    server {{
        listen 127.0.0.1:{port};
        default_type application/json;
        {pieces}
        location / {{
            add_header X-RateLimit-Limit 999999999;
            add_header X-RateLimit-Remaining 999999998;
            return 200 '{{"status":"done","request_id":"$request_id","results":[{results}]}}';
        }}
    }}
}}
"""


def configuration(folder: Path, port: int, records: int, messages: bool) -> str:
    """An answer for so many records, put together from variables since it is too long for one parameter."""
    listed = results(records, messages)
    pieces = [listed[k : k + _PIECE] for k in range(0, len(listed), _PIECE)]
    set_pieces = " ".join(f"set $piece{k} '{piece}';" for k, piece in enumerate(pieces))
    names = "".join(f"${{piece{k}}}" for k in range(len(pieces)))
    return _CONFIGURATION.format(folder=folder, port=port, pieces=set_pieces, results=names)


@contextmanager
def nginx(records: int, messages: bool = False) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Its base URL and its process. Raises SystemExit where there is no nginx."""
    binary = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if binary is None:
        raise SystemExit(HELP)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "nginx.conf"
        file.write_text(configuration(Path(name), port, records, messages))
        with subprocess.Popen([binary, "-c", str(file)], text=True) as process:
            try:
                _wait_for(port, process)
                yield f"http://127.0.0.1:{port}", process
            finally:
                process.terminate()


def _wait_for(port: int, process: subprocess.Popen[str]) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            assert process.poll() is None, "nginx did not start; what it said stands above"
            time.sleep(0.05)
        else:
            return
    raise TimeoutError("nginx does not answer")
