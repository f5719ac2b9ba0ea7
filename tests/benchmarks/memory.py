"""What a million exchanges leave in memory and on disk: the keeper of a flood, fed with answers without a network.

`python -m tests.benchmarks.memory` prints one table: resident memory at its highest so far, and the files, after ever
more exchanges, and what reading them for the figures takes on top. One answer in a hundred thousand is wrong.
"""

import argparse
import resource
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from contracts.history import rows
from contracts.history.rows import RIGHT, LoadRow
from contracts.history.secrets import Secret
from contracts.history.story import RunFacts
from contracts.history.writer import HistoryWriter
from loadtests.figures.figures import Generator, figures
from loadtests.wire.batches import Share
from loadtests.wire.keeping import Keeper, Sending
from loadtests.wire.reply import Reply
from loadtests.wire.wire import shown_headers
from tests.benchmarks import pages
from tests.benchmarks.fixed_server import answer

RECORDS, USERS, PER_S = 10, 16, 10_000
WRONG_EVERY = 100_000
BEGAN = datetime(2026, 6, 1, tzinfo=UTC)
NOW_US = int(BEGAN.timestamp()) * 10**6 + 10**12
MB = 1024 * 1024
NAME = "memory"  # of its place in docs/load.md
MEASURED = (
    "loadtests/wire/keeping.py",
    "loadtests/figures/figures.py",
    "contracts/history/rows.py",
    "contracts/history/writer.py",
)


def shares() -> list[Share]:
    """One for each user, none with a reference of another's."""
    known = [[(f"prd-{k}", f"sku-{k}", f"str{user}") for k in range(RECORDS)] for user in range(USERS)]
    return [Share(own, lambda length: b"POST\r\nContent-Length: %d\r\n\r\n" % length, BEGAN) for own in known]


def sending(number: int, mine: Share) -> Sending:
    """The `number`-th exchange of a flood at 10,000 a second."""
    head, _, body = answer(RECORDS, number).partition(b"\r\n\r\n")
    headers = [(name, value.strip()) for name, _, value in (line.partition(b":") for line in head.splitlines()[1:])]
    wrong, sent_s = number % WRONG_EVERY == 1, number / PER_S
    row = LoadRow(number, sent_s, sent_s, sent_s + 0.002 + number % 997 * 1e-5, 200)
    row.flags, row.limit, row.remaining = RIGHT * (not wrong), 999_999_999, 999_999_999 - number
    row.records = row.accepted = RECORDS
    row.body_bytes = len(body)
    reply = Reply(200, headers, body.replace(b'"index":0', b'"index":9') if wrong else body)
    return Sending(row, mine.batch(RECORDS), mine.next_at(NOW_US), "flood", reply)


def resident() -> float:
    """The most memory that this process ever had resident, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def line(words: str, folder: Path, before: float) -> str:
    """One row of the table."""
    rows_mb = (folder / rows.NAME).stat().st_size / MB
    history_mb = (folder / "history.jsonl").stat().st_size / MB
    more = (resident() - before) / MB
    return f"| {words} | {resident() / MB:.0f} MB | +{more:.0f} MB | {rows_mb:.1f} MB | {history_mb:.1f} MB |"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.memory", description=__doc__)
    parser.add_argument("--exchanges", type=int, default=1_000_000, help="in all (default 1,000,000)")
    parser.add_argument("--publish", action="store_true", help="put the table in docs/load.md")
    options = parser.parse_args()
    most = options.exchanges
    with tempfile.TemporaryDirectory() as name:
        folder, mine = Path(name), shares()
        known = tuple(reference for share in mine for reference in share.references)
        facts = RunFacts("http://target.test", "0" * 64, 0, BEGAN, 10.0, known, "Flood")
        history = HistoryWriter(folder / "history.jsonl", facts, Secret("benchmark-key"))
        keeper = Keeper(folder, history, "Flood", shown_headers(()), keep_all=False)
        before = resident()
        lines = [
            "| exchanges | memory | of which since the first | rows.bin | history.jsonl |",
            "|---|---|---|---|---|",
        ]
        print(*lines, sep="\n")
        for number in range(1, most + 1):
            keeper.note(sending(number, mine[number % USERS]))
            if number in (1_000, most // 10, most):
                keeper.flush()
                lines.append(line(f"{number:,}", folder, before))
                print(lines[-1], flush=True)
        keeper.close()
        history.close()
        told = figures(rows.read_rows(folder / rows.NAME), Generator(USERS))
        assert told["sent"] == most, told["sent"]
        lines.append(line("read for the figures", folder, before))
        print(lines[-1])
    if options.publish:
        pages.put(NAME, "\n".join(lines), MEASURED)
    return 0


if __name__ == "__main__":
    sys.exit(main())
