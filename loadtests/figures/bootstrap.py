"""How far two runs' quantiles lie apart, with an interval that their autocorrelation does not fool. Pure.

The requests of one run resemble their neighbours (one slow second is many slow answers), so that whole blocks of time
are drawn again, not single requests (Carlstein 1986). What differs from one run to the next, such as a neighbour on the
same machine, no single run can show: that is what a practical threshold is for.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

BLOCKS = 40  # of a run; each far longer than its answers' memory, and enough of them to draw from
RESAMPLES = 1_000
COVERAGE = 0.99
BINS = 1_000  # of the pooled latencies, on a logarithmic scale
SMALLEST_MS = 1e-3
SEED = 1

Latencies = npt.NDArray[np.float64]  # in milliseconds, in the order of sending


@dataclass(frozen=True)
class Difference:
    """B less A: `low` to `high` holds the truth with COVERAGE, as far as these two runs can tell."""

    a: float
    b: float
    low: float
    high: float


def quantile_differences(a: Latencies, b: Latencies, quantiles: tuple[float, ...]) -> list[Difference]:
    """For each quantile. Raises ValueError where a run has fewer latencies than BLOCKS."""
    for run in (a, b):
        if len(run) < BLOCKS:
            raise ValueError(f"{len(run)} answers are fewer than {BLOCKS}")
    pooled = np.concatenate([a, b]).clip(SMALLEST_MS)
    edges = np.geomspace(pooled.min(), pooled.max() * 1.001, BINS + 1)
    random = np.random.default_rng(SEED)
    drawn_a, drawn_b = (_drawn(run, edges, quantiles, random) for run in (a, b))
    tail = (1 - COVERAGE) / 2
    lows, highs = np.quantile(drawn_b - drawn_a, (tail, 1 - tail), axis=0)
    of_a, of_b = np.quantile(a, quantiles), np.quantile(b, quantiles)
    return [Difference(*map(float, values)) for values in zip(of_a, of_b, lows, highs, strict=True)]


def _drawn(
    run: Latencies, edges: Latencies, quantiles: tuple[float, ...], random: np.random.Generator
) -> npt.NDArray[np.float64]:
    """The quantiles of RESAMPLES runs made of this one's blocks; shape (RESAMPLES, quantiles)."""
    blocks = np.array([np.histogram(block.clip(SMALLEST_MS), edges)[0] for block in np.array_split(run, BLOCKS)])
    times = random.multinomial(BLOCKS, np.full(BLOCKS, 1 / BLOCKS), RESAMPLES)  # how often each block is drawn
    below = np.cumsum(
        times.astype(np.float64) @ blocks.astype(np.float64), axis=1
    )  # whole numbers have no fast product
    middles = np.sqrt(edges[:-1] * edges[1:])
    places = [np.argmax(below >= quantile * below[:, -1:], axis=1) for quantile in quantiles]
    return np.stack([middles[place] for place in places], axis=1)
