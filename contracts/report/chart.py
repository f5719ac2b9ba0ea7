"""A line chart as geometry: where every point, tick and hover column of an SVG of fixed size stands. Knows no figure.

Drawn here and not by a plotting library: some fifty lines of SVG that inherit the page's colours in light, dark and on
paper, need no script and no font, and can be read aloud; a library's would bring its runtime or a frozen theme.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

WIDTH, HEIGHT = 560, 260  # of the whole picture, in its own units: so few that its text can be read on a phone
LEFT, RIGHT, TOP, BOTTOM = 62, 34, 28, 50  # margins that hold the labels
APART = 60, 18  # between two ticks, along and upwards
COLUMN = 4  # least distance of two places that tell their values: narrower ones could not be pointed at

Point = tuple[float, float]
Column = tuple[float, float, float, tuple[str, ...], tuple[tuple[int, float], ...]]  # left, width, middle, lines, dots
T = TypeVar("T")


@dataclass(frozen=True)
class Series:
    """One line, or marks alone where `joined` is False; `stepped` where a value stays until the next is told."""

    name: str
    points: tuple[Point, ...]
    joined: bool = True
    stepped: bool = False


@dataclass(frozen=True)
class Axis:
    """`ticks` None chooses them; `unit` stands behind a value that is told on hover."""

    label: str
    unit: str = ""
    log: bool = False
    ticks: tuple[tuple[float, str], ...] | None = None

    def told(self, value: float) -> str:
        """A value with its unit, by the name of its tick where it has one."""
        named = next((name for at, name in self.ticks or () if math.isclose(at, value)), None)
        return named or f"{short(value)}{self.unit and ' ' + self.unit}"


@dataclass(frozen=True)
class Chart:
    """A picture in data: `words` say what it shows to whoever cannot see it."""

    title: str
    words: str
    x: Axis
    y: Axis
    series: tuple[Series, ...]
    shaded: tuple[tuple[float, float], ...] = ()  # stretches of x with a ground of their own


@dataclass(frozen=True)
class Drawn:
    """The same in the picture's units."""

    lines: tuple[tuple[int, str], ...]  # number of the series, path
    marks: tuple[tuple[int, float, float], ...]
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    columns: tuple[Column, ...]
    shaded: tuple[tuple[float, float], ...]  # left, width


class _Scale:
    """From values to units; a log scale leaves out what is not above zero."""

    def __init__(self, axis: Axis, values: Sequence[float], start: float, end: float, from_zero: bool) -> None:
        self._log = axis.log
        kept = [value for value in values if math.isfinite(value) and (value > 0 or not axis.log)] or [1.0]
        low, high = min(kept), max(kept)
        if from_zero and not axis.log:
            low = min(0.0, low)
        if low == high:
            low, high = (low / 2, high * 2) if axis.log else (low - 0.5, high + 0.5) if low else (0.0, 1.0)
        chosen = axis.ticks or tuple((at, short(at)) for at in (_decades if axis.log else _steps)(low, high))
        # A scale ends at a tick, so that the uppermost value can be read off.
        if axis.ticks is None:
            low, high = min(low, chosen[0][0]), max(high, chosen[-1][0])
        self._low, self._span = self._of(low), self._of(high) - self._of(low)
        self._start, self._length = start, end - start
        self.ticks = _apart([(self.at(at), name) for at, name in chosen if low <= at <= high], APART[start > end])

    def _of(self, value: float) -> float:
        return math.log10(value) if self._log else value

    def shows(self, value: float) -> bool:
        return math.isfinite(value) and (value > 0 or not self._log)

    def at(self, value: float) -> float:
        return round(self._start + self._length * (self._of(value) - self._low) / self._span, 1)


def _apart(places: Sequence[tuple[float, T]], least: int) -> tuple[tuple[float, T], ...]:
    """Without those that would touch their neighbours."""
    kept: list[tuple[float, T]] = []
    for at, what in places:
        if not kept or abs(at - kept[-1][0]) >= least:
            kept.append((at, what))
    return tuple(kept)


def draw(chart: Chart) -> Drawn:
    """The chart's geometry."""
    everything = [point for series in chart.series for point in series.points]
    edges = [edge for stretch in chart.shaded for edge in stretch]
    x = _Scale(chart.x, [at for at, _ in everything] + edges, LEFT, WIDTH - RIGHT, from_zero=False)
    y = _Scale(chart.y, [value for _, value in everything], HEIGHT - BOTTOM, TOP, from_zero=True)
    shown = [
        [(x.at(at), y.at(value)) for at, value in series.points if x.shows(at) and y.shows(value)]
        for series in chart.series
    ]
    return Drawn(
        lines=tuple(
            (n, _path(p, chart.series[n].stepped)) for n, p in enumerate(shown) if chart.series[n].joined and len(p) > 1
        ),
        marks=tuple((n, *at) for n, p in enumerate(shown) if not chart.series[n].joined or len(p) == 1 for at in p),
        x_ticks=x.ticks,
        y_ticks=y.ticks,
        columns=_columns(chart, x, y),
        shaded=tuple((x.at(begin), round(x.at(end) - x.at(begin), 1)) for begin, end in chart.shaded),
    )


def _path(points: Sequence[Point], stepped: bool) -> str:
    if not stepped:
        return "M" + "L".join(f"{x:g} {y:g}" for x, y in points)
    return f"M{points[0][0]:g} {points[0][1]:g}" + "".join(f"H{x:g}V{y:g}" for x, y in points[1:])


def _columns(chart: Chart, x: _Scale, y: _Scale) -> tuple[Column, ...]:
    """Places side by side, at least `COLUMN` from one another, each with what every series has there."""
    told = [dict(series.points) for series in chart.series]
    places = _apart([(x.at(at), at) for at in sorted({at for points in told for at in points if x.shows(at)})], COLUMN)
    if not places:
        return ()
    middles = [middle for middle, _ in places]
    edges = [float(LEFT), *((a + b) / 2 for a, b in pairwise(middles)), float(WIDTH - RIGHT)]
    names = [f"{series.name} " if len(told) > 1 else "" for series in chart.series]
    columns = []
    for (middle, at), (left, right) in zip(places, pairwise(edges), strict=True):
        here = [(n, points[at]) for n, points in enumerate(told) if at in points]
        lines = (chart.x.told(at), *(names[n] + chart.y.told(value) for n, value in here))
        dots = tuple((n, y.at(value)) for n, value in here if y.shows(value))
        columns.append((round(left, 1), round(right - left, 1), middle, lines, dots))
    return tuple(columns)


def thinned(items: Sequence[T], most: int) -> list[T]:
    """At most that many of them, evenly spread, the first and the last among them."""
    if len(items) <= most:
        return list(items)
    return [items[round(number * (len(items) - 1) / (most - 1))] for number in range(most)]


def _steps(low: float, high: float) -> list[float]:
    """Four to nine round numbers from at or below `low` to at or above `high`."""
    raw = (high - low) / 5
    size = 10 ** math.floor(math.log10(raw))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= raw)
    return [step * number for number in range(math.floor(low / step), math.ceil(high / step) + 1)]


def _decades(low: float, high: float) -> list[float]:
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    parts = (1, 2, 5) if len(powers) <= 3 else (1,)
    every = [part * 10.0**power for power in powers for part in parts]
    first = max((at for at in every if at <= low), default=every[0])
    last = min((at for at in every if at >= high), default=every[-1])
    return [at for at in every if first <= at <= last]


def short(value: float) -> str:
    """Three significant digits, without an exponent."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else "–"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{digits}f}".rstrip("0").rstrip(".") if digits else f"{value:,.0f}"
