"""What a rule says: for each thing it examined, nothing wrong (None), a finding, or a doubt. Knows no rule."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from openapi.ledger import Promise


class Verdict(StrEnum):
    """The three ends of a promise, and of a run."""

    HELD = "held"
    BROKEN = "broken"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Finding:
    """One breach: what the promise led to expect, what came, and the fewest exchanges that prove it (by `seq`)."""

    promise: Promise
    expected: str
    actual: str
    witness: tuple[int, ...]
    index: int | None = None  # of the record at fault, where one is
    pointer: str | None = None  # to what is at fault in the last answer's body (RFC 6901), where one place is
    sequence: bool = False  # needs the exchanges before it, in their order


@dataclass(frozen=True, slots=True)
class Doubt:
    """Evidence that cannot be read: the promise is undecided, for this reason, unless something else breaks it."""

    promise: Promise
    reason: str


Examined = Iterator[Finding | Doubt | None]


@dataclass(frozen=True, slots=True)
class Ruling:
    """A promise judged over one history.

    `occasion` says why nothing could be examined although the stimulus was sent; `reason` why it is undecided.
    """

    promise: Promise
    verdict: Verdict
    in_scope: bool
    examined: int
    findings: tuple[Finding, ...] = ()
    occasion: str | None = None
    reason: str | None = None
