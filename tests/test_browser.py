"""The report in a real browser: whole, silent, drawn, in order, and proof against whatever a server sent."""

import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from contracts.report.folding import fold
from tests.build import answer, asked, record, reply
from tests.reports import BAD, GOOD, REFUSED, report, run_of, scenario
from tests.test_report_charts import SERIES, SIZES, histogram

LARGEST = 3_000_000  # bytes of a page
FIGURES: dict[str, Any] = {
    "users": 4, "series": SERIES, "batch_sizes": SIZES,
    "histograms": {"due": histogram(*range(1, 2000)), "sent": histogram(*range(1, 200))},
}  # fmt: skip
SHOUT = "\x1b[2J\x07\u202e</pre></mark><script>document.title='owned'</script><img src=x onerror=alert(1)>\r\n\x00"
HOSTILE = asked([record(2, sku=...)], answer(200, reply([{"index": 7, "status": SHOUT, "message": SHOUT * 12_000}])))
LIMITER = {
    "candidates": ["fixed-first"], "limit": 2, "window_s": 10.0, "words": ["2 requests in 10 s."],
    "timeline": {"points": [{"t_s": t, "status": 200, "remaining": t % 2} for t in range(9)], "windows": [0, 4]},
}  # fmt: skip


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A page of each verdict."""
    folder = tmp_path_factory.mktemp("runs")
    held = fold(report(GOOD, owed=("AUTH-2",)), [scenario(REFUSED, load={"Flood": FIGURES})])
    held["limiter"] = LIMITER
    changed = [{"id": "at-stale", "question": "What?", "before": "ok", "now": SHOUT}]
    known = [{"id": "VAL-1", "state": "broken", "reason": "soon", "until": "2027-01-31"}]
    broken = report(GOOD, BAD, HOSTILE, owed=("AUTH-2",)) | {
        "baseline": {"file": SHOUT, "changed": changed, "known": known},
        "load": {SHOUT: FIGURES},
    }
    return {
        "held": run_of(folder / "held", held, GOOD),
        "broken": run_of(folder / "broken", broken, GOOD, BAD, HOSTILE),
        "undecided": run_of(folder / "undecided", report(GOOD, owed=("VAL-4",)), GOOD),
    }


@pytest.fixture(params=("held", "broken", "undecided"))
def opened(request: pytest.FixtureRequest, browser: Browser, pages: dict[str, Path]) -> Iterator[Page]:
    """A page of that verdict, opened; what it said and asked for is judged when the test is over."""
    context = browser.new_context(viewport={"width": 390, "height": 800})
    page = context.new_page()
    said: list[str] = []
    asked_for: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.on("request", lambda request: asked_for.append(request.url))
    page.goto(pages[request.param].as_uri())
    yield page
    context.close()
    assert said == []
    assert [url for url in asked_for if not url.startswith(("file:", "data:"))] == []


def test_it_is_whole_and_fits_a_phone(opened: Page) -> None:
    assert opened.evaluate("document.documentElement.scrollWidth") <= 390
    headings = opened.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map(each => +each.tagName[1])")
    assert headings[0] == 1
    assert headings.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(headings))


def test_every_link_leads_somewhere_and_no_id_is_there_twice(opened: Page) -> None:
    dead = "[...document.querySelectorAll('a')].filter(a => !document.getElementById(a.hash.slice(1))).map(a => a.hash)"
    assert opened.evaluate(dead) == []
    ids = opened.evaluate("[...document.querySelectorAll('[id]')].map(each => each.id)")
    assert len(ids) == len(set(ids))


def test_every_picture_has_words_and_every_table_headers(opened: Page) -> None:
    unnamed = """[...document.querySelectorAll('svg:not([aria-hidden]), img')].filter(
        each => !document.getElementById(each.getAttribute('aria-labelledby'))?.textContent.trim()).length"""
    assert opened.evaluate(unnamed) == 0
    bare = """[...document.querySelectorAll('table')].filter(
        table => !table.caption || !table.querySelector('thead th[scope=col]')).length"""
    assert opened.evaluate(bare) == 0
    unequal = """[...document.querySelectorAll('tbody tr')].filter(
        row => row.cells.length != row.closest('table').rows[0].cells.length).length"""
    assert opened.evaluate(unequal) == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_keeps_the_rules_of_accessible_pages(opened: Page, scheme: Literal["light", "dark"]) -> None:
    opened.emulate_media(color_scheme=scheme)
    opened.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    found = Axe().run(opened, options={"resultTypes": ["violations"]}).response["violations"]
    assert found == [], json.dumps(found, indent=1)


def test_charts_are_drawn_and_tell_their_values(browser: Browser, pages: dict[str, Path]) -> None:
    page = browser.new_page()
    page.goto(pages["held"].as_uri())
    titles = page.locator("figcaption strong").all_text_contents()
    assert titles == ["Rates over time.", "Latency by percentile.", "Cost against batch size.",
                      "The allowance as it was told."]  # fmt: skip
    assert page.evaluate("[...document.querySelectorAll('.chart .line')].every(line => line.getBBox().width > 100)")
    column = page.locator(".chart").first.locator(".at").nth(2)
    assert not column.locator("text").is_visible()
    column.locator("rect").hover()
    assert column.locator("text").is_visible()
    assert "answered 9" in column.locator("text").text_content()  # type: ignore[operator]
    page.close()


def test_charts_tell_their_values_by_key_and_by_finger(browser: Browser, pages: dict[str, Path]) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True)
    page = context.new_page()
    page.goto(pages["held"].as_uri())
    chart = page.locator(".chart").first
    told = """[...document.querySelectorAll('.at text')].filter(
        each => getComputedStyle(each).visibility == 'visible').length"""
    chart.focus()
    assert page.evaluate(told) == 0
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft"):
        page.keyboard.press(key)
        assert page.evaluate(told) == 1
    assert chart.locator(".at text").first.is_visible()
    page.keyboard.press("Tab")
    assert page.evaluate(told) == 0
    chart.tap()
    assert page.evaluate(told) == 1
    context.close()


def test_what_a_server_sent_is_text(browser: Browser, pages: dict[str, Path]) -> None:
    page = browser.new_page()
    page.goto(pages["broken"].as_uri())
    assert page.title().startswith("broken")
    assert page.locator("script").count() == 1
    assert page.locator("img, iframe, link[href^=http]").count() == 0
    text = page.evaluate("document.body.innerText")
    assert "<script>document.title" in text
    assert not set("\x1b\x07\u202e\x00") & set(text)
    assert pages["broken"].stat().st_size < LARGEST
    page.close()


def test_the_difference_is_marked_and_the_command_can_be_copied(browser: Browser, pages: dict[str, Path]) -> None:
    page = browser.new_page()
    page.goto(pages["broken"].as_uri())
    assert page.locator("#VAL-1 ~ .pair mark").count() > 0
    button = page.locator("button[data-copy='curl-VAL-1']")
    assert button.is_visible()
    button.click()
    page.wait_for_function(
        "text => document.querySelector(\"[data-copy='curl-VAL-1']\").textContent != text", arg="Copy"
    )
    page.close()


def test_dark_and_paper_keep_it_readable(browser: Browser, pages: dict[str, Path]) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    context = browser.new_context(color_scheme="dark")
    page = context.new_page()
    page.goto(pages["broken"].as_uri())
    dark = page.evaluate(ground)
    page.emulate_media(media="print")
    assert dark != page.evaluate(ground) == "rgb(255, 255, 255)"
    assert not page.locator("nav").is_visible()
    context.close()
