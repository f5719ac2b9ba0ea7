"""Fetches the few exchanges that a report shows out of histories that may be large. Writes nothing."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from contracts.exchanges.exchange import Exchange
from contracts.history.lines import ExchangeLine, decode, read_exchange

SHOWN = 3  # exchanges of one finding: its last


class _Numbered(msgspec.Struct):
    """A line of a history as far as it must be read to pass it over."""

    seq: int = -1


def shown(witness: list[int]) -> list[int]:
    """Which exchanges of a witness stand in the page: all of a short one, the last of a long one."""
    return witness if len(witness) <= SHOWN else witness[-1:]


def fetch(folder: Path, document: Mapping[str, Any]) -> dict[int, Exchange]:
    """By seq, from this run's history and those of its load scenarios; what is not there is left out."""
    wanted = {
        seq for row in document["promises"] for finding in row["findings"][:1] for seq in shown(finding["witness"])
    }
    paths = [folder / "history.jsonl", *sorted(folder.glob("loadtests/*/history.jsonl"))] if wanted else []
    return {exchange.seq: exchange for path in paths if path.is_file() for exchange in _wanted(path, wanted)}


def _wanted(path: Path, wanted: set[int]) -> Iterator[Exchange]:
    peek = msgspec.json.Decoder(_Numbered)
    with path.open("rb") as file:
        for raw in file:
            try:
                line = decode(raw) if peek.decode(raw).seq in wanted else None
            except ValueError:  # a last line that broke off
                continue
            if isinstance(line, ExchangeLine):
                yield read_exchange(line)
