"""Which pictures a load scenario's figures make: rates, both latencies, the cost of a batch. Draws nothing itself.

Reads one scenario's entry of report.json's `load`; a picture whose figures were not measured is left out.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from hdrh.histogram import HdrHistogram

from contracts.report.chart import Axis, Chart, Series, short

Figures = Mapping[str, Any]
PERCENTILES = (0.0, 10.0, 25.0, 50.0, 75.0, 90.0, 95.0, 99.0, 99.5, 99.9, 99.95, 99.99, 99.999)
_RATES = ("offered", "sent", "answered", "refused", "failed")
_CLOCKS = {"due": "from the moment due", "sent": "from the moment sent"}


def charts(figures: Figures) -> list[Chart]:
    """Every picture of one scenario, in the order in which they argue."""
    made = (_rates(figures), _latency(figures), _cost(figures))
    return [chart for chart in made if chart is not None]


def allowance_of(limiter: Figures) -> Chart | None:
    """What remained of the allowance after each answer, the refusals, and every other window shaded."""
    told = limiter.get("timeline") or {}
    points = told.get("points") or []
    remaining = tuple((row["t_s"], row["remaining"]) for row in points if row["remaining"] is not None)
    refused = tuple((row["t_s"], row["remaining"] or 0) for row in points if row["status"] == 429)
    if len(remaining) < 2:
        return None
    end = remaining[-1][0]
    edges = [at for at in (*(told.get("windows") or ()), end) if at <= end]
    shaded = " Every other window is shaded." if len(edges) > 1 else ""
    return Chart(
        "The allowance as it was told",
        f"X-RateLimit-Remaining over {short(end)} seconds, of a Limit of {limiter['limit']}; "
        f"answers shown: {len(points)}, of them refused: {len(refused)}.{shaded}",
        Axis("seconds since the run began", "s"),
        Axis("requests that remain"),
        (Series("remaining", remaining, stepped=True), Series("refused (429)", refused, joined=False))[
            : 2 if refused else 1
        ],
        tuple(pairwise(edges))[::2],
    )


def _rates(figures: Figures) -> Chart | None:
    rows = _whole_steps(figures)
    if len(rows) < 2:
        return None
    # Neighbours may have been merged: a count belongs to the time until the next row.
    widths = [max(after["t_s"] - row["t_s"], 1e-3) for row, after in pairwise(rows)]
    widths.append(widths[-1])
    told = [Series(key, _rate(rows, widths, key)) for key in _RATES]
    series = tuple(each for each in told if any(value for _, value in each.points))
    if not series:
        return None
    peaks = ", ".join(f"{each.name} at most {short(max(rate for _, rate in each.points))}" for each in series)
    return Chart(
        "Rates over time",
        f"Requests a second over {short(rows[-1]['t_s'] + widths[-1])} seconds: {peaks}.",
        Axis("seconds since the scenario began", "s"),
        Axis("requests a second", "/s"),
        series,
    )


def _whole_steps(figures: Figures) -> Sequence[Figures]:
    """The series without a last step that the scenario's end cut short: its rate would look like a fall."""
    rows, ended_s = figures.get("series") or [], figures.get("duration_s")
    if len(rows) < 2 or ended_s is None:
        return rows
    step_s = rows[-1]["t_s"] - rows[-2]["t_s"]
    return rows[:-1] if ended_s < rows[-1]["t_s"] + step_s / 2 else rows


def _rate(rows: Sequence[Figures], widths: Sequence[float], key: str) -> tuple[tuple[float, float], ...]:
    pairs = zip(rows, widths, strict=True)
    return tuple((row["t_s"], row[key] / width) for row, width in pairs if row.get(key) is not None)


def _latency(figures: Figures) -> Chart | None:
    curves = [(words, curve) for key, words in _CLOCKS.items() if len(curve := _curve(figures, key)) > 1]
    if not curves:
        return None
    values = [value for _, curve in curves for _, value in curve]
    if len(curves) > 1 and curves[0][1] == curves[1][1]:
        curves = [("from the moment sent, which was when it was due,", curves[1][1])]
    told = "; ".join(f"{words} {_summed(curve)}" for words, curve in curves)
    apart = (
        " Where the two part, requests waited to be sent, which their users feel as well." if len(curves) > 1 else ""
    )
    return Chart(
        "Latency by percentile",
        f"Counted {told}.{apart}",
        Axis("share of the answers that were no slower", ticks=tuple((_nines(at), f"{at:g} %") for at in PERCENTILES)),
        Axis("milliseconds", "ms", log=max(values) > 30 * max(1e-3, min(values))),
        tuple(Series(words, tuple((_nines(at), value) for at, value in curve)) for words, curve in curves),
    )


def _summed(curve: Sequence[tuple[float, float]]) -> str:
    last, most = curve[-1]
    told = [f"{short(value)} ms at {at:g} %" for at, value in curve if at in (50, 99) and at < last]
    return ", ".join([*told, f"{short(most)} ms at {last:g} %"])


def _nines(percentile: float) -> float:
    """A scale on which 90, 99 and 99.9 % stand equally far apart."""
    return -math.log10(1 - percentile / 100)


def _curve(figures: Figures, key: str) -> list[tuple[float, float]]:
    """(percentile, milliseconds) from the histogram; from the few percentiles told where there is none that reads."""
    histogram = _decoded((figures.get("histograms") or {}).get(key))
    if histogram is None:
        told = (figures.get("latency") or {}).get(key) or {}
        few = {50.0: "p50_ms", 90.0: "p90_ms", 99.0: "p99_ms", 99.9: "p999_ms"}
        return [(at, told[name]) for at, name in few.items() if told.get(name) is not None]
    count = histogram.get_total_count()
    # A percentile needs an answer beyond it: of a hundred answers none tells of 99.9 %.
    return [
        (at, histogram.get_value_at_percentile(at) / 1000)  # the histogram counts microseconds
        for at in PERCENTILES
        if at <= 50 or count * (100 - at) >= 100 * (1 - 1e-9)
    ]


def _decoded(text: object) -> Any:
    if not isinstance(text, str) or not text:
        return None
    try:
        histogram = HdrHistogram.decode(text)
    except Exception:  # noqa: BLE001 — the library's errors have no base of their own; the percentiles told remain
        return None
    return histogram if histogram.get_total_count() else None


def _cost(figures: Figures) -> Chart | None:
    sizes = figures.get("batch_sizes") or {}
    points = tuple((float(row["records"]), float(row["p50_ms"])) for row in sizes.get("points") or ())
    if len(points) < 2:
        return None
    series = [Series("median seen", points, joined=False)]
    base, each = sizes.get("base_ms"), sizes.get("per_record_ms")
    if base is not None and each is not None:
        series.append(Series("fitted", tuple((at, base + each * at) for at, _ in points)))
    wide = points[-1][0] > 30 * max(1.0, points[0][0])
    return Chart(
        "Cost against batch size",
        " ".join(_cost_words(sizes)) or "The median time of a batch by its number of records.",
        Axis("records in a batch", "records", log=wide),
        Axis("milliseconds", "ms", log=wide),
        tuple(series),
    )


def _cost_words(sizes: Figures) -> Iterator[str]:
    base, each, exponent = sizes.get("base_ms"), sizes.get("per_record_ms"), sizes.get("exponent")
    if base is not None and each is not None:
        yield f"A batch costs {short(base)} ms and {short(each)} ms for each record."
    if exponent is not None:
        low, high = sizes.get("exponent_interval") or (exponent, exponent)
        grows = "faster than the batch: smaller ones are cheaper" if sizes.get("superlinear") else "no faster than it"
        yield f"Cost grows as size to the power {short(exponent)} ({short(low)} to {short(high)}), {grows}."
    if best := sizes.get("best_records_per_s"):
        yield f"Most came through at {short(best['records'])} records: {short(best['records_per_s'])} records a second."
    if sizes.get("largest_accepted") is not None:
        yield f"The largest batch accepted had {short(sizes['largest_accepted'])} records."
    if lacking := sizes.get("unmeasured"):
        yield f"In the time there was, no batch of {', '.join(map(short, lacking))} records was accepted."
