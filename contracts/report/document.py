"""report.json: a run as data for programs.

Text that came from a server stands in it as it came, but for what UTF-8 cannot hold: whoever shows it must escape it.
"""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from contracts.evidence import Evidence, cases_tried
from contracts.exchanges.exchange import Exchange
from contracts.finding import Finding, Ruling, Verdict
from contracts.observations import observe
from contracts.observations.limiter import limiter
from contracts.report.conclusion import Conclusion
from contracts.report.curl import curl
from contracts.report.gates import gate_rows
from contracts.report.html import ONCE, page
from contracts.report.junit import junit

SCHEMA = 1
SHOWN = 5  # findings of one promise; `found` counts them all


def compose(conclusion: Conclusion) -> dict[str, Any]:
    """report.json of one run. Beyond the interface's keys: `room`, `retries`, and of each promise its words."""
    facts = conclusion.story.facts
    evidence = Evidence.of(conclusion.story)
    load = conclusion.load or {}
    rows = [*_promises(conclusion), *gate_rows(load)]
    verdict = verdict_over(rows)
    return {
        "schema": SCHEMA,
        "verdict": verdict,
        "reason": _reason(verdict, rows, conclusion.reason),
        "room": facts.room,
        "target": {"base_url": facts.base_url, "document_sha256": facts.document_sha256},
        "seed": facts.seed,
        "requests": conclusion.requests,
        "retries": conclusion.retries,
        "records": _records(evidence),
        "cases": _cases(evidence),
        "first_finding_at": conclusion.first_finding_at,
        "started_at": facts.started_at.isoformat().replace("+00:00", "Z"),
        "duration_s": round(conclusion.duration_s, 3),
        "promises": rows,
        "observations": [
            {"id": seen.id, "question": seen.question, "answer": _writable(seen.answer)} for seen in observe(evidence)
        ],
        "limiter": limiter(evidence),
        "load": dict(load) or None,
    }


def _cases(evidence: Evidence) -> dict[str, int]:
    tried, requests = cases_tried(evidence)
    return {"tried": tried, "requests": requests}


def _records(evidence: Evidence) -> int:
    """Of a flood those of all rows, and of the exchanges that have none."""
    in_rows = frozenset(evidence.rows["seq"].tolist())
    others = sum(len(seen.body.records) for seen in evidence.seen if seen.seq not in in_rows)
    return others + int(evidence.rows["records"].sum())


def _reason(verdict: str, rows: Sequence[Mapping[str, Any]], ended_early: str | None) -> str | None:
    if verdict == Verdict.HELD:
        return None
    scope = [row for row in rows if row["in_scope"]]
    doubts = [row["reason"] for row in scope if row["reason"]] if scope else ["nothing that ran owes a promise"]
    return ended_early or (next(iter(doubts), None) if verdict == Verdict.UNDECIDED else None)


def _promises(conclusion: Conclusion) -> list[dict[str, Any]]:
    exchanges = {exchange.seq: exchange for exchange in conclusion.story.exchanges}
    base_url = conclusion.story.facts.base_url
    return [
        _promise(ruling, base_url, exchanges, conclusion.certainty.get(ruling.promise.id, ONCE))
        for ruling in conclusion.rulings
    ]


def _promise(ruling: Ruling, base_url: str, exchanges: Mapping[int, Exchange], certainty: str) -> dict[str, Any]:
    promise = ruling.promise
    shown = ruling.findings[:SHOWN]
    return {
        "id": promise.id,
        "level": promise.level.value,
        "quote": promise.quote,
        "meaning": promise.meaning,
        "verdict": ruling.verdict.value,
        "in_scope": ruling.in_scope,
        "examined": ruling.examined,
        "occasion": ruling.occasion,
        "reason": _writable(ruling.reason) if ruling.reason else None,
        "found": len(ruling.findings),
        "findings": [
            _finding(finding, base_url, exchanges, ONCE if number else certainty)
            for number, finding in enumerate(shown)
        ],
    }


def _finding(finding: Finding, base_url: str, exchanges: Mapping[int, Exchange], certainty: str) -> dict[str, Any]:
    last = exchanges.get(finding.witness[-1]) if finding.witness else None
    return {
        "expected": _writable(finding.expected),
        "actual": _writable(finding.actual),
        "certainty": "in sequence" if finding.sequence else certainty,
        "witness": list(finding.witness),
        "index": finding.index,
        "pointer": _writable(finding.pointer) if finding.pointer is not None else None,
        "curl": curl(base_url, last.request) if last else None,
    }


def _writable(text: str) -> str:
    """A lone surrogate, which JSON can spell and UTF-8 cannot, by its escape."""
    return text.encode("utf-8", "backslashreplace").decode()


def verdict_over(rows: Sequence[Mapping[str, Any]]) -> str:
    """As the judge's `verdict_of`, over rows of a report: of one promise in several runs, or of all promises."""
    if any(row["verdict"] == Verdict.BROKEN for row in rows):
        return Verdict.BROKEN.value
    scope = [row for row in rows if row["in_scope"]]
    held = bool(scope) and all(row["verdict"] == Verdict.HELD for row in scope)
    return (Verdict.HELD if held else Verdict.UNDECIDED).value


def write(folder: Path, document: Mapping[str, Any]) -> None:
    """The three reports in the folder, each whole or not at all; raises OSError as writing does."""
    write_whole(folder / "report.json", msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
    write_whole(folder / "junit.xml", junit(document))
    write_page(folder, document)


def write_page(folder: Path, document: Mapping[str, Any]) -> None:
    """report.html alone, from the document and the histories in the folder."""
    write_whole(folder / "report.html", page(folder, document).encode())


def write_whole(path: Path, content: bytes) -> None:
    """In one step, so that a reader never meets half a file; raises OSError as writing does."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        aside.write_bytes(content)
        aside.replace(path)
    except OSError:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
        raise
