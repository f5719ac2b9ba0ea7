"""`python -m contracts.explain RES-6`: what a promise means, the harm of its breach, how it is tested, an example.

The example is a short history that breaks it, judged here and now; `examples/` holds one for every promise.
"""

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from shutil import get_terminal_size
from textwrap import fill

from contracts.command import Parser, run, safe
from contracts.exchanges.exchange import Exchange
from contracts.finding import Finding
from contracts.history.story import read_history
from contracts.judge import judge
from openapi.ledger import BY_ID, LEDGER, QUESTIONS, Promise

WIDTH = 100
SHOWN = 3  # exchanges of an example: its last
EXAMPLES = Path(__file__).parent / "examples"


def main(arguments: list[str] | None = None) -> int:
    """Exit 0; 4 for an id that the ledger does not know, in one line."""
    parser = Parser(
        prog="python -m contracts.explain",
        description="What a promise means, why breaking it harms, how it is tested, and a history that breaks it.",
    )
    parser.add_argument(
        "id", nargs="*", help="such as RES-6, or the name of a question such as at-stale (default: list them all)"
    )
    wanted = parser.parse_args(arguments).id
    told = {name: _told(name) for name in wanted}
    for name in (name for name, lines in told.items() if lines is None):
        parser.error(f"no promise has the id {name!r}{_instead(name)}")
    print("\n\n".join("\n".join(lines or ()) for lines in told.values()) if wanted else "\n".join(listing()))
    return 0


def _told(name: str) -> list[str] | None:
    if (promise := BY_ID.get(name.upper())) is not None:
        return explained(promise)
    question = next((each for each in QUESTIONS if each.id == name.lower()), None)
    return [f"{question.id}  observed, never a fault", question.question] if question else None


def _instead(name: str) -> str:
    if name.upper().startswith("GATE-"):
        return ": a gate is your own service level, as its file says (docs/load.md)"
    like = get_close_matches(name.upper(), BY_ID) + get_close_matches(name.lower(), [each.id for each in QUESTIONS])
    return f", perhaps {' or '.join(like[:3])}" if like else ""


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
    return [f"{promise.id}  {promise.level}", "", *lines, *_example(promise)]


def _example(promise: Promise) -> Iterator[str]:
    """The exchanges of its example that prove the breach, and what the judge says of them."""
    path = EXAMPLES / f"{promise.id}.jsonl"
    if not path.exists():
        return
    story = read_history(path)
    finding = next(ruling for ruling in judge(story) if ruling.promise.id == promise.id).findings[0]
    exchanges = {exchange.seq: exchange for exchange in story.exchanges}
    yield ""
    yield "for example, this breaks it:"
    for seq in finding.witness[-SHOWN:]:
        yield from _exchange(exchanges[seq])
    yield from _argued(finding)


def _exchange(exchange: Exchange) -> Iterator[str]:
    """What was sent and what came, each on a line; of the headers those that the document speaks of."""
    request, answer = exchange.request, exchange.answer
    key = request.header("Authorization")
    yield f"  {exchange.seq:>3} sent     {safe(request.body.decode('utf-8', 'backslashreplace'))}"
    yield f"      with     {f'Authorization: {key}' if key else 'no Authorization'}"
    if answer is None:
        yield f"      came     no answer: {getattr(exchange.outcome, 'cause', '')}"
        return
    told = [f"{name}: {value}" for name, value in answer.headers if name.startswith("X-RateLimit")]
    yield f"      came     {answer.status} {safe(answer.body.decode('utf-8', 'backslashreplace'))}"
    if told:
        yield f"      with     {safe(', '.join(told))}"


def _argued(finding: Finding) -> Iterator[str]:
    for name, text in (("expected", finding.expected), ("actual", finding.actual)):
        for number, line in enumerate(text.splitlines()):
            yield f"  {'' if number else name:12} {safe(line)}"


def _paragraph(name: str, text: str) -> str:
    width = min(WIDTH, get_terminal_size().columns)
    return fill(text, width, initial_indent=f"{name:14}", subsequent_indent=" " * 14, break_on_hyphens=False)


if __name__ == "__main__":
    run(main)
