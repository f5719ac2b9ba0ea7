"""What a gate can be set on: how each measure is read from a scenario's figures, and what it takes to be trusted.

Pure. The figures are those of report.json's `load`, one scenario's; a key that is not there was not measured.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from scipy.special import bdtrc

from loadtests.figures.latencies import beyond, merged

CHANCE = 1e-4  # of a server that keeps a bound to be taken for one that does not
Figures = Mapping[str, Any]


@dataclass(frozen=True)
class Measure:
    """One figure of a scenario, with its unit ("ms", "share", "/s" or none) and the samples that it rests on."""

    words: str
    unit: str
    more_is_better: bool
    read: Callable[[Figures], float | None]
    samples: Callable[[Figures], int]
    least: int = 20  # samples
    timed: bool = True  # says nothing of the target where this generator fell behind
    interval: Callable[[Figures], tuple[float, float] | None] = lambda _: None
    # Whether even too few samples leave no doubt that the figure lies beyond a bound.
    surely_beyond: Callable[[Figures, float], bool] = lambda _, __: False
    lacking: Callable[[Figures], str | None] = lambda _: None  # what was not measured, so that no bound is surely kept

    def written(self, value: float) -> str:
        """The value with its unit, as a person reads it."""
        if self.unit == "ms":
            return f"{value / 1000:.4g} s" if value >= 1000 else f"{value:.3g} ms"
        if self.unit == "share":
            return f"{value * 100:.4g} %"
        return f"{value:.4g}{self.unit}"


def _at(*keys: str) -> Callable[[Figures], float | None]:
    """The number at that place, None where there is none."""

    def read(figures: Figures) -> float | None:
        value: Any = figures
        for key in keys:
            value = value.get(key) if isinstance(value, Mapping) else None
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
        return float(value) if is_number else None

    return read


def _count(*keys: str) -> Callable[[Figures], int]:
    return lambda figures: int(_at(*keys)(figures) or 0)


def _share(part: Callable[[Figures], float], whole: Callable[[Figures], float]) -> Callable[[Figures], float | None]:
    return lambda figures: part(figures) / whole(figures) if whole(figures) else None


def _tail(least: float, of: float, share: float) -> float:
    """The chance that so many or more of all are met, each with that probability; NaN for a share that is none."""
    return float(bdtrc(least - 1, int(of), share))  # as scipy.stats.binom.sf, whose import takes a second


def _surely_more(part: Callable[[Figures], float], whole: Callable[[Figures], float]) -> Callable[..., bool]:
    """Of a true share at the bound, so many would hardly ever be."""
    return lambda figures, bound: _tail(part(figures), whole(figures), bound) < CHANCE


def _settled(figures: Figures) -> int:
    """Requests whose end was seen: neither still under way nor given up by us."""
    return _count("answered")(figures) + _count("failed")(figures)


def _errors(figures: Figures) -> float:
    statuses: Mapping[str, int] = figures.get("statuses") or {}
    return _count("failed")(figures) + sum(number for status, number in statuses.items() if status.startswith("5"))


def _sizes(figures: Figures) -> int:
    points = (figures.get("batch_sizes") or {}).get("points") or ()
    return sum(int(point["n"]) for point in points)


def _sizes_lacking(figures: Figures) -> str | None:
    sizes = (figures.get("batch_sizes") or {}).get("unmeasured") or ()
    return f"saw no batch of {', '.join(map(str, sizes))} records accepted" if sizes else None


def _steps(figures: Figures) -> int:
    return len((figures.get("capacity") or {}).get("steps") or ())


def _interval(*keys: str) -> Callable[[Figures], tuple[float, float] | None]:
    def read(figures: Figures) -> tuple[float, float] | None:
        value: Any = figures
        for key in keys:
            value = value.get(key) if isinstance(value, Mapping) else None
        return (float(value[0]), float(value[1])) if value else None

    return read


# A quantile needs samples beyond it: one at the least.
_PERCENTILES = {"p50": 20, "p90": 20, "p95": 20, "p99": 100, "p999": 1000, "mean": 20, "max": 20}
_SLOWER = {"p50": 0.5, "p90": 0.1, "p95": 0.05, "p99": 0.01, "p999": 0.001}  # the share of answers beyond each


def _surely_beyond(clock: str, share: float) -> Callable[[Figures, float], bool]:
    """Of answers of which that share may be slower than the bound, so many would hardly ever be."""

    def surely(figures: Figures, bound_ms: float) -> bool:
        written = (figures.get("histograms") or {}).get(clock)
        if not written:
            return False
        histogram = merged([written])
        slower = beyond(histogram, bound_ms)
        return _tail(slower, histogram.get_total_count(), share) < CHANCE

    return surely


def _latencies(prefix: str, clock: str, words: str) -> dict[str, Measure]:
    return {
        f"{prefix}{name}_ms": Measure(
            f"{name} of latency {words}", "ms", False, _at("latency", clock, f"{name}_ms"),
            _count("latency", clock, "count"), least, surely_beyond=_surely_beyond(clock, _SLOWER.get(name, 1.0)),
        )
        for name, least in _PERCENTILES.items()
    }  # fmt: skip


def _cost(key: str, words: str, unit: str) -> Measure:
    place = ("batch_sizes", key)
    # Of a cost the interval is judged: a slope through noise may come out anywhere in it.
    bounds = _interval("batch_sizes", f"{key.removesuffix('_ms')}_interval")
    return Measure(words, unit, False, _at(*place), _sizes, interval=bounds, lacking=_sizes_lacking)


MEASURES: Mapping[str, Measure] = {
    **_latencies("", "due", "from due time"),
    **_latencies("sent_", "sent", "from send time"),
    "error_share": Measure(
        "share of requests without an answer or with a 5xx", "share", False, _share(_errors, _settled), _settled,
        timed=False, surely_beyond=_surely_more(_errors, _settled),
    ),
    "wrong_share": Measure(
        "share of wrong answers", "share", False, _share(_count("wrong"), _count("answered")),
        _count("answered"), timed=False, surely_beyond=_surely_more(_count("wrong"), _count("answered")),
    ),
    "refused_share": Measure(
        "share of answers 429", "share", False, _share(_count("refused"), _count("answered")),
        _count("answered"),
    ),
    "goodput_per_s": Measure("right answers 200 a second", "/s", True, _at("goodput_per_s"), _count("answered")),
    "achieved_per_s": Measure("answers a second", "/s", True, _at("achieved_per_s"), _count("answered")),
    "records_per_s": Measure(
        "accepted records a second", "/s", True,
        _share(_count("records_accepted"), lambda figures: _at("duration_s")(figures) or 0.0),
        _count("answered"),
    ),
    "capacity_per_s": Measure("capacity in requests a second", "/s", True, _at("capacity", "rate_per_s"), _steps, 2),
    "used_share": Measure(
        "share of the allowance that was used", "share", True, _at("allowance", "used_share"), _count("answered")
    ),
    "cost_exponent": _cost("exponent", "exponent of the cost of a batch in its size", ""),
    "base_ms": _cost("base_ms", "cost of a batch before its first record", "ms"),
    "per_record_ms": _cost("per_record_ms", "cost of each record of a batch", "ms"),
}  # fmt: skip
