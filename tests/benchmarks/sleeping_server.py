"""A server that answers after a drawn time, and knows how long it took. `python -m tests.benchmarks.sleeping_server N`.

Prints its port; N is the number of records that every answer is for. When its standard input ends it prints the seconds
of every exchange, from its last byte read to its answer's first byte, as one JSON array.
"""

import json
import random
import socketserver
import sys
import threading
import time
from itertools import count

from tests.benchmarks.fixed_server import answer

MEDIAN_S, SPREAD = 0.02, 0.8  # of a log-normal: p99 is six times the median


class _Exchanges(socketserver.StreamRequestHandler):
    """One connection's requests, one after the other."""

    disable_nagle_algorithm = True
    records: int
    took_s: list[float]
    numbers = count(1)

    def handle(self) -> None:
        chance = random.Random(next(self.numbers))  # noqa: S311 — the same connections, the same times
        while line := self.rfile.readline():
            length = 0
            while line.strip():
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
                line = self.rfile.readline()
            self.rfile.read(length)
            began_s = time.monotonic()
            time.sleep(MEDIAN_S * chance.lognormvariate(0, SPREAD))
            whole = answer(self.records, next(self.numbers))
            self.took_s.append(time.monotonic() - began_s)
            self.wfile.write(whole)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 512


def serve(records: int) -> None:
    """Serve until standard input ends, then tell."""
    _Exchanges.records, _Exchanges.took_s = records, []
    with _Server(("127.0.0.1", 0), _Exchanges) as server:
        print(server.server_address[1], flush=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sys.stdin.read()
        server.shutdown()
    print(json.dumps(_Exchanges.took_s), flush=True)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
