"""Every legal limiter that is tried against a history, by name."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

from contracts.rules.limiters.buckets import FineLumps, Lumps, TokenBucket
from contracts.rules.limiters.counter import SlidingCounter
from contracts.rules.limiters.decisions import EXACT, Clock
from contracts.rules.limiters.logs import SlidingLog
from contracts.rules.limiters.rows import TICK, Model, Terms
from contracts.rules.limiters.windows import FixedClock, FixedFirst

CANDIDATES = (
    "fixed-first",
    "fixed-first-restarting",
    "fixed-clock",
    "sliding-log",
    "sliding-log-counting",
    "sliding-counter",
    "token-bucket",
    "token-bucket-lumps",
    "leaky",
)
_SHORTEST_TICK = 1 / 100  # of the window; all below are judged as one
_PARTS = ((1.2, 2), (1.06, 3))  # a range of ticks of a greater ratio is cut into so many
_PHASES = 10  # cells into which the unknown phase of a whole-second clock is cut

Suspect = tuple[Model[Any], Clock]


def ticks(longest_s: float, ranges: int) -> list[tuple[float, float]]:
    """Ranges of equal ratio into which the unknown length of a refill's tick is cut."""
    edges = [longest_s * _SHORTEST_TICK ** (k / (ranges - 1)) for k in range(ranges - 1, -1, -1)]
    return list(pairwise(edges))


def models(terms: Terms, tick_ranges: int = 21) -> list[Model[Any]]:
    """All variants of all candidates; those of one name differ in what the document leaves open.

    tick_ranges: the more, the sharper the buckets filled in lumps are judged, and the slower.
    """
    found: list[Model[Any]] = [
        FixedFirst(terms, restarting=False),
        FixedFirst(terms, restarting=True),
        FixedClock(terms),
        SlidingLog(terms, counting=False),
        SlidingLog(terms, counting=True),
    ]
    for rounds_up in (False, True):
        found += [SlidingCounter(terms, rounds_up, counting) for counting in (False, True)]
        found.append(TokenBucket(terms, terms.limit, rounds_up))
        found.append(TokenBucket(terms, 1, rounds_up, name="leaky"))
        found.append(FineLumps(terms, terms.longest_s * _SHORTEST_TICK, rounds_up))
        found += [Lumps(terms, lo, hi, rounds_up) for lo, hi in ticks(terms.longest_s, tick_ranges)]
    return found


def finer(suspect: Suspect) -> list[Suspect]:
    """The same limiter with what is not known of it cut into ranges: all of these may be refuted where it is not.

    None where it is known well enough: the length of a bucket's tick, and the phase of whole seconds.
    """
    model, clock = suspect
    if isinstance(model, Lumps):
        return [(part, clock) for part in _shorter_ranges(model)]
    width_s = clock.phase_hi_s - clock.phase_lo_s
    if width_s < clock.tick_s or not clock.tick_s:
        return []
    edges = [clock.phase_lo_s + width_s * k / _PHASES for k in range(_PHASES + 1)]
    return [(model, replace(clock, phase_lo_s=lo, phase_hi_s=hi)) for lo, hi in pairwise(edges)]


def _shorter_ranges(model: Lumps) -> list[Lumps]:
    """Within a wide range the size of the lumps is known too badly."""
    ratio = model.tick_hi_s / model.tick_lo_s
    parts = next((parts for wide, parts in _PARTS if ratio > wide), 0)
    edges = [model.tick_lo_s * ratio ** (k / parts) for k in range(parts + 1)] if parts else []
    return [replace(model, tick_lo_s=lo, tick_hi_s=hi) for lo, hi in pairwise(edges)]


def exact(terms: Terms) -> list[Suspect]:
    """All models of servers that know the time to its last digit, the quickest to try first."""
    found = models(terms)
    lumps = [model for model in found if isinstance(model, Lumps)]
    quick = [model for model in found if not isinstance(model, Lumps)]
    return [(model, EXACT) for model in (*quick, *sorted(lumps, key=lambda model: -model.tick_lo_s))]


def coarse(terms: Terms) -> list[Suspect]:
    """Those that look otherwise where the server keeps its times in whole seconds, from whatever phase."""
    alike = ("fixed-clock", "token-bucket", "token-bucket-lumps", "leaky")
    tick_s = TICK * terms.window_s
    return [(model, Clock(tick_s, 0.0, tick_s)) for model in models(terms) if model.name not in alike]


def unusual(terms: Terms) -> list[Suspect]:
    """Servers supposed where no usual one explains the answers: whole seconds, a Remaining read off late, or both.

    Not late: buckets filled in lumps, whose libraries tell in one what was taken and what is left.
    """
    everybody = (*exact(terms), *coarse(terms))
    late = [(model, replace(clock, late=True)) for model, clock in everybody if model.name != "token-bucket-lumps"]
    return [*coarse(terms), *late]
