"""The report in a real browser after a million exchanges, and of answers beyond every measure."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from playwright.sync_api import Browser

from contracts.history.rows import DTYPE, RIGHT, Rows, read_rows
from contracts.history.rows import NAME as ROWS
from loadtests.figures.figures import Generator, figures
from tests.build import answer, asked, record, reply
from tests.reports import BAD, GOOD, HOSTILE, report, run_of

MILLION = 1_000_000
# Not by getrusage: a child's begins with what its parent had.
MEASURED = """import re, sys
from contracts.report.__main__ import main
assert main(sys.argv[1:]) == 0
print(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1])"""
# What an answer of a hostile server may hold, each of it beyond every measure.
ANSWERS = {
    "one word": reply([{"index": 0, "status": 9_999 * "W", "message": 9_999 * "W"}]),
    "marks on one letter": reply([{"index": 0, "status": "a" + 999 * "\u0301"}]),
    "people joined": reply([{"index": 0, "status": 999 * "\U0001f469\u200d"}]),
    "half a surrogate pair": b'{"status":"x","results":[{"index":0,"status":"\\ud800\\udc00\\ud83d"}]}',
    "no UTF-8": b'{"status":"x","results":[{"index":0,"status":"\xff\xfe\xc0\xaf"}]}',
    "byte order mark and NUL": b'\xef\xbb\xbf{"status":"x\x00"}\x00',
    "nested deeply": b"[" * 100_000 + b"]" * 100_000,
    "integer": b'{"status":"x","results":[{"index":' + 4_000 * b"9" + b',"status":"ok"}]}',
    "longer integer": b'{"status":"x","results":[{"index":' + 9_000 * b"9" + b',"status":"ok"}]}',
    "many results": reply([{"index": n % 7, "status": f"{n}<i>", "message": n * "m"} for n in range(2_000)]),
    "markup": b"<html><script>alert(1)</script>" + b"<p>" * 300_000,
}
HEADERS = ((HOSTILE, 999 * "V"), (999 * "N", HOSTILE), *((f"x-{n}", 50 * "v") for n in range(5_000)))


@pytest.mark.parametrize("sent", ANSWERS)
def test_whatever_a_server_sends_the_page_fits_a_phone(sent: str, browser: Browser, tmp_path: Path) -> None:
    plain = answer(200, ANSWERS[sent])
    hostile = asked([record(1)], replace(plain, headers=(*plain.headers, *HEADERS)))
    html = run_of(tmp_path, report(GOOD, hostile), GOOD, hostile)
    assert html.stat().st_size < 200_000
    page = browser.new_page(viewport={"width": 390, "height": 800})
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(html.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator("article").count() > 0
    assert "<script>alert(1)</script>\\r\\n\\x00: VVV" in page.locator("article pre").nth(2).inner_text()
    assert page.locator("script").count() == 1
    assert said == []
    page.close()


def test_a_million_exchanges_make_a_small_page_in_little_memory(tmp_path: Path, browser: Browser) -> None:
    """Lines as the writer writes them, the one that is wanted behind a million others; a row beside each."""
    html = run_of(tmp_path, report(GOOD, BAD), GOOD, BAD)
    history = tmp_path / "history.jsonl"
    head, *lines = history.read_bytes().splitlines(keepends=True)
    early, late = lines[0].split(b'"seq":1,', 1), lines[1].replace(b'"seq":2,', b'"seq":1000001,', 1)
    with history.open("wb") as file:
        file.write(head)
        for seq in range(1, MILLION + 1):
            file.write(b'%s"seq":%d,%s' % (early[0], seq, early[1]))
        file.write(late)
    flood(MILLION).tofile(tmp_path / ROWS)
    load = {"Flood": figures(read_rows(tmp_path / ROWS), Generator(16))}
    document = msgspec.json.decode((tmp_path / "report.json").read_bytes()) | {"load": load}
    for row in document["promises"]:
        for finding in row["findings"]:
            finding["witness"] = [MILLION + 1]
    (tmp_path / "report.json").write_bytes(msgspec.json.encode(document))
    made = subprocess.run(
        [sys.executable, "-c", MEASURED, str(tmp_path)], capture_output=True, text=True, timeout=120, check=True
    )
    history.unlink()  # of some 600 MB
    assert int(made.stdout.split()[-1]) < 120_000, "KiB of memory"
    assert html.stat().st_size < 200_000
    page = browser.new_page()
    page.goto(html.as_uri())
    assert "Request 1000001" in page.locator("#VAL-1 ~ .pair").first.inner_text()
    assert page.locator("figcaption strong").all_text_contents() == [
        "Rates over time.",
        "Latency by percentile.",
        "The allowance as it was told.",
    ]
    assert page.locator("td", has_text="1,000,000").count() > 0
    page.close()


def flood(count: int) -> Rows:
    """Rows of that many exchanges, 10,000 a second, all let in and answered right."""
    rows = np.zeros(count, dtype=DTYPE)
    rows["seq"] = np.arange(1, count + 1)
    rows["due_s"] = rows["sent_s"] = rows["seq"] / 10_000
    rows["answered_s"] = rows["sent_s"] + 0.002 + rows["seq"] % 997 * 1e-5
    rows["status"], rows["flags"], rows["records"], rows["accepted"] = 200, RIGHT, 10, 10
    return rows
