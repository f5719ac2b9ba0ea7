"""Requests a second of one process on one core: the harness, judging every answer, beside stock Locust, judging none.

`python -m tests.benchmarks.throughput` prints one table. Both press the same nginx on another core by turns, whose
answers differ in one property each time; of the rounds the median is told. Results without a message are compared with
the text due, those with one are decoded, each time. wrk is added where installed. Where there is no nginx,
`--server python` takes a server of our own: it is slower than the harness, so that the ratio comes out lower.
"""

import argparse
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

from contracts.run.target import ROOT
from tests.benchmarks import pages
from tests.benchmarks.children import PATH, harness, locust, served
from tests.benchmarks.nginx import nginx

# What one writes with Locust alone; as text, since whoever imports Locust has his process patched.
STOCK_USER = """
import os

from locust import FastHttpUser, task

RECORDS = int(os.environ["RECORDS"])
BATCH = {
    "inventories": [
        {
            "product_ref": f"prd-{k}",
            "sku": f"sku-{k}",
            "quantity": 1 + k % 500,
            "store_ref": "str1",
            "at": "2026-06-01T12:00:00Z",
        }
        for k in range(RECORDS)
    ]
}


class Stock(FastHttpUser):

    @task
    def push(self) -> None:
        self.client.post(
            "/api/platform/v1/products/inventories/batches",
            json=BATCH,
            headers={"Authorization": "Bearer benchmark-key"},
        )
"""
# Put beside either: requests, seconds of the core and of the clock, from a second after the last user's start, when all
# are connected, but not before each has sent ten (by then the first faulty batches are over), to the end of the test.
METER = """
import json
import os
import time

import gevent
from locust import events


@events.init.add_listener
def meter(environment, **_) -> None:
    gevent.get_hub().loop.update_now()  # the run's time begins now, not before the imports

    def now():
        return environment.stats.num_requests, time.process_time(), time.monotonic()

    def begin() -> None:
        gevent.sleep(1)
        while environment.stats.num_requests < 10 * environment.runner.user_count:
            gevent.sleep(0.05)
        environment.began = now()

    events.spawning_complete.add_listener(lambda **_: gevent.spawn(begin))

    @events.test_stopping.add_listener
    def end(**_) -> None:
        used = [after - before for after, before in zip(now(), environment.began)]
        with open(os.environ["METER"], "w") as file:
            json.dump([environment.stats.num_failures, *used], file)
"""
USERS = 16
SIZES = (10, 1000)
NAME = "throughput"  # of its place in docs/load.md
MEASURED = tuple(f"loadtests/wire/{name}.py" for name in ("wire", "connection", "reply", "plain", "batches", "keeping"))
HEAD = (
    "| records | harness | FastHttpUser | ratio | harness, by the clock | FastHttpUser | ratio | wrk |",
    "|---|---|---|---|---|---|---|---|",
)
Server = Callable[[int, bool], AbstractContextManager[tuple[str, subprocess.Popen[str]]]]
SERVERS: dict[str, Server] = {
    "nginx": nginx,
    "python": lambda records, messages: served("fixed_server", records, *(["messages"] if messages else [])),
}


class Pace(NamedTuple):
    """Requests a second of the process's own time on a core, and a second by the clock."""

    of_core: float
    of_clock: float


def judged(base_url: str, records: int, seconds: int) -> Pace:
    """Flood of the harness, every answer judged."""
    with tempfile.TemporaryDirectory() as name, metered(Path(name)) as (meter, environment, pace):
        files = ["-f", f"{ROOT / 'loadtests' / 'locustfile.py'},{meter}"]
        load = harness("Flood", Path(name), base_url, USERS, seconds, records, *files, more=environment)
        # The server takes the rare batch with a faulty record for a good one: those are found, and no others.
        assert load["failed"] == 0
        assert 0 < load["wrong"] <= 4 + 0.01 * load["sent"]
        return pace()


def stock(base_url: str, records: int, seconds: int) -> Pace:
    """FastHttpUser with `json=`, not judged."""
    with tempfile.TemporaryDirectory() as name, metered(Path(name)) as (meter, environment, pace):
        user = Path(name) / "stock.py"
        user.write_text(STOCK_USER)
        locust(["-f", f"{user},{meter}"], base_url, USERS, seconds, {**environment, "RECORDS": str(records)})
        return pace()


@contextmanager
def metered(folder: Path) -> Iterator[tuple[Path, dict[str, str], Callable[[], Pace]]]:
    """The meter's file for Locust, what it needs of the environment, and how to read it."""
    meter, told = folder / "meter.py", folder / "meter.json"
    meter.write_text(METER)

    def pace() -> Pace:
        failures, requests, core_s, clock_s = json.loads(told.read_text())
        assert failures == 0, failures
        return Pace(requests / core_s, requests / clock_s)

    yield meter, {"METER": str(told)}, pace


def wrk(base_url: str, records: int, seconds: int) -> float | None:
    """wrk, where it is installed: ready bytes, nothing read."""
    if shutil.which("wrk") is None:
        return None
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        body = json.dumps({"inventories": [{"product_ref": f"prd-{k}", "sku": f"sku-{k}"} for k in range(records)]})
        script.write(f"wrk.method='POST'; wrk.body=[[{body}]]")
        script.flush()
        command = ["wrk", "-t1", f"-c{USERS}", f"-d{seconds}s", "-s", script.name, base_url + PATH]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return float(said.partition("Requests/sec:")[2].split()[0])


def pin(server: subprocess.Popen[str]) -> None:
    """The server on one core, whatever this process starts on another; a machine with one core has them share it."""
    first, *others = sorted(os.sched_getaffinity(server.pid))
    os.sched_setaffinity(server.pid, {first})
    os.sched_setaffinity(0, others or {first})


def row(serve: Server, records: int, messages: bool, seconds: int, rounds: int) -> str:
    """One row of the table: medians, and of the ratios of each round the range too."""
    cores = os.sched_getaffinity(0)
    with serve(records, messages) as (base_url, process):
        pin(process)
        try:
            pairs = [(judged(base_url, records, seconds), stock(base_url, records, seconds)) for _ in range(rounds)]
            raw = wrk(base_url, records, seconds)
        finally:
            os.sched_setaffinity(0, cores)
    cells = [f"{records:,}{', each with a message' if messages else ''}"]
    for pace in range(2):
        ours, theirs = ([side[pace] for side in sides] for sides in zip(*pairs, strict=True))
        ratios = [one / other for one, other in zip(ours, theirs, strict=True)]
        ratio = f"{median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})"
        cells += [f"{median(ours):,.0f}", f"{median(theirs):,.0f}", ratio]
    return f"| {' | '.join(cells)} | {'not installed' if raw is None else f'{raw:,.0f}'} |"


def ratios(table: str) -> list[str]:
    """How many times FastHttpUser's requests, a row of the table each."""
    return [line.split("|")[4].split()[0] for line in table.splitlines()[len(HEAD) :]]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.throughput", description=__doc__)
    parser.add_argument("--server", choices=SERVERS, default="nginx", help="what is pressed (default nginx)")
    parser.add_argument("--records", type=int, nargs="+", default=SIZES, metavar="N", help="(default 10 1000)")
    parser.add_argument("--seconds", type=int, default=6, help="of each run (default 6)")
    parser.add_argument("--rounds", type=int, default=3, help="of each pair (default 3)")
    parser.add_argument("--publish", action="store_true", help="put the table in docs/load.md")
    options = parser.parse_args()
    lines = [*HEAD]
    print(*lines, sep="\n")
    for messages in (False, True):
        for records in options.records:
            lines.append(row(SERVERS[options.server], records, messages, options.seconds, options.rounds))
            print(lines[-1], flush=True)
    if options.publish:
        pages.put(NAME, "\n".join(lines), MEASURED)


if __name__ == "__main__":
    main()
