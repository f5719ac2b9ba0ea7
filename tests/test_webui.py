"""The page beside Locust's, in a browser: the form starts a test, charts move, the verdict comes."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from contracts.exchanges.exchange import Exchange
from contracts.history.rows import LoadRow
from contracts.history.story import Story
from loadtests.webui.judging import standing
from loadtests.webui.live import COUNTS, MOST, Series
from tests.build import FACTS, answer, asked, numbered, ok, record, reply
from tests.test_loadtests import started, wait_for


def rows(second: int) -> Iterator[LoadRow]:
    """Ten requests of one second: one refused, one failed, the others after 5 ms (10 ms from due time)."""
    for number in range(10):
        status = {0: 429, 1: 0}.get(number, 200)
        sent_s = second + number / 10
        yield LoadRow(number, sent_s - 0.005, sent_s, sent_s + 0.005, status=status, remaining=20 - number)


def test_a_point_tells_what_came_in_its_second() -> None:
    series = Series()
    for row in rows(0):
        series.take(row)
    series.close_step(1.0)
    series.close_step(2.0)
    busy, idle = series.points
    assert [busy[name] for name in COUNTS] == [10, 9, 8, 1, 1]
    assert (busy["remaining"], busy["due_p50_ms"], busy["sent_p99_ms"]) == (11, 10.0, 5.0)
    assert (idle["answered"], idle["remaining"], idle["due_p99_ms"]) == (0, None, None)


def test_a_long_test_has_no_more_points_and_loses_no_request() -> None:
    series = Series()
    for second in range(2 * MOST + 7):
        for row in rows(second):
            series.take(row)
        series.close_step(second + 1.0)
    assert MOST // 2 <= len(series.points) <= MOST
    assert sum(point["offered"] for point in series.points) == 10 * (2 * MOST + 7)
    assert sum(point["span_s"] for point in series.points) == pytest.approx(2 * MOST + 7)
    assert [point["t_s"] for point in series.points] == sorted(point["t_s"] for point in series.points)


def story(*exchanges: Exchange) -> Story:
    return Story(FACTS, numbered(exchanges), {"by hand": ("RES-3",)}, frozenset(), None, False)


def test_a_promise_can_break_while_a_test_is_under_way() -> None:
    good = asked([record()], answer(body=reply(ok(0))))
    lost = asked([record(1), record(2)], answer(body=reply(ok(0)), left=98))
    for in_part in (False, True):
        told = standing(story(good, lost), in_part=in_part)
        assert (told["RES-3"]["examined"], told["RES-1"]["said"]) == (2, "")
        assert told["RES-3"]["said"]


def test_rules_that_need_every_exchange_are_silent_where_most_are_rows() -> None:
    """Of two in a thousand, Remaining seems to leap."""
    good = asked([record()], answer(body=reply(ok(0))))
    later = asked([record(1)], answer(body=reply(ok(0)), left=3))
    assert "RATE-4" not in standing(story(good, later), in_part=True)


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """Locust's web UI on the embedded sandbox."""
    port = 19_000 + os.getpid() % 1_000
    with started("--web-port", str(port), "--runs-dir", str(tmp_path / "runs"), "--window", "1", "--timeout", "5"):
        address = f"http://127.0.0.1:{port}/"
        wait_for(address)
        yield address


@pytest.fixture
def page(browser: Browser, url: str) -> Iterator[Page]:  # noqa: ARG001 — the server outlives the page
    """A page that must ask for nothing outside and say nothing on its console."""
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    page.close()
    assert {urlsplit(url).hostname for url in asked if not url.startswith("data:")} <= {"127.0.0.1"}
    assert said == []


def start(page: Page, url: str, scenario: str, seconds: str) -> None:
    """Fill in Locust's own form and follow our link."""
    page.goto(url)
    page.get_by_role("columnheader").get_by_role("checkbox").uncheck()
    page.get_by_role("row", name=scenario).get_by_role("checkbox").check()
    page.get_by_label("Number of users").fill("3")
    page.get_by_label("Ramp up").fill("3")
    page.get_by_role("button", name="Advanced options").click()
    page.get_by_label("Run time").fill(seconds)
    page.get_by_role("button", name="Start").click()
    page.get_by_role("link", name="Live charts and promises").click()


def test_a_test_is_started_watched_and_judged(page: Page, url: str) -> None:
    start(page, url, "Stampede", "8s")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Stampede on http://127.0.0.1", timeout=120_000)
    rate = page.get_by_role("img", name=re.compile(r"^Rate, requests a second after [3-9].* achieved [1-9]"))
    expect(rate).to_be_visible(timeout=120_000)
    before = rate.locator("polyline").nth(1).get_attribute("points")
    expect(rate.locator("polyline").nth(1)).not_to_have_attribute("points", before or "", timeout=120_000)
    for name in ("Answers a second", "Remaining", "Latency of what was let in, ms"):
        expect(page.get_by_role("img", name=re.compile(f"^{name}"))).to_be_visible()
    assert Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"] == []
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    promise = page.get_by_role("row", name=re.compile("^RES-3"))
    expect(promise).to_contain_text("nothing found yet")
    expect(page.get_by_role("status")).to_have_text("verdict: held", timeout=120_000)
    expect(promise).to_contain_text("held")
    page.get_by_role("link", name="The finished run's report").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("held")


def test_a_test_that_cannot_begin_says_why(page: Page, url: str) -> None:
    page.goto(f"{url}harness/")
    expect(page.get_by_role("status")).to_have_text("Start one on Locust's page.")
    answer = page.request.post(
        f"{url}swarm",
        form={"user_count": "1", "spawn_rate": "1", "host": "http://127.0.0.1:9", "user_classes": "Stampede"},
    )
    assert answer.ok
    expect(page.get_by_role("heading", level=1)).to_have_text("The test could not begin", timeout=120_000)
    expect(page.get_by_role("status")).to_contain_text("no catalogue")
    assert page.request.get(f"{url}exceptions").json()["exceptions"] == []


def test_locusts_form_wants_one_scenario(page: Page, url: str) -> None:
    page.goto(url)
    page.get_by_role("button", name="Start").click()  # with all of them ticked, as Locust has it
    expect(page.get_by_text("choose one scenario")).to_be_visible(timeout=60_000)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("rate", "-5", "--rate -5 is no number of requests a second"),
        ("records_per_batch", "-1", "--records-per-batch -1"),
        ("gates", "nowhere.toml", "nowhere.toml"),
    ],
)
def test_a_wrong_value_in_the_form_is_told(page: Page, url: str, field: str, value: str, words: str) -> None:
    page.goto(f"{url}harness/")
    form: dict[str, str | float | bool] = {
        "user_count": "2",
        "spawn_rate": "2",
        "user_classes": "SteadyRate",
        "run_time": "2s",
        field: value,
    }
    page.request.post(f"{url}swarm", form=form)
    expect(page.get_by_role("heading", level=1)).to_have_text("The test could not begin", timeout=120_000)
    expect(page.get_by_role("status")).to_contain_text(words)
    put_back: dict[str, str | float | bool] = {
        **form,
        "host": "http://127.0.0.1:9",
        field: {"gates": ""}.get(field, "0"),
    }
    page.request.post(f"{url}swarm", form=put_back)
    expect(page.get_by_role("status")).to_contain_text("no catalogue", timeout=120_000)


@pytest.mark.parametrize("path", ["harness/report", "harness/../report.json", "harness/report/..%2fhistory.jsonl"])
def test_nothing_else_of_a_folder_is_served(page: Page, url: str, path: str) -> None:
    assert page.request.get(url + path).status == 404
