"""report.html: the same document as a page that needs nothing else, made from report.json and the history alone.

Whatever came from a server goes through autoescape, with control and bidirectional characters spelt out; the page's
own policy forbids every request and every script but the one that it brings.
"""

import base64
import hashlib
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from contracts.command import safe
from contracts.exchanges.exchange import Exchange
from contracts.observations import LIMITERS, NOT_TRIED
from contracts.report import bodies, chart
from contracts.report.charts import allowance_of, charts
from contracts.report.figures import Table, tables
from contracts.report.known import excused
from contracts.report.remedies import remedy
from contracts.report.terminal import how_surely
from contracts.report.witnesses import SHOWN, fetch, shown
from openapi.ledger import BY_ID

MOST_TOLD = 8  # broken promises told in a line each below the verdict
ONCE = "1 of 1"  # a finding's certainty: seen, and not tried again
LARGEST = 3_000_000  # bytes of a page
LONGEST_COMMAND = 8000  # characters of a command in the page; report.json holds it whole
SIZE = {"width": chart.WIDTH, "height": chart.HEIGHT, "left": chart.LEFT, "right": chart.WIDTH - chart.RIGHT,
        "top": chart.TOP, "bottom": chart.HEIGHT - chart.BOTTOM}  # fmt: skip
_HERE = Path(__file__).parent


class Scenario(NamedTuple):
    """A load scenario as the page shows it."""

    name: str
    charts: list[tuple[chart.Chart, chart.Drawn]]
    tables: list[Table]
    left_out: str | None
    question: str | None  # what it asks, in its own words


def page(folder: Path, document: Mapping[str, Any]) -> str:
    """The page of the run in that folder."""
    return render(document, fetch(folder, document))


def render(document: Mapping[str, Any], exchanges: Mapping[int, Exchange]) -> str:
    """The page; an exchange that is not given, or with which it would grow too large, is left out of its argument."""
    html = _render(document, exchanges, SHOWN)
    for fewer in (1, 0):
        if len(html.encode()) >= LARGEST:
            html = _render(document, exchanges, fewer)
    return html


def _render(document: Mapping[str, Any], exchanges: Mapping[int, Exchange], most: int) -> str:
    """With so many exchanges of each finding."""
    script = (_HERE / "page.js").read_text(encoding="utf-8")
    rows = document["promises"]
    allowance = allowance_of(document["limiter"] or {})
    points = ((document["limiter"] or {}).get("timeline") or {}).get("points") or []
    return _environment().get_template("page.html.jinja").render(
        document=document,
        sentence=sentence(document),
        broken=sorted((row for row in rows if row["verdict"] == "broken"), key=excused),
        undecided=undecided(rows),
        outside=[row for row in rows if row["verdict"] == "undecided" and not row["in_scope"]],
        told=[row for row in document["observations"] if row["answer"] != NOT_TRIED],
        untold=[row for row in document["observations"] if row["answer"] == NOT_TRIED],
        ledger=BY_ID,
        limiters=LIMITERS,
        scenarios=scenarios(document),
        allowance=allowance and (allowance, chart.draw(allowance), tables("Limiter", {"answers": points})),
        baseline=document.get("baseline"),
        size=SIZE,
        longest_command=LONGEST_COMMAND,
        command=command(document),
        excused=excused,
        once=ONCE,
        harm=harm,
        most_told=MOST_TOLD,
        gates=any(row["level"] == "gate" for row in rows),
        remedy=remedy,
        witnesses=lambda witness: [exchanges[seq] for seq in shown(witness)[-most:] if most and seq in exchanges],
        style=(_HERE / "page.css").read_text(encoding="utf-8"),
        script=script,
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )  # fmt: skip


def scenarios(document: Mapping[str, Any]) -> list[Scenario]:
    """Each load scenario of the report with what is drawn and what is tabled of it."""
    load = document["load"] or {}
    return [
        Scenario(
            name=name,
            charts=[(each, chart.draw(each)) for each in charts(figures)],
            tables=tables(name, figures),
            left_out=figures.get("left_out"),
            question=figures.get("question"),
        )
        for name, figures in load.items()
        if figures
    ]


def undecided(rows: Sequence[Mapping[str, Any]]) -> list[tuple[list[str], str, str]]:
    """The promises left open in this run's scope: those of one reason and one remedy together."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if row["verdict"] == "undecided" and row["in_scope"]:
            grouped.setdefault((row["reason"] or "no reason given", remedy(row)), []).append(row["id"])
    return [(ids, reason[:1].upper() + reason[1:], cure) for (reason, cure), ids in grouped.items()]


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "shown": _shown,
        "prose": _prose,
        "span": _span,
        "rounded": _rounded,
        "counted": _counted,
        "body": bodies.body,
        "request_head": bodies.request_head,
        "answer_head": bodies.answer_head,
        "surely": surely,
    }
    return environment


def sentence(document: Mapping[str, Any]) -> str:
    """The verdict in one sentence."""
    rows = document["promises"]
    tried = [row for row in rows if row["in_scope"] or row["verdict"] == "broken"]
    broken = [row["id"] for row in rows if row["verdict"] == "broken" and not excused(row)]
    spared = [row["id"] for row in rows if excused(row)]
    known = f"{', '.join(spared)}, {'a known break' if len(spared) == 1 else 'known breaks'}"
    nothing = f"Nothing but {known}, was found broken" if spared else "Nothing was found broken"
    undecided = [row["id"] for row in tried if row["verdict"] == "undecided"]
    match document["verdict"]:
        case "held":
            but = f", but for {known}" if spared else ""
            return f"Every one of the {len(tried)} promises that this run set out to test was kept{but}."
        case "broken" if not broken:
            return f"{nothing}, and yet the run fails: {document['reason']}."
        case "broken":
            besides = f", besides {known}" if spared else ""
            told = f"{len(broken)} of {len(tried)} promises {'is' if len(broken) == 1 else 'are'} broken"
            unsure = f", and {len(undecided)} could not be decided" if undecided else ""
            return f"{told}{besides}{unsure}."
        case _:
            why = f": {document['reason']}" if document["reason"] else ""
            yet = "and" if spared else "but"
            return f"{nothing}, {yet} {len(undecided)} of {len(tried)} promises could not be decided{why}."


def harm(row: Mapping[str, Any]) -> str:
    """What a broken promise means for whoever relied on it; of a gate, by how much it was missed."""
    if row["id"] in BY_ID:
        return BY_ID[row["id"]].harm
    missed = row["findings"][0]["actual"] if row["findings"] else "missed"
    return f"Your gate, {row['meaning']}: {missed}."


def surely(row: Mapping[str, Any]) -> str:
    """How surely its first finding shows; where none was tried again, how many there are."""
    certainty = row["findings"][0]["certainty"]
    return f"seen {row['found']:,} times" if certainty == ONCE and row["found"] > 1 else how_surely(certainty)


def command(document: Mapping[str, Any]) -> str:
    """What to type to run the same again: as it was told, or with the options that the report knows."""
    url = shlex.quote(document["target"]["base_url"])
    if document.get("command"):
        typed = str(document["command"])
        return typed if "--now" in typed else f"{typed} --now {document['started_at']}"
    if document["room"] != "contracts":
        return f"locust {shlex.quote(document['room'])} --headless -H {url}"
    rooms = "contracts loadtests" if document["load"] else "contracts"
    return f"pytest {rooms} --base-url {url} --seed {document['seed']} --now {document['started_at']}"


def _shown(text: str, longest: int = 2000) -> str:
    return safe(text, longest, keep="\n")


def _prose(text: str, longest: int = 2000) -> Markup:
    """Text in which what stands in backticks is code."""
    parts = _shown(text, longest).split("`")
    if len(parts) % 2 == 0:
        return escape(_shown(text, longest))
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part) for number, part in enumerate(parts)
    )


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _rounded(count: int) -> int:
    """To three digits: what is reckoned from measurements is no more exact."""
    return round(count, 3 - len(str(count))) if count > 999 else count


def _span(duration_s: float) -> str:
    if duration_s < 1:
        return "less than a second"
    return f"{duration_s:.0f} seconds" if duration_s < 120 else f"{duration_s / 60:.1f} minutes"
