"""The shape of a promise and of a question. The promises themselves are in `openapi.chapters`."""

from dataclasses import dataclass
from enum import StrEnum

CONTRACTS = frozenset({"contracts"})
LOADTESTS = frozenset({"loadtests"})
EVERY_RUN = CONTRACTS | LOADTESTS


class Level(StrEnum):
    """How firmly a promise is made, and so what its breach does to the run."""

    MUST = "must"  # the document says it: broken fails the run
    IMPLIED = "implied"  # any reader takes it to mean this: broken fails the run
    GATE = "gate"  # the user's own service level: broken fails the run, and is said to be theirs
    OBSERVED = "observed"  # the document is silent: never fails the run


@dataclass(frozen=True, slots=True)
class Promise:
    """One sentence of the document that a server can keep or break.

    `quote` stands in the published document to the letter, white space aside (a gate quotes its user instead).
    """

    id: str
    level: Level
    quote: str
    place: str  # where in the document the quote stands
    meaning: str  # what it demands of this endpoint, read fairly
    harm: str  # what its breach does to those who use the API
    tested: str  # how a run puts it to the test
    runs: frozenset[str]  # of "contracts", "loadtests": the runs that exercise it
    unruled: str | None = None  # why no rule can break it, where none can


@dataclass(frozen=True, slots=True)
class Question:
    """Something on which the document is silent; the server's answer is written down and never fails a run."""

    id: str
    question: str
