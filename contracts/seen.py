"""One exchange as a rule sees it: its body read, what is due to every record, and what became of each.

Pure. Says what an answer told, not whether that was right.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from contracts.exchanges.exchange import Answer, Exchange, Standing
from contracts.exchanges.records import Body, Record
from contracts.exchanges.replies import Result, results_of
from openapi.document import load_document

OPERATION_PATH = load_document().operation_path
_FATE_OF_THE_BATCH = (
    *("rolled back", "roll back", "rollback", "not applied", "aborted", "another record", "other record"),
    *("transaction", "cancel", "the batch", "whole batch"),
)


class Due(Enum):
    """What the document expects a server to do with a record."""

    ACCEPT = "ok or warning"
    REFUSE = "422, or error at its index"
    OPEN = "either"


@dataclass(frozen=True, slots=True)
class Expected:
    """A record with what is due to it; `oddities` say why it is open, `update` that its reference was accepted."""

    record: Record
    due: Due
    oddities: tuple[str, ...] = ()
    update: bool = False


@dataclass(frozen=True)
class Seen:
    """One exchange on which a rule may speak."""

    exchange: Exchange
    body: Body
    expected: tuple[Expected, ...]

    @property
    def seq(self) -> int:
        return self.exchange.seq

    @property
    def answer(self) -> Answer | None:
        return self.exchange.answer

    @property
    def status(self) -> int | None:
        return self.exchange.status

    @property
    def on_operation(self) -> bool:
        """POST to the documented path: the only thing that the document speaks of."""
        return self.exchange.request.method == "POST" and self.exchange.request.path == OPERATION_PATH

    @property
    def authenticated(self) -> bool:
        """On the operation, with the key in the documented form."""
        return self.on_operation and self.exchange.standing is Standing.AUTHENTICATED

    @property
    def judged(self) -> bool:
        """Authenticated, and answered by the operation itself: not throttled, turned away, sent elsewhere or failed."""
        unjudged = (
            self.status is None or self.status in (401, 403, 429) or 300 <= self.status < 400 or self.status >= 500
        )
        return self.authenticated and not unjudged

    @cached_property
    def results(self) -> tuple[Result, ...] | None:
        """The results of a well-formed 200, else None."""
        return results_of(self.answer)

    def outcome(self, index: int) -> object:
        """What became of one record: its result's status, "422" for a refused batch, None where it has none or two."""
        if self.status == 422:
            return "422"
        found = self._statuses.get(index, ())
        return found[0] if len(found) == 1 else None

    @cached_property
    def _statuses(self) -> Mapping[int, Sequence[object]]:
        statuses: dict[int, list[object]] = defaultdict(list)
        for result in self.results or ():
            if result.position is not None:
                statuses[result.position].append(result.status)
        return statuses

    def due(self, due: Due) -> tuple[int, ...]:
        """The indices of the records to which that is due."""
        return self._by_due.get(due, ())

    @cached_property
    def _by_due(self) -> Mapping[Due, tuple[int, ...]]:
        indices: dict[Due, list[int]] = defaultdict(list)
        for index, expected in enumerate(self.expected):
            indices[expected.due].append(index)
        return {due: tuple(places) for due, places in indices.items()}

    @property
    def all_acceptable(self) -> bool:
        """A batch that a server must accept, unless for its size."""
        return bool(self.expected) and len(self.due(Due.ACCEPT)) == len(self.expected)

    @cached_property
    def rolled_back(self) -> bool:
        """Every acceptable record is refused, in words that differ from each culprit's and name the batch's fate.

        A culprit is any refused record that need not be accepted: a faulty one, or one that is the server's to refuse.
        Where no record has to be accepted, those tell that are refused in such words.
        """
        messages = {result.position: str(result.message).lower() for result in self.results or ()}
        refused = [index for index in range(len(self.expected)) if self.outcome(index) == "error"]
        sharing = [index for index in refused if any(word in messages[index] for word in _FATE_OF_THE_BATCH)]
        shared = self.due(Due.ACCEPT) or sharing
        if not shared or not set(shared) <= set(sharing):
            return False
        fate = {messages[index] for index in shared}
        culprits = set(refused) - set(self.due(Due.ACCEPT))
        return any(messages[index] not in fate for index in culprits)
