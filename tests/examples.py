"""For every promise the smallest history of the tests that breaks it: `python -m tests.examples` writes them anew.

`contracts.explain` shows them; a test holds that each is what is written here, and that the judge finds the breach.
"""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from contracts.exchanges.exchange import Exchange
from contracts.history.writer import HistoryWriter
from openapi.ledger import LEDGER
from tests.build import FACTS, answer, asked, error, numbered, ok, record, reply
from tests.test_rules import TABLE

FOLDER = Path(__file__).resolve().parent.parent / "contracts" / "examples"


def _told(limit: int, *lefts: int) -> list[Exchange]:
    """Requests 10 ms apart, all let in, each told what remains."""
    return [
        asked([record(number)], answer(200, reply(ok(0)), limit=limit, left=left)) for number, left in enumerate(lefts)
    ]


# Those that need a limiter's whole behaviour, and one that the tables show by an update as well.
BY_HAND = {
    "RATE-1": _told(3, 2, 1, 0, 0, 0, 0, 0),
    "RATE-4": _told(100, *range(99, 78, -2)),
    "RES-7": [
        asked([record(0)], answer(200, reply(ok(0)), left=99)),
        asked([record(1), record(2)], answer(200, reply([*ok(0), error(1)]), left=98)),
    ],
}


def example(promise: str) -> Sequence[Exchange]:
    """The history that breaks fewest other promises, and of these the shortest; none for what no rule can break."""
    if promise in BY_HAND:
        return numbered(BY_HAND[promise])
    rows = [(len(broken), len(exchanges), exchanges) for _, exchanges, broken in TABLE if promise in broken]
    return numbered(min(rows, key=lambda row: row[:2])[2]) if rows else ()


def main() -> None:
    """Write one history a promise."""
    FOLDER.mkdir(exist_ok=True)
    for promise in LEDGER:
        if promise.unruled is None:
            with TemporaryDirectory() as aside:  # a run's other files are none of ours
                path = Path(aside) / "history.jsonl"
                writer = HistoryWriter(path, FACTS, None)
                for exchange in example(promise.id):
                    writer.append(exchange)
                writer.close()
                (FOLDER / f"{promise.id}.jsonl").write_bytes(path.read_bytes())


if __name__ == "__main__":
    main()
