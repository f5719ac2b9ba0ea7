"""A run's story in about twenty lines for a person at a terminal. Opens nothing; reads report.json's document alone.

What came from a server is escaped and bounded by `safe`, so that an answer cannot script the terminal.
"""

from collections.abc import Callable, Mapping, Sequence
from textwrap import wrap
from typing import Any

from contracts.command import safe
from contracts.report.known import excused
from contracts.report.remedies import remedy
from openapi.ledger import BY_ID

LONGEST_COMMAND = 2000
CHANGES = 5  # shown of those since the baseline
BROKEN = 7  # told in a line each, of those that are not argued
COLOURS = {"held": "32", "broken": "31", "undecided": "33"}
BOLD = "1"
BRIEF = 100  # characters of what came, where one line has to do
NARROWEST, WIDEST = 40, 100  # characters of a line
INDENT = 11  # of what stands behind "undecided"
INDENT_ARGUED = 16
ENDLESS = 10_000  # of a line that is not for a terminal


def lines(document: Mapping[str, Any], colour: bool, width: int = WIDEST, argued: int = 1) -> list[str]:
    """Broken promises, what is undecided and why, what held, and last the verdict.

    The first broken ones, as many as are to be `argued`, argue in full; the others in a line each.
    """
    page = _Page(min(max(width, NARROWEST), WIDEST), colour)
    rows = document["promises"]
    broken = [row for row in rows if row["verdict"] == "broken" and not excused(row)]
    for row in broken[:argued]:
        page.lines += [*argument(row, colour, page.width), ""]
    _in_brief(page, broken[argued:])
    _left_out(page, document)
    _undecided(page, rows)
    if held := " ".join(row["id"] for row in rows if row["verdict"] == "held"):
        page.add("held", held)
    _baseline(page, document)
    _counts(page, document)
    colours = f"{BOLD};{COLOURS[document['verdict']]}"
    page.lines += [_paint(line, colours, colour) for line in wrap(_verdict(document), page.width)]
    return page.lines


class _Page:
    """Lines as they are told, none wider than the terminal."""

    def __init__(self, width: int, colour: bool) -> None:
        self.width, self.colour = width, colour
        self.lines: list[str] = []

    def add(self, word: str, text: str) -> None:
        """A text behind its word, which has a colour where it is a verdict."""
        told = _hanging(f"{word:{INDENT}}", text, self.width)
        if word in COLOURS:
            told[0] = told[0].replace(word, _paint(word, COLOURS[word], self.colour), 1)
        self.lines += told


def _hanging(head: str, text: str, width: int) -> list[str]:
    return wrap(text, width, initial_indent=head, subsequent_indent=" " * len(head), break_on_hyphens=False) or [head]


def _in_brief(page: _Page, broken: Sequence[Mapping[str, Any]]) -> None:
    shown = broken if len(broken) <= BROKEN + 1 else broken[:BROKEN]
    for row in shown:
        page.add("broken", f"{row['id']}: {briefly(row)}")
    if more := broken[len(shown) :]:
        page.add("broken", f"{' '.join(row['id'] for row in more)}: see the report")


def briefly(row: Mapping[str, Any]) -> str:
    """What came instead, and how many times."""
    actual = safe((row["findings"] or [{"actual": row["meaning"]}])[0]["actual"].partition("\n")[0], BRIEF)
    return f"{actual} ({row['found']} times)" if row["found"] > 1 else actual


def argument(row: Mapping[str, Any], colour: bool = False, width: int = ENDLESS) -> list[str]:
    """One broken promise of the report: what was promised, expected and seen, whom it harms, how surely it shows, and
    how to see it again."""
    own = row["level"] == "gate"  # which says itself what to expect
    told = [_paint(f"{row['id']}  {row['level']}  broken", COLOURS["broken"], colour)]

    def add(word: str, text: str) -> None:
        told.extend(_hanging(f"  {word:{INDENT_ARGUED - 2}}", text, width))

    add(*(("your gate", safe(row["meaning"])) if own else ("the document", f'"{safe(row["quote"])}"')))
    if not row["findings"]:
        return told
    finding = row["findings"][0]
    if not own:
        add("expected", safe(finding["expected"]))
    _actual(add, told, finding["actual"])
    if promise := BY_ID.get(row["id"]):
        add("harm", promise.harm)
    more = f"; {row['found']} findings in all" if row["found"] > 1 else ""
    where = f", in {_witness(finding['witness'])}" if finding["witness"] else ""
    add("how often", f"{how_surely(finding['certainty'])}{where}{more}")
    if finding["curl"]:
        told.append(f"  see it        {_command(finding['curl'])}")
    return told


def _actual(add: Callable[[str, str], None], told: list[str], text: str) -> None:
    """A sentence, or up to a dozen lines: a throttling finding draws its history."""
    first, *drawn = text.splitlines()[:15] or [""]
    add("actual", safe(first))
    told += [f"{'':{INDENT_ARGUED}}{safe(line)}" for line in drawn]


def _witness(seqs: Sequence[int]) -> str:
    shown = ", ".join(f"#{seq}" for seq in seqs[-4:])
    word = "exchange" if len(seqs) == 1 else "exchanges"
    return f"{word} {shown}" if len(seqs) <= 4 else f"{len(seqs)} {word}, the last {shown}"


def _command(command: str) -> str:
    """Whole, or not at all: half a command is worse than none."""
    if len(command) > LONGEST_COMMAND:
        return f"a curl command of {len(command)} characters, in report.json"
    return safe(command, LONGEST_COMMAND * 4, keep="\n")


def _left_out(page: _Page, document: Mapping[str, Any]) -> None:
    """The load scenarios that did not run, those of one reason together."""
    by_reason: dict[str, list[str]] = {}
    for name, figures in (document["load"] or {}).items():
        if why := figures.get("left_out"):
            by_reason.setdefault(why, []).append(name)
    for why, names in by_reason.items():
        page.add("left out", f"{', '.join(names)}: {safe(why)}")


def _undecided(page: _Page, rows: Sequence[Mapping[str, Any]]) -> None:
    """One paragraph a reason, with the promises that it leaves open."""
    by_reason: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        if row["verdict"] == "undecided" and row["in_scope"]:
            by_reason.setdefault(row["reason"] or "no reason given", []).append(row)
    for reason, open_rows in by_reason.items():
        ids = " ".join(row["id"] for row in open_rows)
        told = {remedy(row) for row in open_rows}
        advice = f". {told.pop()}" if len(told) == 1 else ""
        page.add("undecided", f"{ids}: {safe(reason)}{advice}")


def _baseline(page: _Page, document: Mapping[str, Any]) -> None:
    """What is known, and what changed where the document is silent."""
    baseline = document.get("baseline") or {"known": [], "changed": []}
    for each in baseline["known"]:
        page.add("known", f"{each['id']}: {each['state']}; until {each['until']}: {safe(each['reason'])}")
    for each in baseline["changed"][:CHANGES]:
        page.add("changed", f"{each['id']}: {safe(each['before'], 80)} -> {safe(each['now'], 80)}")
    if len(baseline["changed"]) > CHANGES:
        page.add("changed", f"{len(baseline['changed']) - CHANGES} more, in report.html")


def _counts(page: _Page, document: Mapping[str, Any]) -> None:
    rows = document["promises"]
    scope = [row for row in rows if row["in_scope"] or row["verdict"] == "broken"]
    told = [f"{sum(row['verdict'] == name for row in scope)} {name}" for name in ("held", "broken", "undecided")]
    if outside := len(rows) - len(scope):
        told.append(f"{outside} not in this run's scope")
    retries = f" ({document['retries']} of them retries)" if document["retries"] else ""
    sent = f"{_number(document['requests'], 'request')}{retries}, {_number(document['records'], 'record')}"
    target = safe(document["target"]["base_url"])
    page.lines += wrap(", ".join(told), page.width)
    page.lines += _hanging("", f"{target}: {sent}, {document['duration_s']:.0f} s, seed {document['seed']}", page.width)


def _number(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def _verdict(document: Mapping[str, Any]) -> str:
    known = ", ".join(row["id"] for row in document["promises"] if excused(row))
    but = f", but for what is known of {known}" if known else ""
    why = f" ({safe(document['reason'])})" if document["reason"] else ""
    return f"verdict: {document['verdict']}{but}{why}"


def how_surely(certainty: str) -> str:
    """The report's certainty in words."""
    words = {"always": "each time it was tried", "1 of 1": "seen once", "in sequence": "seen over several requests"}
    return words.get(certainty, f"{certainty} times" if " of " in certainty else certainty)


def _paint(text: str, code: str, colour: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if colour else text
