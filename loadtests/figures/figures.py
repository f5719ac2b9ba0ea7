"""A scenario's figures, from its rows alone: what was offered, sent, answered, refused, and how long it took. Pure."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from contracts.history.rows import IN_FLIGHT, RESENT, RIGHT, WRONG, Rows
from loadtests.figures.latencies import histogram_of, percentiles_of, written

MOST_POINTS = 600  # of the series
Mask = npt.NDArray[np.bool_]
LATE_S = 0.1  # later than due by this, a request counts as behind
LATE_SHARE = 0.02  # of requests behind, from which on the generator is saturated
BUSY_SHARE = 0.95  # of one core, likewise


@dataclass(frozen=True, slots=True)
class Generator:
    """How this side did: `late` requests went out more than LATE_S after they were due though a user was free for each,
    the worst of them `worst_s`; `busy` is the share of one core that it used, `lost` are workers that went away.
    """

    users: int
    arrival: str = "closed"
    late: int = 0
    worst_s: float = 0.0
    busy: float = 0.0
    lost: int = 0

    def saturated(self, sent: int) -> bool:
        """Whether it fell behind, so that it is no measure of the target."""
        return self.late > LATE_SHARE * sent or self.busy > BUSY_SHARE


def figures(rows: Rows, generator: Generator) -> dict[str, Any]:
    """Everything that any load scenario tells."""
    answered, in_flight = rows["status"] > 0, rows["cause"] == IN_FLIGHT
    refused, right = rows["status"] == 429, (rows["flags"] & RIGHT) > 0
    began_s, ended_s = _span(rows)
    duration_s = max(ended_s - began_s, 1e-9)
    statuses, counts = np.unique(rows["status"][answered], return_counts=True)
    sent, achieved = len(rows), int(answered.sum())
    let_in = rows[answered & ~refused]  # a refusal is quick: among them a slow answer would hardly show
    due, since_sent = (histogram_of(let_in["answered_s"] - let_in[name]) for name in ("due_s", "sent_s"))
    turned_away = histogram_of(rows["answered_s"][refused] - rows["sent_s"][refused])
    return {
        "users": generator.users,
        "duration_s": round(duration_s, 3),
        "arrival": generator.arrival,
        "sent": sent,
        "answered": achieved,
        "failed": int(_failed(rows).sum()),
        "resent": int(_resent(rows).sum()),
        "in_flight": int(in_flight.sum()),
        "statuses": {str(status): int(count) for status, count in zip(statuses, counts, strict=True)},
        "refused": int(refused.sum()),
        "wrong": int(((rows["flags"] & WRONG) > 0).sum()),
        "records": int(rows["records"].sum()),
        "records_accepted": int(rows["accepted"].sum()),
        "offered_per_s": None if generator.arrival == "closed" else _per_s(sent, duration_s),
        "achieved_per_s": _per_s(achieved, duration_s),
        "goodput_per_s": _per_s(int((right & (rows["status"] == 200)).sum()), duration_s),
        "behind": {
            "share": round(generator.late / max(sent, 1), 6),
            "worst_s": round(generator.worst_s, 6),
            "saturated": generator.saturated(sent),
        },
        "workers_lost": generator.lost,
        "latency": {
            "due": percentiles_of(due),
            "sent": percentiles_of(since_sent),
            "refused": percentiles_of(turned_away),  # from send time
        },
        "histograms": {"due": written(due), "sent": written(since_sent)},
        "series": series(rows, began_s, ended_s),
    }


def _resent(rows: Rows) -> Mask:
    """A kept connection closed before the first byte is nobody's failure: the batch was sent again."""
    resent: Mask = rows["cause"] == RESENT
    return resent


def _failed(rows: Rows) -> Mask:
    failed: Mask = (rows["status"] == 0) & (rows["cause"] != IN_FLIGHT) & ~_resent(rows)
    return failed


def _span(rows: Rows) -> tuple[float, float]:
    if not len(rows):
        return 0.0, 0.0
    return float(min(rows["due_s"].min(), rows["sent_s"].min())), float(rows["answered_s"].max())


def _per_s(count: int, duration_s: float) -> float:
    return round(count / duration_s, 3)


def series(rows: Rows, began_s: float, ended_s: float) -> list[dict[str, Any]]:
    """What happened second by second, or in longer steps where a run is longer than MOST_POINTS seconds."""
    if not len(rows):
        return []
    step_s = max(1.0, float(np.ceil((ended_s - began_s) / MOST_POINTS)))
    place = {name: ((rows[name] - began_s) // step_s).astype(np.int64) for name in ("due_s", "sent_s", "answered_s")}
    last = int(place["answered_s"].max())
    offered, sent = (np.bincount(place[name], minlength=last + 1) for name in ("due_s", "sent_s"))
    order = np.argsort(place["answered_s"], kind="stable")
    edges = np.searchsorted(place["answered_s"][order], np.arange(last + 2))
    return [
        {
            "t_s": round(k * step_s, 3),
            "offered": int(offered[k]),
            "sent": int(sent[k]),
            **_point(rows[order[edges[k] : edges[k + 1]]]),
        }
        for k in range(last + 1)
    ]


def _point(rows: Rows) -> dict[str, Any]:
    """Of what was answered in one step."""
    answered = rows[rows["status"] > 0]
    told = answered["remaining"][answered["remaining"] >= 0]
    point: dict[str, Any] = {
        "answered": len(answered),
        "refused": int((answered["status"] == 429).sum()),
        "failed": int(_failed(rows).sum()),
        "remaining": int(told[-1]) if len(told) else None,
    }
    let_in = answered[answered["status"] != 429]
    for name in ("due", "sent"):
        latencies_ms = (let_in["answered_s"] - let_in[f"{name}_s"]) * 1000
        for percent in (50, 99):
            value = round(float(np.percentile(latencies_ms, percent)), 3) if len(let_in) else None
            point[f"{name}_p{percent}_ms"] = value
    return point
