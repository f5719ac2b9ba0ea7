"""`python -m contracts.explain RES-6`: what a promise means, the harm of its breach, how it is tested."""

import argparse
import sys
from textwrap import fill

from openapi.ledger import BY_ID, LEDGER, QUESTIONS, Promise

WIDTH = 100


def main(arguments: list[str] | None = None) -> int:
    """Exit 0; 4 for an id that the ledger does not know, in one line."""
    parser = argparse.ArgumentParser(
        prog="python -m contracts.explain", description="Explain one promise of the ledger."
    )
    parser.add_argument("id", nargs="?", help="such as RES-6, or the name of a question such as at-stale")
    parser.add_argument("--list", action="store_true", help="list all promises and questions by id")
    options = parser.parse_args(arguments)
    if options.list:
        print("\n".join(listing()))
        return 0
    if options.id is None:
        parser.print_usage(sys.stderr)
        return 4
    promise = BY_ID.get(options.id.upper())
    if promise is not None:
        print("\n".join(explained(promise)))
        return 0
    question = next((each for each in QUESTIONS if each.id == options.id.lower()), None)
    if question is None:
        print(f"no promise has the id {options.id!r}; --list shows them all", file=sys.stderr)
        return 4
    print(f"{question.id}  observed, never a fault\n{question.question}")
    return 0


def listing() -> list[str]:
    """A promise a line, then a question a line."""
    promises = [f"{promise.id:7} {promise.level:8} {promise.quote}" for promise in LEDGER]
    return [*promises, "", *(f"{each.id:22} {each.question}" for each in QUESTIONS)]


def explained(promise: Promise) -> list[str]:
    """The promise in paragraphs."""
    parts = {
        "the document": f'"{promise.quote}" ({promise.place})',
        "means": promise.meaning,
        "harm": promise.harm,
        "tested": promise.tested,
        "runs": ", ".join(f"pytest {run}" for run in sorted(promise.runs)),
        "no rule": promise.unruled or "",
    }
    lines = [_paragraph(name, text) for name, text in parts.items() if text]
    return [f"{promise.id}  {promise.level}", "", *lines]


def _paragraph(name: str, text: str) -> str:
    return fill(text, WIDTH, initial_indent=f"{name:14}", subsequent_indent=" " * 14)


if __name__ == "__main__":
    sys.exit(main())
