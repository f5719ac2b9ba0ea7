"""The promises, numbered: every rule, finding and report names one of these. Says what is promised, never how judged.

`python -m openapi.ledger` prints the table that README shows.
"""

from collections.abc import Mapping
from types import MappingProxyType

from openapi.chapters import authentication, errors, formats, results, throttling, updates, validation
from openapi.chapters.authentication import AUTH_1, AUTH_2, AUTH_3
from openapi.chapters.errors import ERR_1, ERR_2, ERR_3
from openapi.chapters.formats import FMT_1, FMT_2, FMT_3
from openapi.chapters.questions import QUESTIONS
from openapi.chapters.results import LOAD_1, RES_1, RES_2, RES_3, RES_4, RES_5, RES_6, RES_7
from openapi.chapters.throttling import RATE_1, RATE_2, RATE_3, RATE_4, RATE_5, RATE_6
from openapi.chapters.updates import UPS_1, UPS_2, UPS_3
from openapi.chapters.validation import VAL_1, VAL_2, VAL_3, VAL_4
from openapi.promise import CONTRACTS, EVERY_RUN, LOADTESTS, Level, Promise, Question

# ruff: noqa: RUF022 — the document's order, which is the reader's, not the alphabet's
__all__ = [
    "AUTH_1", "AUTH_2", "AUTH_3",
    "RATE_1", "RATE_2", "RATE_3", "RATE_4", "RATE_5", "RATE_6",
    "ERR_1", "ERR_2", "ERR_3",
    "VAL_1", "VAL_2", "VAL_3", "VAL_4",
    "RES_1", "RES_2", "RES_3", "RES_4", "RES_5", "RES_6", "RES_7", "LOAD_1",
    "UPS_1", "UPS_2", "UPS_3",
    "FMT_1", "FMT_2", "FMT_3",
    "CHAPTERS", "LEDGER", "BY_ID", "QUESTIONS",
    "CONTRACTS", "EVERY_RUN", "LOADTESTS", "Level", "Promise", "Question",
    "table",
]  # fmt: skip

CHAPTERS: Mapping[str, tuple[Promise, ...]] = MappingProxyType(
    {
        "authentication": authentication.CHAPTER,
        "throttling": throttling.CHAPTER,
        "errors": errors.CHAPTER,
        "validation": validation.CHAPTER,
        "results": results.CHAPTER,
        "updates": updates.CHAPTER,
        "formats": formats.CHAPTER,
    }
)
LEDGER: tuple[Promise, ...] = tuple(promise for chapter in CHAPTERS.values() for promise in chapter)
BY_ID: Mapping[str, Promise] = MappingProxyType({promise.id: promise for promise in LEDGER})


def table() -> str:
    """The ledger as a Markdown table, a promise a line, in the document's order."""
    head = ["| id | level | the document says | so for this endpoint | runs |", "|---|---|---|---|---|"]
    return "\n".join(head + [_row(promise) for promise in LEDGER])


def _row(promise: Promise) -> str:
    cells = (
        promise.id,
        promise.level.value,
        promise.quote.replace("### ", ""),
        promise.meaning,
        ", ".join(sorted(promise.runs)),
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    print(table())
