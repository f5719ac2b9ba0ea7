"""Reports of a few exchanges, for the tests of what is made of them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from contracts.exchanges.exchange import Exchange
from contracts.history.story import Story
from contracts.history.writer import HistoryWriter
from contracts.judge import first_finding_at, judge
from contracts.report.conclusion import Conclusion
from contracts.report.document import compose, write
from openapi.ledger import LEDGER
from tests.build import FACTS, answer, asked, evidence, numbered, ok, record, reply

GOOD = asked([record()], answer(body=reply(ok(0))))
BAD = asked([record(quantity=...)], answer(body=reply(ok(0)), left=98))  # VAL-1: a wrong record taken for good
HOSTILE = "\x1b[2J\x07\u202e<script>alert(1)</script>\r\n\x00"
SHOUTING = asked([record(1, sku=...)], answer(body=reply([{"index": 0, "status": HOSTILE}]), left=97))
ALL = tuple(promise.id for promise in LEDGER)
REFUSED = asked([record()], answer(429, b"", left=0))


def report(*exchanges: Exchange, owed: tuple[str, ...] = ALL, room: str = "contracts", **how: Any) -> dict[str, Any]:
    """report.json of these exchanges, with what differs from a plain run."""
    history = numbered(exchanges)
    stopped = how.get("reason")
    story = Story(replace(FACTS, room=room), history, {"by hand": owed}, frozenset({"by hand"}), stopped, False)
    rulings = judge(story)
    plain = Conclusion(story, rulings, len(history), 0, first_finding_at(rulings, evidence(history)), 1.5, {}, None)
    return compose(replace(plain, **how))


def row(document: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in document["promises"] if each["id"] == name)
    return found


def scenario(
    *exchanges: Exchange, room: str = "Flood", owed: tuple[str, ...] = ("RATE-2",), **how: Any
) -> dict[str, Any]:
    return report(*exchanges, room=room, owed=owed, **how)


def run_of(folder: Path, document: dict[str, Any], *exchanges: Exchange) -> Path:
    """The folder as a run leaves it; returns its page."""
    writer = HistoryWriter(folder / "history.jsonl", FACTS, None)
    for exchange in numbered(exchanges):
        writer.append(exchange)
    writer.close()
    write(folder, document)
    return folder / "report.html"


def observed(**answers: str) -> dict[str, Any]:
    """A report in which no question but these was answered."""
    document = report(GOOD, owed=("AUTH-2",))
    for each in document["observations"]:
        each["answer"] = answers.get(each["id"].replace("-", "_"), "not tried")
    return document
