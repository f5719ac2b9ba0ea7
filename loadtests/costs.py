"""What a batch costs by its size: a base, so much a record, and whether it grows faster than linearly. Pure.

Fits t = base + b * n ** p to what each size takes undisturbed, and t = base + per_record * n; intervals come from the
bootstrap over the samples of each size (95 %). Undisturbed is the lower quartile: what else happens on a machine only
ever makes an answer later, and the work itself shows in every quantile.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import curve_fit

RESAMPLES = 200
LEAST_SIZES, LEAST_SAMPLES = 4, 12
EXPONENTS = (0.2, 4.0)
UNDISTURBED = 0.25  # quantile
Numbers = npt.NDArray[np.float64]


def costs(samples: Mapping[int, Sequence[float]], seed: int = 0) -> dict[str, Any] | None:
    """The fit to latencies in ms by size; None where there are too few to say anything."""
    if len(samples) < LEAST_SIZES or sum(map(len, samples.values())) < LEAST_SAMPLES:
        return None
    sizes = np.array(sorted(samples), dtype=float)
    chance = np.random.default_rng(seed)
    best = _fit(sizes, np.array([np.quantile(samples[int(size)], UNDISTURBED) for size in sizes]))
    resampled = np.array([_fit(sizes, _resampled(samples, sizes, chance)) for _ in range(RESAMPLES)])
    low, high = np.percentile(resampled, [2.5, 97.5], axis=0)
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


def _fit(sizes: Numbers, latencies_ms: Numbers) -> tuple[float, float, float]:
    """Base, cost per record, exponent."""
    per_record, base = np.polyfit(sizes, latencies_ms, 1, w=1 / np.sqrt(np.maximum(latencies_ms, 1e-3)))
    scale = float(latencies_ms.max())
    begin = (max(float(latencies_ms.min()) * 0.9, 1e-6), max(float(per_record), 1e-6), 1.0)
    try:
        found, _ = curve_fit(
            lambda n, a, b, p: a + b * n**p,
            *(sizes, latencies_ms),
            p0=begin,
            sigma=np.maximum(latencies_ms, 1e-3),
            bounds=((0, 0, EXPONENTS[0]), (scale + 1e-6, scale + 1e-6, EXPONENTS[1])),
            maxfev=2000,
        )
        exponent = float(found[2])
    except RuntimeError:  # no fit: the exponent may be anything
        exponent = EXPONENTS[1]
    return float(base), float(per_record), exponent
