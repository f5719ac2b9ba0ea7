"""What a batch costs by its size: a base, so much a record, and whether it grows faster than linearly. Pure.

Fits t = base + b * n ** p to what each size takes undisturbed, and t = base + per_record * n; intervals come from the
bootstrap over the samples of each size, of which a size that was tried seldom has too few. Their lower end, which may
stop a release, is the surer one. Undisturbed is the lower quartile: what else happens on a machine only ever makes an
answer later, and the work itself shows in every quantile. Where next to nothing grows, p may be anything: it is then
told as it shows in the latency itself, of the larger half of sizes. Twice the records, 2 ** p times as long.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

RESAMPLES = 200
LEAST_SIZES, LEAST_SAMPLES = 4, 12
LEAST_EACH = 4
SELDOM = 1 / 3  # of the samples of the size that has most
SURE = (0.5, 97.5)  # percent, between which a figure lies
EXPONENTS = np.linspace(0.2, 4.0, 191)
OPEN = 1.0  # an interval of p wider than this leaves it open
HARDLY = 1.5  # times as long as the least batch takes the largest, at most, where next to nothing grows
UNDISTURBED = 0.25  # quantile
Numbers = npt.NDArray[np.float64]


def costs(samples: Mapping[int, Sequence[float]], seed: int = 0) -> dict[str, Any] | None:
    """The fit to latencies in ms by size; None where there are too few to say anything."""
    least_often = max(LEAST_EACH, SELDOM * max(map(len, samples.values()), default=0))
    samples = {size: values for size, values in samples.items() if len(values) >= least_often}
    if len(samples) < LEAST_SIZES or sum(map(len, samples.values())) < LEAST_SAMPLES:
        return None
    sizes = np.array(sorted(samples), dtype=float)
    chance = np.random.default_rng(seed)
    undisturbed = np.array([np.quantile(samples[int(size)], UNDISTURBED) for size in sizes])
    drawn = [_resampled(samples, sizes, chance) for _ in range(RESAMPLES)]
    best, resampled = np.array(_fit(sizes, undisturbed)), np.array([_fit(sizes, latencies) for latencies in drawn])
    low, high = np.percentile(resampled, SURE, axis=0)
    grown = np.percentile([latencies[-1] / latencies[0] for latencies in drawn], SURE[1])
    least, most = np.percentile([_growth(sizes, latencies) for latencies in drawn], SURE)
    if high[2] - low[2] > OPEN or grown < HARDLY:
        best[2], low[2], high[2] = _growth(sizes, undisturbed), least, most
    else:  # a base only hides growth: p is no less than what shows
        low[2] = min(max(low[2], least), high[2])
        best[2] = max(best[2], low[2])
    named = ("base", "per_record", "exponent")
    told: dict[str, Any] = {}
    for place, name in enumerate(named):
        unit = "" if name == "exponent" else "_ms"
        told[f"{name}{unit}"] = round(float(best[place]), 6)
        told[f"{name}_interval"] = [round(float(low[place]), 6), round(float(high[place]), 6)]
    return {**told, "superlinear": bool(low[2] > 1.0)}


def _resampled(samples: Mapping[int, Sequence[float]], sizes: Numbers, chance: np.random.Generator) -> Numbers:
    drawn = (chance.choice(samples[int(size)], len(samples[int(size)])) for size in sizes)
    return np.array([np.quantile(values, UNDISTURBED) for values in drawn])


def _growth(sizes: Numbers, latencies_ms: Numbers) -> float:
    """The slope of latency over size, both as logarithms, of the larger half."""
    half = min(len(sizes) // 2, len(sizes) - 3)
    return float(np.polyfit(np.log(sizes[half:]), np.log(np.maximum(latencies_ms[half:], 1e-3)), 1)[0])


def _fit(sizes: Numbers, latencies_ms: Numbers) -> tuple[float, float, float]:
    """Base, cost per record, exponent: of a + b * n ** p with neither below 0, the p that leaves least."""
    weights = 1 / np.maximum(latencies_ms, 1e-3)
    per_record, base = np.polyfit(sizes, latencies_ms, 1, w=np.sqrt(weights))
    share, y = weights**2 / np.sum(weights**2), latencies_ms[:, None]
    x = (sizes[:, None] / sizes[-1]) ** EXPONENTS
    mean_x, mean_y = share @ x, float(share @ latencies_ms)
    slope = np.maximum((share @ (x * y) - mean_x * mean_y) / (share @ x**2 - mean_x**2), 0)
    through_0 = mean_y < slope * mean_x
    slope = np.where(through_0, share @ (x * y) / (share @ x**2), slope)
    off = y - slope * x - np.where(through_0, 0, mean_y - slope * mean_x)
    return float(base), float(per_record), float(EXPONENTS[np.argmin(share @ off**2)])


def thinned(sizes: list[int], requests: float) -> list[int]:
    """As many of the sizes as get their samples of so many requests, the least and the largest among them."""
    fewest, each = LEAST_SIZES + 1, LEAST_EACH + 1
    if len(sizes) <= fewest or requests >= len(sizes) * each:
        return sizes
    most = max(fewest, int(requests) // each)
    return [sizes[round(place * (len(sizes) - 1) / (most - 1))] for place in range(most)]
