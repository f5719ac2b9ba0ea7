"""What an answer's body says: a reply by the schema of 200, the errors of a 422. Reads bytes, judges nothing."""

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from contracts.exchanges.exchange import Answer


class NotJSON:
    """The body is not valid JSON (RFC 8259, without a byte order mark); `why` says where."""

    def __init__(self, why: str) -> None:
        self.why = why


@dataclass(frozen=True, slots=True)
class Result:
    """One element of `results`, its values as they came; MISSING where a property is absent."""

    index: object
    status: object
    message: object

    @property
    def position(self) -> int | None:
        """The index, where it is an integer at all."""
        return self.index if isinstance(self.index, int) and not isinstance(self.index, bool) else None


class _Missing:
    def __repr__(self) -> str:
        return "missing"


MISSING = _Missing()


class Fault(NamedTuple):
    """What is wrong with a body, and the JSON Pointer (RFC 6901) to it; "" is the whole."""

    words: str
    pointer: str


def pointer_to(*keys: str | int) -> str:
    """The JSON Pointer (RFC 6901) to what stands under these names and places, one in the other."""
    return "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in keys)


def read_json(answer: Answer) -> object:
    """The body as JSON, or `NotJSON`. NaN, trailing text, a byte order mark and bad UTF-8 are not JSON."""
    return _parse(answer.body)


@lru_cache(maxsize=512)
def _parse(body: bytes) -> object:
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        return NotJSON(f"{type(error).__name__}: {error}"[:200])


def results_of(answer: Answer | None) -> tuple[Result, ...] | None:
    """The results of a 200, where it has an array of objects by that name; None otherwise (RES-1 says so)."""
    if answer is None or answer.status != 200:
        return None
    return _results(answer.body)


@lru_cache(maxsize=512)
def _results(body: bytes) -> tuple[Result, ...] | None:
    document = _parse(body)
    results = document.get("results") if isinstance(document, dict) else None
    if not isinstance(results, list) or not all(isinstance(item, dict) for item in results):
        return None
    return tuple(
        Result(item.get("index", MISSING), item.get("status", MISSING), item.get("message", MISSING))
        for item in results
    )


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON")
