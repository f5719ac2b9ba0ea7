"""What a client saw of a rate limiter, and the terms in which the models speak of it.

Keeps out: any model. Times are seconds since the run began, monotonic; the server decided somewhere between sent and
answered.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple, Protocol, TypeVar

CLOCK_S = 0.002  # time stamps stored in whole milliseconds
DRIFT = 0.001  # the server's clock against ours
HAIR = 1e-7  # rounding errors of a server that counts in floating point
GAP = 1e-5  # by which a sum must differ from a whole number to be taken for another
NEVER = -math.inf  # a wait that is not needed
LOOK = 0  # the status of a row that is no request, but the moment at which a Remaining was read off
TICK = 0.1  # of a window, which is a second of ten: the tick of servers that keep their times in whole seconds
LONGEST = 1.025  # "per 10 seconds", read fairly, is 10 to 10.25 s


@dataclass(frozen=True, slots=True)
class Row:
    """One request as its client saw it. Without an answer it may or may not have been counted."""

    sent_s: float
    answered_s: float
    status: int | None
    limit: int | None
    remaining: int | None
    seq: int = 0
    retry_after_s: float | None = None  # as the header said; believed by pacing alone
    dropped: bool = False  # the connection was closed or cut instead of an answer


class Act(Enum):
    """What a decision did to the allowance."""

    COUNTED = "let in, one spent"
    FREE = "answered, nothing spent"
    REFUSED = "429"


class Decision(NamedTuple):
    """One decision of the server: taken in [lo_s, hi_s], the one before it not earlier than since_s."""

    lo_s: float
    hi_s: float
    since_s: float
    act: Act
    remaining: int | None


@dataclass(frozen=True, slots=True)
class Terms:
    """The limit as documented: so many in a window, whose length is known within bounds only.

    tick_s: of a server that keeps its times in whole ticks, by which a window may seem shorter or longer.
    """

    limit: int
    window_s: float
    tick_s: float = 0.0
    shortest_s: float = field(init=False)
    longest_s: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "shortest_s", max(CLOCK_S, self.window_s * (1 - DRIFT) - CLOCK_S - self.tick_s))
        object.__setattr__(self, "longest_s", self.window_s * LONGEST * (1 + DRIFT) + CLOCK_S + self.tick_s)


S = TypeVar("S")


class Model(Protocol[S]):
    """A legal limiter whose exact state is unknown: each state stands for a set of exact ones, never for too few."""

    @property
    def name(self) -> str:
        """One of CANDIDATES."""

    @property
    def refusals_matter(self) -> bool:
        """Whether a refusal that we did not see may have changed the state."""

    def start(self, first: Decision) -> list[S]:
        """Every state a limiter may be in before our first request: others may have used it."""

    def step(self, states: Iterable[S], decision: Decision) -> list[S]:
        """The states after a decision; none of those of which no exact state can have decided so."""

    def key(self, state: S) -> Hashable:
        """States of one key may be joined."""

    def join(self, one: S, other: S) -> S:
        """A state that stands for both."""

    def ready_s(self, state: S) -> float:
        """From when on, in silence, one more request is surely let in; minus infinity where it is already."""
