"""The report's pictures: what is drawn of which figures, where it stands, and what is left out."""

import math
from itertools import pairwise
from typing import Any

import pytest
from hdrh.histogram import HdrHistogram

from contracts.report.chart import COLUMN, WIDTH, Axis, Chart, Series, draw, short, thinned
from contracts.report.charts import allowance_of, charts


def histogram(*milliseconds: float) -> str:
    made = HdrHistogram(1, 60_000_000, 3)
    for value in milliseconds:
        made.record_value(round(value * 1000))
    encoded: bytes = made.encode()
    return encoded.decode()


SERIES = [{"t_s": t, "offered": 10, "sent": 10, "answered": 9, "refused": 0, "failed": 1} for t in range(5)]
SIZES = {
    "points": [{"records": 1, "p50_ms": 3.0, "n": 9}, {"records": 100, "p50_ms": 5.0, "n": 9}],
    "base_ms": 3.0, "per_record_ms": 0.02, "exponent": 0.4, "exponent_interval": [0.3, 0.5], "superlinear": False,
    "largest_accepted": 100, "best_records_per_s": {"records": 100, "records_per_s": 20000.0},
}  # fmt: skip


@pytest.mark.parametrize(
    ("figures", "titles"),
    [
        ({}, []),
        ({"users": 3}, []),
        ({"series": SERIES[:1]}, []),  # one point is no course
        ({"series": [{"t_s": 0, "sent": 0}, {"t_s": 1, "sent": 0}]}, []),
        ({"series": SERIES}, ["Rates over time"]),
        ({"histograms": {"due": histogram(*range(1, 200))}}, ["Latency by percentile"]),
        ({"histograms": {"due": "no histogram"}}, []),
        ({"latency": {"sent": {"p50_ms": 3, "p99_ms": 9}}}, ["Latency by percentile"]),
        ({"batch_sizes": {"points": SIZES["points"]}}, ["Cost against batch size"]),
        ({"series": SERIES, "batch_sizes": SIZES}, ["Rates over time", "Cost against batch size"]),
    ],
)
def test_what_was_measured_is_drawn_and_nothing_else(figures: dict[str, Any], titles: list[str]) -> None:
    assert [chart.title for chart in charts(figures)] == titles


def test_a_count_of_merged_seconds_is_drawn_as_a_rate() -> None:
    (chart,) = charts({"series": [{"t_s": 0, "sent": 40}, {"t_s": 4, "sent": 40}, {"t_s": 8, "sent": 80}]})
    assert chart.series == (Series("sent", ((0, 10), (4, 10), (8, 20))),)


@pytest.mark.parametrize(("ended_s", "drawn"), [(2.1, 2), (2.9, 3), (3.0, 3), (None, 3)])
def test_a_last_step_that_was_cut_short_is_no_fall(ended_s: float | None, drawn: int) -> None:
    rows = [{"t_s": t, "sent": 10 if t < 2 else 1} for t in range(3)]
    (chart,) = charts({"series": rows} | ({} if ended_s is None else {"duration_s": ended_s}))
    assert len(chart.series[0].points) == drawn


def test_both_latencies_stand_in_one_picture_in_milliseconds() -> None:
    slow, fast = histogram(*[1000] * 50, *[10] * 50), histogram(*[10] * 100)
    (chart,) = charts({"histograms": {"due": slow, "sent": fast}})
    due, sent = chart.series
    assert [series.name for series in chart.series] == ["from the moment due", "from the moment sent"]
    assert due.points[-1][1] == pytest.approx(1000, rel=0.01)
    assert sent.points[-1][1] == pytest.approx(10, rel=0.01)
    assert "99 %" in chart.words


def test_latencies_that_are_one_are_drawn_and_told_once() -> None:
    same = histogram(*range(1, 200))
    (chart,) = charts({"histograms": {"due": same, "sent": same}})
    assert len(chart.series) == 1
    assert chart.words.startswith("Counted from the moment sent, which was when it was due, 100 ms at 50 %")


@pytest.mark.parametrize(("answers", "highest"), [(100, 99.0), (99, 95.0), (1000, 99.9), (10, 90.0)])
def test_a_percentile_is_drawn_only_where_an_answer_is_beyond_it(answers: int, highest: float) -> None:
    (chart,) = charts({"histograms": {"due": histogram(*range(1, answers + 1))}})
    assert chart.x.told(chart.series[0].points[-1][0]) == f"{highest:g} %"


def test_the_cost_says_what_it_means() -> None:
    (chart,) = charts({"batch_sizes": SIZES})
    assert all(words in chart.words for words in ("3 ms and 0.02 ms for each record", "0.4 (0.3 to 0.5)", "20,000"))
    assert [series.name for series in chart.series] == ["median seen", "fitted"]
    assert chart.series[1].points == ((1, 3.02), (100, 5.0))


def point(t_s: float, remaining: int | None, status: int = 200) -> dict[str, Any]:
    return {"t_s": t_s, "status": status, "remaining": remaining}


def test_the_allowance_is_drawn_with_its_refusals_and_windows() -> None:
    points = [point(0, 1), point(1, 0), point(2, None), point(3, None, 429), point(12, 1)]
    chart = allowance_of({"limit": 2, "timeline": {"points": points, "windows": [0, 10]}})
    assert chart is not None
    assert [series.points for series in chart.series] == [((0, 1), (1, 0), (12, 1)), ((3, 0),)]
    assert list(chart.shaded) == [(0, 10)]
    assert "refused: 1" in chart.words


@pytest.mark.parametrize(
    "limiter", [{}, {"limit": 5}, {"limit": 5, "timeline": {"points": [point(0, 4)], "windows": []}}]
)
def test_without_a_course_no_allowance_is_drawn(limiter: dict[str, Any]) -> None:
    assert allowance_of(limiter) is None


def chart_of(*points: tuple[float, float], log: bool = False) -> Chart:
    return Chart("t", "w", Axis("x"), Axis("y", "ms", log=log), (Series("a", points),))


@pytest.mark.parametrize(
    "chart",
    [
        chart_of((0, 0)),
        chart_of((0, 5), (0, 5)),
        chart_of((0, 1), (1, 1e9)),
        chart_of((0, -3), (5, 7)),
        chart_of((1, 0), (2, 10), (3, 1000), log=True),
        chart_of((1, 4), (2, 4), log=True),
        chart_of((0, math.inf), (1, math.nan), (2, 3)),
        chart_of(),
        chart_of(*((number / 7, number % 13) for number in range(5000))),
        chart_of(*((number / 1e6, number) for number in range(5000)), (9, 1)),
    ],
)
def test_everything_stands_within_the_picture(chart: Chart) -> None:
    drawn = draw(chart)
    places = [at for at, _ in (*drawn.x_ticks, *drawn.y_ticks)]
    places += [coordinate for left, width, middle, _, dots in drawn.columns
               for coordinate in (left, left + width, middle, *(y for _, y in dots))]  # fmt: skip
    assert all(0 <= place <= WIDTH for place in places)
    assert all(b[2] - a[2] >= COLUMN for a, b in pairwise(drawn.columns))
    assert all(a[0] + a[1] == pytest.approx(b[0], abs=0.2) for a, b in pairwise(drawn.columns))


def test_a_column_tells_every_series_there() -> None:
    told = Chart(
        "t", "w", Axis("x", "s"), Axis("y", "/s"), (Series("a", ((1, 2.5),)), Series("b", ((1, 1234.0), (2, 0))))
    )
    assert [lines for _, _, _, lines, _ in draw(told).columns] == [("1 s", "a 2.5 /s", "b 1,234 /s"), ("2 s", "b 0 /s")]


@pytest.mark.parametrize(
    ("value", "told"),
    [(0, "0"), (0.0123, "0.0123"), (1.5, "1.5"), (99.96, "100"), (12345.6, "12,346"), (100, "100"), (-2.25, "-2.25")],
)
def test_a_value_is_told_in_three_digits(value: float, told: str) -> None:
    assert short(value) == told


def test_what_is_thinned_keeps_its_ends() -> None:
    assert thinned(range(100), 4) == [0, 33, 66, 99]
    assert thinned(range(3), 4) == [0, 1, 2]
