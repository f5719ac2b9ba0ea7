"""A real mock, Prism, serves this very document: what the harness says of it. It answers whatever is asked the same.

`python -m tests.benchmarks.prism`: installs it by npm into a folder of its own, runs `pytest` against it on loopback,
and exits 0 where it was judged broken by the promises named here. Needs node and npm; reaches npm's registry.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from contracts.run.target import SANDBOX_CATALOGUE

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "@stoplight/prism-cli@5.16.0"
MUST_BREAK = {"AUTH-1", "RATE-3", "RES-3", "RES-4"}  # no key is known to it, no header sent, one example for all


def main() -> int:
    """Install, serve, judge."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        print("Prism needs node and npm, and there are none here")
        return 4
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        install = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", PACKAGE]
        subprocess.run(install, cwd=folder, check=True, timeout=600)
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = int(free.getsockname()[1])
        serve = ["node", "node_modules/.bin/prism", "mock", "-h", "127.0.0.1", "-p", str(port)]
        document = str(ROOT / "openapi" / "platform_v1.yaml")
        with subprocess.Popen([*serve, document], cwd=folder, stdout=subprocess.DEVNULL) as prism:
            try:
                _wait_for(port)
                return _judge(port, folder)
            finally:
                prism.terminate()


def _wait_for(port: int) -> None:
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("Prism does not listen after 30 s")


def _judge(port: int, folder: Path) -> int:
    command = [sys.executable, "-m", "pytest", "-q", "--base-url", f"http://127.0.0.1:{port}", "--depth", "quick"]
    command += ["--catalogue", str(SANDBOX_CATALOGUE), "--runs-dir", str(folder / "runs"), "--max-requests", "200"]
    environment = {**os.environ, "BSPK_API_KEY": "a-key-for-a-mock", "NO_PROXY": "127.0.0.1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600, check=False)
    document = json.loads((folder / "runs" / "latest" / "report.json").read_text())
    broken = {row["id"] for row in document["promises"] if row["verdict"] == "broken"}
    print(f"{PACKAGE}: {document['verdict']}, exit {done.returncode}, broken: {' '.join(sorted(broken))}")
    if missing := MUST_BREAK - broken:
        print(f"not found broken: {' '.join(sorted(missing))}")
    return 0 if done.returncode == 1 and not missing else 1


if __name__ == "__main__":
    sys.exit(main())
