"""What an integrator needs to know of the limiter, as data: how fast, how many at once, how long to wait.

Pure. Every figure is the most careful of the candidates that explain the history: whichever of them it is, it holds.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from contracts.evidence import Evidence
from contracts.observations.allowance import LIMITERS
from contracts.rules.allowance import allowance_of, keys_share, rate_rows, second_key_rows
from contracts.rules.limiters import Row, Survey
from contracts.rules.limiters.rows import LONGEST

POINTS = 2_000  # of the timeline, at most
WINDOWED = ("fixed-first", "fixed-first-restarting")
CLOCKED = ("fixed-clock", "sliding-counter")


def limiter(evidence: Evidence) -> dict[str, Any] | None:
    """report.json's `limiter`; None without one constant Limit to try the candidates on.

    Times in seconds; `costs` by status as text: 0, 1, or null where not told apart; a figure is null where no candidate
    is left to reckon it from.
    """
    window_s = evidence.facts.window_s
    rows = rate_rows(evidence)
    survey = allowance_of(evidence)
    if survey.limit is None:
        return None
    second = second_key_rows(evidence)
    share = keys_share(rows, second, window_s) if second else None
    figures = _figures(survey, _records(evidence)) | {"keys_share": share}
    costs = {str(status): min(paid) if len(paid) == 1 else None for status, paid in survey.costs.items()}
    return {
        "candidates": list(survey.candidates),
        "limit": survey.limit,
        "window_s": survey.window_s,
        "phase_s": survey.phase_s,
        "costs": costs,
        "others_spend": survey.others_spend,
        **figures,
        "words": [*_words(survey, figures, costs), *_sharing(share, second)],
        "timeline": timeline(rows, survey),
    }


def safe_rate_per_s(name: str, limit: int, window_s: float) -> float:
    """The highest steady rate, evenly spaced, at which this limiter of the slowest legal window refuses nobody.

    A sliding counter wants room for a whole request on top of what it weighs, which is all but one of the Limit.
    """
    slowest_s = window_s * LONGEST
    if name != "sliding-counter":
        return limit / slowest_s
    return (limit - 1) / slowest_s if limit > 1 else 1 / (2 * slowest_s)


def wait_after_429_s(name: str, limit: int, window_s: float) -> float:
    """The silence, from the last refusal on, after which this limiter surely lets one request in.

    A sliding counter may have counted refusals, which weigh on the window after theirs.
    """
    slowest_s = window_s * LONGEST
    if name == "sliding-counter":
        return 2 * slowest_s
    return slowest_s / limit if name in ("token-bucket", "leaky") else slowest_s


def wait_for_burst_s(name: str, limit: int, window_s: float) -> float:
    """The silence after which this limiter surely lets its largest burst in."""
    slowest_s = window_s * LONGEST
    if name in ("sliding-counter", "token-bucket-lumps"):  # a lump may be as large as the bucket
        return 2 * slowest_s
    return slowest_s / limit if name == "leaky" else slowest_s


def _figures(survey: Survey, records: int) -> dict[str, Any]:
    names, limit, window_s = survey.candidates, survey.limit or 1, survey.window_s
    if not names:
        keys = ("safe_rate_per_s", "largest_burst", "wait_after_429_s", "wait_for_burst_s")
        return dict.fromkeys(keys) | at_batches_of(records, None)
    rate = min(safe_rate_per_s(name, limit, window_s) for name in names)
    return {
        "safe_rate_per_s": round(rate, 4),
        "largest_burst": 1 if "leaky" in names else limit,
        "wait_after_429_s": round(max(wait_after_429_s(name, limit, window_s) for name in names), 3),
        "wait_for_burst_s": round(max(wait_for_burst_s(name, limit, window_s) for name in names), 3),
        **at_batches_of(records, rate),
    }


def at_batches_of(records: int, rate_per_s: float | None) -> dict[str, int | None]:
    """What the allowance comes to with batches of so many records (0: none was taken)."""
    per_hour = int(rate_per_s * 3600 * records) if records and rate_per_s else None
    return {"largest_batch": records or None, "records_per_hour": per_hour}


def _records(evidence: Evidence) -> int:
    """The largest batch that was taken whole."""
    taken = (
        len(seen.body.records)
        for seen in evidence.seen
        if seen.authenticated and seen.results and all(result.status in ("ok", "warning") for result in seen.results)
    )
    return max(taken, default=0)


def _words(survey: Survey, figures: Mapping[str, Any], costs: Mapping[str, int | None]) -> list[str]:
    rate = f"{survey.limit} requests in {survey.window_s:g} s"
    if survey.others_spend:
        return [f"The Limit is {rate}, and someone else spends of this allowance: which limiter it is cannot be told."]
    if not survey.candidates:
        return [f"The Limit is {rate}, but no legal limiter of it gives these answers."]
    kinds = "; or ".join(LIMITERS[name] for name in survey.candidates)
    said = [f"{rate}, by {kinds}."]
    if survey.phase_s is not None:
        said.append(
            f"Its windows begin {survey.phase_s:.1f} s into the run and every {survey.window_s:g} s from there."
        )
    said += [
        f"Evenly spaced, {_number(figures['safe_rate_per_s'])} requests a second are never refused.",
        f"After {figures['wait_for_burst_s']:.3g} s of silence, {figures['largest_burst']} go at once.",
        f"After a 429, wait {figures['wait_after_429_s']:.3g} s without sending.",
    ]
    free = [status for status, cost in costs.items() if cost == 0]
    paid = [status for status, cost in costs.items() if cost == 1]
    said += [f"Answers {' and '.join(free)} cost nothing."] if free else []
    said += [f"Answers {' and '.join(paid)} cost a request each."] if paid else []
    return said


def _sharing(share: bool | None, second: Sequence[Row]) -> list[str]:
    """Whether two keys share the allowance; nothing where a second key was not tried."""
    if share is not None:
        return ["Two keys share one allowance." if share else "Each key has an allowance of its own."]
    if not second:
        return []
    turned_away = sorted({row.status for row in second if row.status in (401, 403)})
    why = f": the second was refused ({turned_away[0]})" if turned_away else ""
    return [f"Whether two keys share an allowance could not be told{why}."]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def timeline(rows: Sequence[Row], survey: Survey) -> dict[str, Any]:
    """`points` {t_s, status, remaining} in the order sent, thinned evenly to POINTS, and the `windows`' starts in s."""
    step = max(1, -(-len(rows) // POINTS))
    points = [{"t_s": round(row.sent_s, 3), "status": row.status, "remaining": row.remaining} for row in rows[::step]]
    return {"points": points, "windows": _windows(rows, survey)}


def _windows(rows: Sequence[Row], survey: Survey) -> list[float]:
    """Of the clock where the phase is known; else where the Remaining of a first-request window began anew."""
    if survey.phase_s is not None and rows:
        count = min(POINTS, int((rows[-1].answered_s - survey.phase_s) / survey.window_s) + 1)
        return [round(survey.phase_s + k * survey.window_s, 3) for k in range(count)]
    if not survey.candidates or any(name not in WINDOWED for name in survey.candidates):
        return []
    told = [row for row in rows if row.remaining is not None]
    after = (row for before, row in pairwise(told) if (row.remaining or 0) > (before.remaining or 0))
    return [round(row.sent_s, 3) for row in (*told[:1], *after)][:POINTS]
