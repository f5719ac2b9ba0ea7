"""What puts a promise to the test: the exchanges without which nothing can be said of it. Judges nothing."""

from collections.abc import Callable, Mapping

from contracts.exchanges.exchange import Standing
from contracts.exchanges.records import Kind
from contracts.seen import Due, Seen


def _answered(seen: Seen) -> bool:
    return seen.judged


def _of_kind(*kinds: Kind) -> Callable[[Seen], bool]:
    return lambda seen: seen.judged and seen.body.kind in kinds


def _with_due(due: Due) -> Callable[[Seen], bool]:
    return lambda seen: seen.judged and bool(seen.due(due))


def _refused_at_the_door(seen: Seen) -> bool:
    stranger = seen.on_operation and seen.exchange.standing is Standing.UNAUTHENTICATED
    return stranger and seen.status not in (None, 429)


def _updates(seen: Seen) -> bool:
    return seen.judged and any(expected.update and expected.due is Due.ACCEPT for expected in seen.expected)


def _many(seen: Seen) -> bool:
    return seen.judged and seen.all_acceptable and len(seen.expected) > 1


def _over_the_limit(seen: Seen) -> bool:
    return seen.authenticated and seen.status == 429


STIMULUS: Mapping[str, Callable[[Seen], bool]] = {
    "AUTH-1": _refused_at_the_door,
    "RATE-1": _over_the_limit,
    "RATE-2": _over_the_limit,
    "RATE-5": _over_the_limit,
    "ERR-3": _of_kind(Kind.NOT_JSON),
    "VAL-1": lambda seen: bool(seen.due(Due.REFUSE)) and seen.judged,
    "VAL-2": _with_due(Due.REFUSE),
    "VAL-3": lambda seen: seen.judged and len(seen.due(Due.REFUSE)) > 1,
    "VAL-4": _of_kind(Kind.EMPTY),
    "RES-5": _with_due(Due.REFUSE),
    "RES-6": _with_due(Due.REFUSE),
    "UPS-1": _updates,
    "UPS-2": _many,
    "UPS-3": _with_due(Due.ACCEPT),
}


def puts_to_the_test(promise: str, seen: Seen) -> bool:
    """Whether this exchange does so for the promise of that id: any answer of the operation, where nothing is said."""
    return STIMULUS.get(promise, _answered)(seen)


def needs_the_limit(promise: str) -> bool:
    """Whether only a refusal over the limit does."""
    return STIMULUS.get(promise) is _over_the_limit
