"""From bytes to JSON, strictly: what RFC 8259 does not allow, or leaves to luck, is a ValueError."""

import json

HUGE = 10**30  # stands for every integer of more digits than Python reads; far beyond any quantity
MAX_DIGITS = 1_000


def load_json(body: bytes) -> object:
    """The document in `body`. ValueError: not UTF-8, a BOM, no JSON, NaN, a name twice in an object, deep nesting."""
    try:
        return _DECODER.decode(body.decode("utf-8"))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    names = dict(pairs)
    if len(names) != len(pairs):
        raise ValueError("the same name twice in one object")
    return names


def _constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def _integer(digits: str) -> int:
    return int(digits) if len(digits) <= MAX_DIGITS else HUGE


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer)
