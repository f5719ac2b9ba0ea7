"""Which scenarios a pytest run starts, and how long each may take: those that suit the target, within a budget of time.

Pure; knows the scenarios by name alone. What suits is asked from the limit that the target's headers state.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

UNTOLD_PER_S = 20.0  # of SteadyRate, where the target states no limit
OF_ALLOWANCE = 0.5  # so that no legal limiter refuses
MOST_OF_ALLOWANCE = 0.8  # the same, where less would give too few answers
ENOUGH = 110  # answers for a 99th percentile, and some to spare
STARTUP_S = 4.0  # of a process with Locust in it, from nothing to its first request, and its end


@dataclass(frozen=True)
class Terms:
    """The allowance as the target tells it; None where it tells none."""

    limit: int | None
    window_s: float

    def within(self, seconds: float) -> float:
        """Requests that are surely let in during that time."""
        return float("inf") if self.limit is None else self.limit * seconds / self.window_s


@dataclass(frozen=True)
class Part:
    """What one scenario asks of a run; `unsuited` says why it would tell nothing of this target, or None."""

    own_s: float  # what it likes to have
    least_s: float  # with less it tells nothing
    unsuited: Callable[[Terms], str | None]
    most: int = 1_000_000  # requests, whatever the cap of the run
    windows: float = 0  # of silence and bursts, where it ends by itself after as many


@dataclass(frozen=True)
class Planned:
    """One scenario of the run: its time in seconds, or why it is left out."""

    name: str
    seconds: float
    ends_by_itself: bool = False
    most: int = 1_000_000  # requests
    left_out: str | None = None


def _suits_all(_: Terms) -> None:
    return None


def _needs(requests: int, seconds: float, why: str) -> Callable[[Terms], str | None]:
    def unsuited(terms: Terms) -> str | None:
        if terms.within(seconds) >= requests:
            return None
        return f"the limit of {terms.limit} in {terms.window_s:g} s is too small: {why}"

    return unsuited


# In this order; what floods the target comes last, so that no other starves of the cap on requests.
PARTS: dict[str, Part] = {
    "ThrottleProbe": Part(0, 0, _suits_all, most=20_000, windows=15),
    "BatchSizes": Part(30, 20, _needs(40, 30, "it takes 40 requests to tell how cost grows"), most=2_000),
    "SteadyRate": Part(30, 10, _needs(20, 30, "it takes 20 requests to tell a latency")),
    "Stampede": Part(30, 22, _needs(2, 10, "no two requests are let in at once"), most=5_000),
    "FillAllowance": Part(30, 12, _suits_all),
    "Capacity": Part(60, 30, _needs(500, 10, "the limiter would be all that a search finds")),
    "Flood": Part(15, 5, _needs(500, 10, "nearly all of a flood would be refused")),
}
SCENARIOS = tuple(PARTS)


def plan(names: Iterable[str], terms: Terms, budget_s: float) -> list[Planned]:
    """Each of those scenarios with its share of the time, or the reason why it is left out; in the order given."""
    chosen = list(names)
    unsuited = {name: why for name in chosen if (why := PARTS[name].unsuited(terms))}
    left_s, least, dropped = budget_s, dict[str, float](), dict[str, str]()
    for name in chosen:
        needs_s = STARTUP_S + PARTS[name].least_s + PARTS[name].windows * terms.window_s
        if name in unsuited:
            continue
        if needs_s > left_s:
            dropped[name] = f"no time is left for it within the {budget_s:g} s of --load-time"
            continue
        left_s -= needs_s
        least[name] = needs_s - STARTUP_S
    wishes_s = sum(_more_s(name) for name in least)
    given = min(1.0, left_s / wishes_s) if wishes_s else 0.0
    return [
        Planned(name, least[name] + given * _more_s(name), PARTS[name].windows > 0, PARTS[name].most)
        if name in least
        else Planned(name, 0, left_out=unsuited.get(name) or dropped[name])
        for name in chosen
    ]


def foretold(names: Iterable[str], window_s: float, budget_s: float, cap: int) -> Iterator[str]:
    """What those scenarios would take of a target whose limit suits them all: a line each, under a heading."""
    yield f"\n{'load scenario':16} {'seconds':>8} {'requests at most':>18}"
    for each in plan(names, Terms(None, window_s), budget_s):
        takes = f"{each.seconds:8.0f} {min(each.most, cap):18,}"
        yield f"{each.name:16} {takes}" if each.left_out is None else f"{each.name:16} left out: {each.left_out}"
    yield "By itself, with a sample of its batches: locust NAME --headless --dry-run"


def steady_rate_per_s(terms: Terms, seconds: float) -> float:
    """Requests a second that no legal limiter refuses, and so many that they tell a p99 in that time, if they can."""
    if terms.limit is None:
        return UNTOLD_PER_S
    allowed = terms.limit / terms.window_s
    return min(max(OF_ALLOWANCE * allowed, ENOUGH / max(seconds, 1.0)), MOST_OF_ALLOWANCE * allowed)


def _more_s(name: str) -> float:
    return PARTS[name].own_s - PARTS[name].least_s
