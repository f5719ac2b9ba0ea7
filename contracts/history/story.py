"""A run's history, read back: what run it was, its exchanges, what its drivers owed, and how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import msgspec

from contracts.exchanges.exchange import Exchange
from contracts.history.lines import ExchangeLine, Finished, Line, Owes, RunLine, Stopped, decode, read_exchange
from contracts.history.rows import NAME as ROWS
from contracts.history.rows import NO_ROWS, Rows, read_rows


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What a run was. Raises ValueError where `started_at` names no offset."""

    base_url: str
    document_sha256: str
    seed: int
    started_at: datetime  # aware, UTC; the moment from which exchanges count their seconds
    window_s: float
    catalogue: tuple[tuple[str, str, str], ...]  # product_ref, sku, store_ref
    room: str  # "contracts", or a load scenario's name

    def __post_init__(self) -> None:
        if self.started_at.tzinfo is None:
            raise ValueError(f"started_at {self.started_at.isoformat()} names no offset from UTC")


@dataclass(frozen=True)
class Story:
    """A history as far as it was written."""

    facts: RunFacts
    exchanges: tuple[Exchange, ...]
    owed: Mapping[str, tuple[str, ...]]  # driver -> the ids of the promises that it set out to exercise
    finished: frozenset[str]  # the drivers that came to their end
    stopped: str | None  # why no more was sent, where traffic ended early
    torn: bool  # the last line broke off, and was passed over
    rows: Rows = field(default_factory=lambda: NO_ROWS, compare=False)  # of a flood: every exchange, kept whole or not
    hurried: bool = False  # whoever pressed Ctrl-C waits for the report: what takes long is left to a later judgement


class Growing:
    """A story as it comes to be, line by line."""

    def __init__(self, facts: RunFacts) -> None:
        self.facts = facts
        self.exchanges: list[Exchange] = []
        self.owed: dict[str, tuple[str, ...]] = {}
        self.finished: set[str] = set()
        self.stopped: str | None = None

    def take(self, line: Line | Exchange) -> None:
        """Raises ValueError for a second run in one history, and for an exchange without its one outcome."""
        match line:
            case Exchange():
                self.exchanges.append(line)
            case ExchangeLine():
                self.exchanges.append(read_exchange(line))
            case Owes():
                self.owed[line.driver] = tuple(dict.fromkeys((*self.owed.get(line.driver, ()), *line.promises)))
            case Finished():
                self.finished.add(line.driver)
            case Stopped():
                self.stopped = self.stopped or line.why
            case RunLine():
                raise ValueError("a second run begins in this history")

    def story(self, *, torn: bool = False) -> Story:
        return Story(self.facts, tuple(self.exchanges), dict(self.owed), frozenset(self.finished), self.stopped, torn)


def read_history(path: Path) -> Story:
    """Read a history back, with the rows beside it. Raises ValueError with the line's number for a file that is none;
    OSError as `open` does.
    """
    return replace(_read_lines(path), rows=read_rows(path.with_name(ROWS)))


def _read_lines(path: Path) -> Story:
    with path.open("rb") as file:
        growing = _begin(next(file, b""))
        for number, raw in enumerate(file, start=2):
            try:
                _read_line(growing, raw, number)
            except ValueError:
                if raw.endswith(b"\n"):
                    raise
                return growing.story(torn=True)  # the last line broke off
    return growing.story()


def _begin(raw: bytes) -> Growing:
    if not raw:
        raise ValueError("line 1: the file is empty")
    try:
        line = decode(raw)
    except ValueError as error:
        raise ValueError(f"line 1: {error}") from error
    if isinstance(line, RunLine):
        return Growing(msgspec.convert(line, RunFacts, from_attributes=True))
    raise ValueError("line 1: a history begins with what run it was")


def _read_line(growing: Growing, raw: bytes, number: int) -> None:
    try:
        growing.take(decode(raw))
    except ValueError as error:
        raise ValueError(f"line {number}: {error}") from error
