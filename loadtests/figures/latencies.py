"""Latencies in mergeable HDR histograms, in microseconds. Pure but for the arithmetic.

A histogram keeps three significant digits from a microsecond to an hour; two add up to what one would have held.
"""

import numpy as np
import numpy.typing as npt
from hdrh.histogram import HdrHistogram

LONGEST_US = 3_600_000_000
DIGITS = 3
PERCENTILES = {"p50_ms": 50.0, "p90_ms": 90.0, "p95_ms": 95.0, "p99_ms": 99.0, "p999_ms": 99.9}

Seconds = npt.NDArray[np.float64]


def histogram_of(latencies_s: Seconds) -> HdrHistogram:
    """A histogram of latencies in seconds."""
    histogram = HdrHistogram(1, LONGEST_US, DIGITS)
    microseconds = np.clip(np.rint(latencies_s * 1e6), 1, LONGEST_US).astype(np.int64)
    values, counts = np.unique(microseconds, return_counts=True)
    for value, count in zip(values.tolist(), counts.tolist(), strict=True):
        histogram.record_value(value, count)
    return histogram


def merged(encoded: list[str]) -> HdrHistogram:
    """One histogram of several, each as `written`. Raises what hdrh does for a text that is none."""
    histogram = HdrHistogram(1, LONGEST_US, DIGITS)
    for text in encoded:
        histogram.decode_and_add(text.encode())
    return histogram


def written(histogram: HdrHistogram) -> str:
    """The histogram in HDR's own base64 form."""
    encoded: bytes = histogram.encode()
    return encoded.decode()


def beyond(histogram: HdrHistogram, most_ms: float) -> int:
    """How many took longer than that."""
    steps = histogram.get_recorded_iterator()
    return sum(step.count_added_in_this_iter_step for step in steps if step.value_iterated_to > most_ms * 1000)


def percentiles_of(histogram: HdrHistogram) -> dict[str, float | int | None]:
    """In milliseconds, with how many latencies there are; None where there is none."""
    count = int(histogram.get_total_count())
    at = {
        name: _ms(histogram.get_value_at_percentile(percent)) if count else None
        for name, percent in PERCENTILES.items()
    }
    largest = _ms(histogram.get_max_value()) if count else None
    mean = _ms(histogram.get_mean_value()) if count else None
    return {**at, "max_ms": largest, "mean_ms": mean, "count": count}


def _ms(microseconds: float) -> float:
    return round(microseconds / 1000, 3)
