"""When requests are due in an open model: by the clock, whatever has become of those before. Pure.

"Closed" users wait for their answers, and so a target that stalls is spared the very requests that would have waited
(coordinated omission). Here a stall leaves every request due when it was, and its latency counts from then.
"""

import math
import random
from collections.abc import Iterator

ARRIVALS = ("constant", "ramp", "poisson")


def due_times(arrival: str, rate_per_s: float, seconds: float, seed: int = 0) -> Iterator[float]:
    """Every moment, in seconds from the start, at which a request is due, in order; all lie before `seconds`.

    constant: evenly; ramp: evenly denser, from none to `rate_per_s` at the end; poisson: by chance, `rate_per_s` a
    second on average, the same for the same seed. Raises ValueError for another word or a rate that is none.
    """
    if not 0 < rate_per_s < math.inf:
        raise ValueError(f"{rate_per_s:g} requests a second is no rate")
    match arrival:
        case "constant":
            return _constant(rate_per_s, seconds)
        case "ramp":
            return _ramp(rate_per_s, seconds)
        case "poisson":
            return _poisson(rate_per_s, seconds, random.Random(seed))  # noqa: S311 — the same seed, the same moments
    raise ValueError(f"{arrival} is none of {', '.join(ARRIVALS)}")


def _constant(rate_per_s: float, seconds: float) -> Iterator[float]:
    number = 0
    while (due_s := number / rate_per_s) < seconds:
        yield due_s
        number += 1


def _ramp(rate_per_s: float, seconds: float) -> Iterator[float]:
    """By t seconds rate * t² / (2 * seconds) are due: the k-th when that reaches k."""
    number = 1
    while (due_s := math.sqrt(2 * number * seconds / rate_per_s)) < seconds:
        yield due_s
        number += 1


def _poisson(rate_per_s: float, seconds: float, chance: random.Random) -> Iterator[float]:
    due_s = chance.expovariate(rate_per_s)
    while due_s < seconds:
        yield due_s
        due_s += chance.expovariate(rate_per_s)


class Arrivals:
    """Due times handed out to whoever is free next; tells how far this generator itself was behind.

    A user that is free before its request is due and yet sends late was held up by this process; one that becomes free
    only later was held up by the target.
    """

    def __init__(self, times: Iterator[float], began_s: float, late_s: float) -> None:
        self._times, self._began_s, self._late_s = times, began_s, late_s
        self.late, self.worst_s = 0, 0.0
        self.never_free = 0  # requests for which no user was free when they were due

    def next_s(self, now_s: float) -> float | None:
        """When the next request is due, in the run's seconds; None when there are no more."""
        time_s = next(self._times, None)
        if time_s is None:
            return None
        due_s = self._began_s + time_s
        self.never_free += due_s < now_s
        return due_s

    def went(self, due_s: float, sent_s: float) -> None:
        """A user that had been free in time sent then."""
        self.late += sent_s - due_s > self._late_s
        self.worst_s = max(self.worst_s, sent_s - due_s)
