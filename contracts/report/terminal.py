"""A run's story in about twenty lines for a person at a terminal. Opens nothing; reads report.json's document alone.

What came from a server is escaped and bounded on its way in here, so that an answer cannot script the terminal.
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap
from typing import Any

from contracts.report.remedies import remedy

LONGEST = 300  # characters of a text that a server had a hand in
LONGEST_COMMAND = 2000
MARKS = 4  # on one letter
CHANGES = 5  # shown of those since the baseline
COLOURS = {"held": "32", "broken": "31", "undecided": "33"}
BOLD = "1"
BRIEF = 100  # characters of what came, where one line has to do
WIDTH = 90  # of the line of promises that held


def lines(document: Mapping[str, Any], colour: bool, argued: bool = False) -> list[str]:
    """Broken promises with an argument, what is undecided and why, what held, and last the verdict.

    The first broken promise argues in full, the others in a line each; all in a line where they were `argued` above.
    """
    rows = document["promises"]
    broken = [row for row in rows if row["verdict"] == "broken"]
    told = [] if argued else [line for row in broken[:1] for line in (*argument(row, colour), "")]
    told += [_briefly(row, colour) for row in broken[0 if argued else 1 :]]
    told += [
        *_left_out(document),
        *_undecided(rows, colour),
        *_held(rows, colour),
        *_baseline(document),
        _counts(document),
        _verdict(document, colour),
    ]
    return told


def _briefly(row: Mapping[str, Any], colour: bool) -> str:
    actual = safe((row["findings"] or [{"actual": row["meaning"]}])[0]["actual"].partition("\n")[0], BRIEF)
    times = f" ({row['found']} times)" if row["found"] > 1 else ""
    return f"{_paint('broken', COLOURS['broken'], colour)}     {row['id']}: {actual}{times}"


def argument(row: Mapping[str, Any], colour: bool = False) -> list[str]:
    """One broken promise of the report: what was promised, expected and seen, how surely, and how to see it again."""
    own = row["level"] == "gate"  # which says itself what to expect
    promised = f"your gate     {safe(row['meaning'])}" if own else f'the document  "{safe(row["quote"])}"'
    told = [_paint(f"{row['id']}  {row['level']}  broken", COLOURS["broken"], colour), f"  {promised}"]
    if not row["findings"]:
        return told
    finding = row["findings"][0]
    told += [] if own else [f"  expected      {safe(finding['expected'])}"]
    told += _actual(finding["actual"])
    more = f"; {row['found']} findings in all" if row["found"] > 1 else ""
    where = f", in {_witness(finding['witness'])}" if finding["witness"] else ""
    told.append(f"  how often     {how_surely(finding['certainty'])}{where}{more}")
    if finding["curl"]:
        told.append(f"  see it        {_command(finding['curl'])}")
    return told


def _actual(text: str) -> Iterator[str]:
    """Up to a dozen lines: a throttling finding draws its history."""
    for number, line in enumerate(text.splitlines()[:15] or [""]):
        yield f"  {'actual' if number == 0 else '':12}  {safe(line)}"


def _witness(seqs: Sequence[int]) -> str:
    shown = ", ".join(f"#{seq}" for seq in seqs[-4:])
    word = "exchange" if len(seqs) == 1 else "exchanges"
    return f"{word} {shown}" if len(seqs) <= 4 else f"{len(seqs)} {word}, the last {shown}"


def _command(command: str) -> str:
    """Whole, or not at all: half a command is worse than none."""
    if len(command) > LONGEST_COMMAND:
        return f"a curl command of {len(command)} characters, in report.json"
    return safe(command, LONGEST_COMMAND * 4, keep="\n")


def _undecided(rows: Sequence[Mapping[str, Any]], colour: bool) -> Iterator[str]:
    """One line a reason, with the promises that it leaves open."""
    scope = [row for row in rows if row["verdict"] == "undecided" and row["in_scope"]]
    by_reason: dict[str, list[Mapping[str, Any]]] = {}
    for row in scope:
        by_reason.setdefault(row["reason"] or "no reason given", []).append(row)
    for reason, open_rows in by_reason.items():
        ids = " ".join(row["id"] for row in open_rows)
        told = {remedy(row) for row in open_rows}
        advice = f". {told.pop()}" if len(told) == 1 else ""
        yield f"{_paint('undecided', COLOURS['undecided'], colour)}  {ids}: {safe(reason)}{advice}"


def _left_out(document: Mapping[str, Any]) -> Iterator[str]:
    """The load scenarios that would have told nothing of this target."""
    for name, figures in (document["load"] or {}).items():
        if figures.get("left_out"):
            yield f"left out   {name}: {safe(figures['left_out'])}"


def _held(rows: Sequence[Mapping[str, Any]], colour: bool) -> Iterator[str]:
    held = " ".join(row["id"] for row in rows if row["verdict"] == "held")
    for line in wrap(held, WIDTH, break_on_hyphens=False):
        yield f"{_paint('held', COLOURS['held'], colour)}       {line}"


def _baseline(document: Mapping[str, Any]) -> Iterator[str]:
    """What is known, and what changed where the document is silent."""
    baseline = document.get("baseline") or {"known": [], "changed": []}
    for each in baseline["known"]:
        yield f"known      {each['id']}: {each['state']}; until {each['until']}: {safe(each['reason'])}"
    for each in baseline["changed"][:CHANGES]:
        yield f"changed    {each['id']}: {safe(each['before'], 80)} -> {safe(each['now'], 80)}"
    if len(baseline["changed"]) > CHANGES:
        yield f"changed    {len(baseline['changed']) - CHANGES} more, in report.html"


def _counts(document: Mapping[str, Any]) -> str:
    rows = document["promises"]
    scope = [row for row in rows if row["in_scope"] or row["verdict"] == "broken"]
    told = ", ".join(
        f"{sum(row['verdict'] == name for row in scope)} {name}" for name in ("held", "broken", "undecided")
    )
    outside = len(rows) - len(scope)
    return (
        f"{told}, {outside} not in this run's scope; {document['requests']} requests ({document['retries']} of them "
        f"retries), {document['records']} records, {document['duration_s']:.0f} s, seed {document['seed']}"
    )


def _verdict(document: Mapping[str, Any], colour: bool) -> str:
    verdict = document["verdict"]
    why = f" ({safe(document['reason'])})" if document["reason"] else ""
    return _paint(f"verdict: {verdict}{why}", f"{BOLD};{COLOURS[verdict]}", colour)


def how_surely(certainty: str) -> str:
    """The report's certainty in words."""
    words = {"always": "each time it was tried", "1 of 1": "seen once", "in sequence": "seen over several requests"}
    return words.get(certainty, f"{certainty} times" if " of " in certainty else certainty)


def safe(text: str, longest: int = LONGEST, keep: str = "") -> str:
    """The text with every character that a terminal acts on, or does not show, by its escape; cut at `longest`.

    So are marks beyond what any script piles on one letter: a hundred would be drawn across the lines above.
    """
    cut = text if len(text) <= longest else text[: longest - 1] + "…"
    told, marks = [], 0
    for each in cut:
        category = unicodedata.category(each)
        marks = marks + 1 if category[0] == "M" else 0
        shows = each in keep or each == " " or (category[0] not in "CZ" and marks <= MARKS)
        told.append(each if shows else ascii(each)[1:-1])
    return "".join(told)


def _paint(text: str, code: str, colour: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if colour else text
