"""How a break that the baseline lists stands in a run, in the words of the report, and which of these fail it."""

from collections.abc import Mapping
from typing import Any

BROKEN, AGAIN, STRUCK, PAST = "broken", "holds again", "holds again, and is off the list now", "past its date"
AGAINST = (AGAIN, PAST)
PARTLY, UNTRIED, OPEN = "held by the part of its tests that ran", "not tried", "undecided"


def against(state: Mapping[str, Any]) -> str:
    """Why a known break in this state fails the run."""
    if state["state"] == AGAIN:
        return f"{state['id']} is listed as a known break and holds again: take it off the baseline"
    return f"{state['id']} is a known break whose date, {state['until']}, has passed"


def excused(row: Mapping[str, Any]) -> bool:
    """A known break that its baseline still puts up with."""
    return (row.get("known") or {}).get("state") == BROKEN
