"""What all wires of a load test share, and how those did who sent. Knows no scenario."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from contracts.run.target import UsageError
from loadtests.run.options import Choices
from loadtests.wire.batches import Head
from loadtests.wire.connection import Connection, Lines, Watch
from loadtests.wire.keeping import Keeper
from loadtests.wire.route import Route
from loadtests.wire.wire import LoadWire, Tally, head_of


@dataclass
class Sender:
    """How those did who sent: requests by their own count, late ones by their doing, the share of a core used."""

    sent: int = 0
    late: int = 0
    worst_s: float = 0.0
    busy: float = 0.0
    lost: int = 0  # workers


@dataclass(frozen=True)
class Rig:
    """One way to the target, one watch over time-outs, one count and one place for the evidence."""

    route: Route
    watch: Watch
    keeper: Keeper
    tally: Tally
    head: Head
    first: datetime  # no `at` is earlier

    @classmethod
    def of(cls, choices: Choices, keeper: Keeper, tally: Tally, first: datetime) -> "Rig":
        """As it was chosen. Raises UsageError for a proxy that cannot be used."""
        try:
            route = Route(choices.base_url, choices.verify)
        except ValueError as error:
            raise UsageError(str(error)) from None
        head = head_of(route, choices.secret, choices.headers)
        return cls(route, Watch(choices.timeout_s), keeper, tally, head, first)

    def wire(self, elapsed_s: Callable[[], float], line: Lines) -> LoadWire:
        """A wire for one more user; `elapsed_s` tells the seconds since the test began."""
        return LoadWire(Connection(self.route, self.watch, line), self.keeper, self.tally, elapsed_s)
