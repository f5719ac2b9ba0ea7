"""The user's own gates as rows of report.json's `promises`, beside the document's. Rules on nothing itself."""

from collections.abc import Iterator, Mapping
from typing import Any

QUOTE = "(your own gate)"


def gate_rows(load: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """One row for each gate in the figures of a run's scenarios, `{scenario: {"gates": [...], ...}}`."""
    for figures in load.values():
        yield from map(_row, figures.get("gates") or ())


def _row(gate: Mapping[str, Any]) -> dict[str, Any]:
    broken = gate["verdict"] == "broken"
    return {
        "id": gate["id"],
        "level": "gate",
        "quote": QUOTE,
        "meaning": gate["what"],
        "verdict": gate["verdict"],
        "in_scope": True,
        "examined": gate["samples"],
        "occasion": None,
        "reason": gate["reason"],
        "seen": gate["seen"],
        "found": int(broken),
        "findings": [_finding(gate)] if broken else [],
    }


def _finding(gate: Mapping[str, Any]) -> dict[str, Any]:
    """A figure has no single exchange that proves it."""
    return {
        "expected": gate["what"],
        "actual": f"{gate['seen']}, over {gate['samples']:,} samples",
        "certainty": "over the whole scenario",
        "witness": [],
        "curl": None,
    }
