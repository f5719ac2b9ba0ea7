"""Several runs against one target as one report.json: the contracts' and, after it, each load scenario's."""

from collections.abc import Mapping, Sequence
from typing import Any

from contracts.finding import Verdict
from contracts.observations import NOT_TRIED
from contracts.observations.limiter import at_batches_of
from contracts.report.document import SHOWN, verdict_over

OF_LIMITER = ("limiter-class", "limiter-window")


def fold(parent: Mapping[str, Any], children: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """`parent` is the report of the run that started the others; `children` are in the order of their start."""
    runs = [parent, *children]
    rows = _folded_promises(runs)
    verdict = verdict_over(rows)
    owing = [run for run in runs if any(row["in_scope"] for row in run["promises"])]
    reasons = [run["reason"] for run in owing if run["reason"]]
    return {
        **parent,
        "verdict": verdict,
        "reason": None if verdict == Verdict.HELD else _first(reasons),
        "requests": sum(run["requests"] for run in runs),
        "retries": sum(run["retries"] for run in runs),
        "records": sum(run["records"] for run in runs),
        "first_finding_at": _first_finding_at(parent, children),
        "promises": rows,
        "observations": _folded_observations(runs),
        "limiter": _folded_limiter(runs),
        "load": {name: figures for run in runs for name, figures in (run["load"] or {}).items()} or None,
    }


def _folded_promises(runs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    by_id: dict[str, list[Mapping[str, Any]]] = {}
    for run in runs:
        for row in run["promises"]:
            by_id.setdefault(row["id"], []).append(row)
    return [_folded_promise(rows) for rows in by_id.values()]


def _folded_promise(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    verdict = verdict_over(rows)
    scope = [row for row in rows if row["in_scope"]] or rows[:1]
    doubts = [row["reason"] for row in scope if row["reason"]]
    findings = [finding for row in rows for finding in row["findings"]]
    examined = sum(row["examined"] for row in rows)
    seen = [row["seen"] for row in rows if row.get("seen")]  # of a gate: by each scenario that it speaks of
    return {
        **rows[0],
        "verdict": verdict,
        "in_scope": any(row["in_scope"] for row in rows),
        "examined": examined,
        "occasion": None if examined else _first([row["occasion"] for row in scope if row["occasion"]]),
        "reason": _first(doubts) if verdict == Verdict.UNDECIDED else None,
        **({"seen": "; ".join(seen)} if seen else {}),
        "found": sum(row["found"] for row in rows),
        "findings": findings[:SHOWN],
    }


def _first_finding_at(parent: Mapping[str, Any], children: Sequence[Mapping[str, Any]]) -> int | None:
    """The scenarios went after the parent's drivers and before the retries of its findings."""
    if parent["first_finding_at"] is not None:
        return int(parent["first_finding_at"])
    before = parent["requests"] - parent["retries"]
    for child in children:
        if child["first_finding_at"] is not None:
            return int(before + child["first_finding_at"])
        before += child["requests"]
    return None


def _folded_observations(runs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each question's first answer that is one; of the limiter that of the run which tells most of it."""
    sharpest = _sharpest(runs)
    told: dict[str, dict[str, Any]] = {}
    for run in runs:
        for row in run["observations"]:
            of_limiter = row["id"] in OF_LIMITER and run is sharpest
            if told.setdefault(row["id"], row)["answer"] == NOT_TRIED or of_limiter:
                told[row["id"]] = row
    return list(told.values())


def _folded_limiter(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """What the sharpest run tells of it, with the largest batch that any of them saw taken."""
    sharpest = _sharpest(runs)
    if sharpest is None:
        return None
    limiter: dict[str, Any] = sharpest["limiter"]
    largest = max((run["limiter"].get("largest_batch") or 0 for run in runs if run["limiter"]), default=0)
    return limiter | at_batches_of(largest, limiter.get("safe_rate_per_s"))


def _sharpest(runs: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    telling = [run for run in runs if run["limiter"]]
    alive = [run for run in telling if run["limiter"]["candidates"]]
    return min(alive, key=lambda run: len(run["limiter"]["candidates"]), default=_first(telling))


def _first(items: Sequence[Any]) -> Any:
    return items[0] if items else None
