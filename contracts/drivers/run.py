"""One run: sends probes through the wire, keeps the evidence, knows how this server refuses. Judges nothing itself."""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeVar

from contracts.drivers.changes import AS_IT_IS, Literal, drop
from contracts.drivers.references import Fields, References
from contracts.evidence import Evidence
from contracts.exchanges.exchange import KEY, Cause, NoAnswer, Standing, standing_of
from contracts.history.writer import HistoryWriter
from contracts.seen import Seen
from contracts.wire.outgoing import Outgoing
from contracts.wire.wire import Stopped, Wire

Edit = Callable[[Fields], object]  # makes one case's record of a fresh valid one
Draw = Callable[[References, int], list[Fields]]  # which references so many records are for
BEARER = f"Bearer {KEY}"
JSON_TYPE = (("Content-Type", "application/json"),)
ANYTHING = ("Accept", "*/*")  # as curl asks, and many a client: the document has JSON alone to answer it
T = TypeVar("T")
TRIES = 3  # of one probe that was throttled or got no answer


class Refusal(Enum):
    """How this server refuses an invalid record. Both are legal; the run discovers which it is."""

    PER_RECORD = "by `error` at its index in a 200"
    WHOLE_BATCH = "by a 422 for the whole batch"


@dataclass(frozen=True)
class Probe:
    """Something to send, built afresh each time so that every `at` is new. `edits` make the records of a batch.

    `settings` are those of `batch` or `raw`; with the edits, or the body, they tell how to make the probe again.
    """

    purpose: str
    build: Callable[[References], Outgoing]
    edits: tuple[Edit, ...] = ()
    remake: Callable[[Sequence[Edit]], "Probe"] | None = field(default=None, compare=False)
    body: bytes | None = None
    settings: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def only(self, indices: Sequence[int]) -> "Probe | None":
        """The same probe with some of its records, or None where it is no batch."""
        return self.remake([self.edits[index] for index in indices]) if self.remake else None


as_it_is: Edit = AS_IT_IS


def batch(  # noqa: PLR0913 — a batch may differ in that many respects
    purpose: str,
    edits: Sequence[Edit],
    *,
    headers: tuple[tuple[str, str], ...] = JSON_TYPE,
    authorization: str | None = BEARER,
    draw: Draw = References.take,
    indent: int | None = None,
) -> Probe:
    """A batch with one record for each edit, for the references that `draw` takes; `indent` spreads its JSON out."""

    def build(references: References) -> Outgoing:
        records = [edit(record) for edit, record in zip(edits, draw(references, len(edits)), strict=True)]
        return Outgoing(write({"inventories": records}, indent), authorization, headers)

    settings: dict[str, Any] = {"headers": headers, "authorization": authorization, "draw": draw, "indent": indent}

    def remake(fewer: Sequence[Edit]) -> Probe:
        return batch(purpose, fewer, **settings)

    return Probe(purpose, build, tuple(edits), remake, None, settings)


def one_faulty(purpose: str) -> Probe:
    """A record that breaks the schema, whatever a server makes of references and moments, between two valid ones."""
    return batch(purpose, [as_it_is, drop("quantity"), as_it_is])


def raw(
    purpose: str,
    body: bytes,
    *,
    headers: tuple[tuple[str, str], ...] = JSON_TYPE,
    authorization: str | None = BEARER,
) -> Probe:
    """A body that stands as it is."""
    settings = {"headers": headers, "authorization": authorization}
    return Probe(purpose, lambda _: Outgoing(body, authorization, headers), body=body, settings=settings)


def write(document: object, indent: int | None = None) -> bytes:
    """JSON text of a document that may hold `Literal` numbers. Lone surrogates are escaped."""
    literals: list[str] = []

    def place(value: object) -> str:
        if not isinstance(value, Literal):
            raise TypeError(f"cannot write {value!r} as JSON")
        literals.append(value.text)
        return f"\ue000{len(literals) - 1}\ue000"

    text = json.dumps(document, default=place, indent=indent)
    for number, literal in enumerate(literals):
        text = text.replace(f'"\\ue000{number}\\ue000"', literal)
    return text.encode()


class Run:
    """The drivers' only way to the target."""

    def __init__(  # noqa: PLR0913, PLR0917 — what a run is made of
        self,
        wire: Wire,
        history: HistoryWriter,
        references: References,
        seed: int,
        depth: str,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._tell = tell
        self.wire = wire
        self.history = history
        self.references = references
        self.random = random.Random(seed)  # noqa: S311 — the same seed must make the same requests
        self.seed = seed
        self.depth = depth
        self.evidence = Evidence(history.story().facts)
        self.probes: dict[int, Probe] = {}
        self.refusal = Refusal.PER_RECORD
        self.driver = "preflight"
        self.confirmed_from: int | None = None  # requests sent when the retries of findings began
        self.certainty: dict[str, str] = {}  # of each broken promise
        self.reduced: dict[tuple[str, int], Probe] = {}
        self.failing: dict[str, Probe] = {}  # of each broken promise, the smallest that shows it
        self.examples: Sequence[Probe] = ()  # that failed in earlier runs

    def some(self, choices: Sequence[T], count: int, always: int = 0) -> list[T]:
        """So many of them: the first ones always, and of the others those that this seed draws, in its order."""
        chance = random.Random(f"{self.seed} {self.driver}")  # noqa: S311 — the same seed must make the same requests
        rest = chance.sample(choices[always:], len(choices) - min(always, len(choices)))
        return [*choices[:always], *rest][:count]

    def perform(self, probe: Probe) -> Seen:
        """Send a probe and return what was seen. Throttled or cut, it settles nothing and is sent again."""
        seen = self._once(probe)
        for _ in range(TRIES - 1):
            if seen.status != 429 and not _lost(seen):
                break
            seen = self._once(probe)
        return seen

    def _once(self, probe: Probe) -> Seen:
        outgoing = probe.build(self.references)
        self._tell(f"{self.driver}: {probe.purpose}; {self.wire.sent} sent{self._left}")
        exchange = self.wire.send(outgoing, driver=self.driver, purpose=probe.purpose)
        seen = self.evidence.add(exchange)
        self.probes[exchange.seq] = probe
        return seen

    @property
    def _left(self) -> str:
        answer = self.evidence.seen[-1].answer if self.evidence.seen else None
        remaining = answer.header("X-RateLimit-Remaining") if answer else None
        return f", {remaining} left" if remaining and remaining.isdecimal() else ""

    def try_examples(self) -> None:
        """What failed in earlier runs, before anything else; an expression that is no near miss of this key is not."""
        for probe in self.examples:
            authorization = probe.settings.get("authorization")
            stranger = standing_of(authorization) is Standing.UNAUTHENTICATED
            if not stranger or self.wire.is_near_miss(authorization):
                self.perform(probe)

    def learn_refusal(self) -> None:
        """Ask with one faulty record between two valid ones how this server refuses."""
        seen = self.perform(one_faulty("how an invalid record is refused"))
        self.refusal = Refusal.WHOLE_BATCH if seen.status == 422 else Refusal.PER_RECORD


def _lost(seen: Seen) -> bool:
    outcome = seen.exchange.outcome
    return isinstance(outcome, NoAnswer) and outcome.cause is not Cause.TIMEOUT


__all__ = [
    "ANYTHING",
    "BEARER",
    "JSON_TYPE",
    "Edit",
    "Probe",
    "Refusal",
    "Run",
    "Stopped",
    "as_it_is",
    "batch",
    "one_faulty",
    "raw",
    "write",
]
