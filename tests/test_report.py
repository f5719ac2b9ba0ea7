"""The report: one document, what folding makes of several, commands that really work, and text that cannot do harm."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import msgspec
import pytest

from contracts import explain
from contracts.exchange import Exchange, Request
from contracts.history import HistoryWriter, Story, read_history
from contracts.judge import first_finding_at, judge
from contracts.report import __main__ as again
from contracts.report.conclusion import Conclusion
from contracts.report.curl import curl
from contracts.report.document import SHOWN, compose, fold, write
from contracts.report.figures import ROWS, Table, tables
from contracts.report.html import page, sentence, undecided
from contracts.report.remedies import remedy
from contracts.report.terminal import argument, lines, safe
from contracts.secrets import evaluate
from openapi.ledger import BY_ID, LEDGER, QUESTIONS, Promise
from tests.build import ERRORS, FACTS, JSON, answer, asked, evidence, numbered, ok, record, reply
from tests.examples import example

GOOD = asked([record()], answer(body=reply(ok(0))))
BAD = asked([record(quantity=...)], answer(body=reply(ok(0)), left=98))  # VAL-1: a wrong record taken for good
HOSTILE = "\x1b[2J\x07\u202e<script>alert(1)</script>\r\n\x00"
SHOUTING = asked([record(1, sku=...)], answer(body=reply([{"index": 0, "status": HOSTILE}]), left=97))
ALL = tuple(promise.id for promise in LEDGER)


def report(*exchanges: Exchange, owed: tuple[str, ...] = ALL, room: str = "contracts", **how: Any) -> dict[str, Any]:
    """report.json of these exchanges, with what differs from a plain run."""
    history = numbered(exchanges)
    stopped = how.get("reason")
    story = Story(replace(FACTS, room=room), history, {"by hand": owed}, frozenset({"by hand"}), stopped, False)
    rulings = judge(story)
    plain = Conclusion(story, rulings, len(history), 0, first_finding_at(rulings, evidence(history)), 1.5, {}, None)
    return compose(replace(plain, **how))


def row(document: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in document["promises"] if each["id"] == name)
    return found


KEYS = {
    *("schema", "verdict", "reason", "target", "seed", "requests", "records", "first_finding_at", "started_at"),
    *("duration_s", "promises", "observations", "limiter", "load"),
}


def test_the_document_has_every_key_and_every_promise_in_the_ledgers_order() -> None:
    document = report(GOOD)
    assert document.keys() >= KEYS
    assert [each["id"] for each in document["promises"]] == [promise.id for promise in LEDGER]
    assert [each["id"] for each in document["observations"]] == [question.id for question in QUESTIONS]
    assert document["target"] == {"base_url": FACTS.base_url, "document_sha256": FACTS.document_sha256}
    assert document["started_at"] == "2026-06-01T12:00:00Z"
    assert (document["requests"], document["records"], document["schema"]) == (1, 1, 1)
    assert document["limiter"]["limit"] == 100


def test_without_rate_headers_nothing_is_said_of_a_limiter() -> None:
    assert report(asked([record()], answer(body=reply(ok(0)), limit=None, left=None)))["limiter"] is None


VERDICTS = [
    ((GOOD,), ("AUTH-2",), None, "held", None),
    ((GOOD, BAD), ("AUTH-2",), None, "broken", None),  # out of scope, it breaks all the same
    ((GOOD,), ("VAL-4",), None, "undecided", "its stimulus was never answered by the operation"),
    ((GOOD,), ("VAL-4",), "the cap of 1 requests is reached", "undecided", "the cap of 1 requests is reached"),
    ((GOOD,), (), None, "undecided", "nothing that ran owes a promise"),
]


@pytest.mark.parametrize(("exchanges", "owed", "stopped", "verdict", "reason"), VERDICTS)
def test_the_verdict_and_its_reason(
    exchanges: tuple[Exchange, ...], owed: tuple[str, ...], stopped: str | None, verdict: str, reason: str | None
) -> None:
    document = report(*exchanges, owed=owed, reason=stopped)
    assert (document["verdict"], document["reason"]) == (verdict, reason)


def test_a_finding_argues() -> None:
    broken = row(report(GOOD, BAD, certainty={"VAL-1": "3 of 4"}), "VAL-1")
    finding = broken["findings"][0]
    assert broken["verdict"] == "broken"
    assert finding["witness"] == [2]
    assert finding["certainty"] == "3 of 4"
    assert "quantity is missing" in finding["expected"]
    assert finding["curl"].startswith("curl ")


def test_many_findings_are_counted_and_the_first_are_shown() -> None:
    broken = row(report(*[BAD] * 9, certainty={"VAL-1": "always"}), "VAL-1")
    assert (broken["found"], len(broken["findings"])) == (9, SHOWN)
    assert [finding["certainty"] for finding in broken["findings"]] == ["always", *["1 of 1"] * (SHOWN - 1)]


def test_what_needs_its_forerunners_is_said_to_show_in_sequence() -> None:
    moved = asked([record(1)], answer(body=reply(ok(0)), limit=50, left=20))
    assert row(report(GOOD, moved), "RATE-6")["findings"][0]["certainty"] == "in sequence"


# Folding


def scenario(
    *exchanges: Exchange, room: str = "Flood", owed: tuple[str, ...] = ("RATE-2",), **how: Any
) -> dict[str, Any]:
    return report(*exchanges, room=room, owed=owed, **how)


REFUSED = asked([record()], answer(429, b"", left=0))
FOLDS = [  # what each run owes and saw, and what comes of VAL-4 and RATE-2 together
    (report(GOOD, owed=("AUTH-2",)), scenario(REFUSED), "held"),
    (report(GOOD, owed=("VAL-4",)), scenario(REFUSED), "undecided"),
    (report(GOOD, owed=("AUTH-2",)), scenario(GOOD), "undecided"),
    (report(GOOD, BAD, owed=("AUTH-2",)), scenario(REFUSED), "broken"),
    (report(GOOD, owed=("AUTH-2",)), scenario(REFUSED, BAD), "broken"),
    (report(GOOD, owed=("RATE-2",)), scenario(REFUSED), "undecided"),  # owed by both, and one could not tell
]


@pytest.mark.parametrize(("parent", "child", "verdict"), FOLDS)
def test_a_folded_verdict(parent: dict[str, Any], child: dict[str, Any], verdict: str) -> None:
    assert fold(parent, [child])["verdict"] == verdict


def test_folding_adds_up() -> None:
    children = [
        scenario(REFUSED, load={"Flood": {"p99_ms": 7}}),
        scenario(GOOD, BAD, room="Soak", load={"Soak": {"p99_ms": 9}}),
    ]
    whole = fold(report(GOOD, owed=("AUTH-2",)), children)
    assert (whole["requests"], whole["records"]) == (4, 4)
    assert whole["load"] == {"Flood": {"p99_ms": 7}, "Soak": {"p99_ms": 9}}
    assert row(whole, "AUTH-2")["examined"] == 3
    assert row(whole, "RATE-2")["in_scope"]
    assert len(row(whole, "VAL-1")["findings"]) == row(whole, "VAL-1")["found"] == 1


@pytest.mark.parametrize(
    ("parent", "children", "first"),
    [
        (report(GOOD, BAD), [scenario(BAD)], 2),
        (report(GOOD, GOOD), [scenario(GOOD), scenario(GOOD, BAD)], 5),
        (report(GOOD, GOOD, GOOD, retries=2), [scenario(BAD)], 2),  # retries come after the scenarios
        (report(GOOD), [scenario(REFUSED)], None),
    ],
)
def test_the_first_finding_counts_all_that_went_before(
    parent: dict[str, Any], children: list[dict[str, Any]], first: int | None
) -> None:
    assert fold(parent, children)["first_finding_at"] == first


def test_the_limiter_is_that_of_the_run_that_tells_most() -> None:
    parent, child = report(GOOD), scenario(GOOD)
    child["limiter"] = {"candidates": ["sliding-log"], "limit": 100, "window_s": 10.0}
    assert fold(parent, [child])["limiter"] == child["limiter"]
    child["limiter"] = None
    assert fold(parent, [child])["limiter"] == parent["limiter"]


def test_a_question_is_answered_by_the_first_run_that_tried_it() -> None:
    whole = fold(report(), [scenario(asked([record(quantity=-1)], answer(422, ERRORS)))])
    answers = {each["id"]: each["answer"] for each in whole["observations"]}
    assert answers["quantity-negative"] == "422 (once, first in #1)"
    assert answers["at-stale"] == "not tried"


def gate(verdict: str, name: str = "GATE-P99", reason: str | None = None) -> dict[str, Any]:
    """A row of a scenario's `gates`, as the load tests rule on it."""
    return {
        "id": name, "scenario": "Flood", "what": "p99 of latency from due time below 1 s", "value": 1300.4,
        "bound": 1000.0, "verdict": verdict, "reason": reason, "samples": 1204, "seen": "1.3 s in Flood",
    }  # fmt: skip


GATES = [  # the verdicts of a run's gates, beside a promise that is held, and what comes of them
    (("held",), "held"),
    (("broken",), "broken"),
    (("undecided",), "undecided"),
    (("held", "undecided", "broken"), "broken"),
]


@pytest.mark.parametrize(("verdicts", "verdict"), GATES)
def test_gates_count_in_the_verdict(verdicts: tuple[str, ...], verdict: str) -> None:
    gates = [gate(each, f"GATE-{number}") for number, each in enumerate(verdicts)]
    child = scenario(REFUSED, load={"Flood": {"gates": gates}})
    assert child["verdict"] == verdict
    assert fold(report(GOOD, owed=("AUTH-2",)), [child])["verdict"] == verdict


def test_a_broken_gate_is_a_row_of_its_own_and_said_to_be_the_users() -> None:
    whole = fold(report(GOOD, owed=("AUTH-2",)), [scenario(REFUSED, load={"Flood": {"gates": [gate("broken")]}})])
    broken = whole["promises"][-1]
    assert (broken["id"], broken["level"], broken["examined"]) == ("GATE-P99", "gate", 1204)
    assert argument(broken) == [
        "GATE-P99  gate  broken",
        "  your gate     p99 of latency from due time below 1 s",
        "  actual        1.3 s in Flood, over 1,204 samples",
        "  how often     over the whole scenario",
    ]
    assert "Your gate says" in page(Path("nowhere"), whole)


def test_an_undecided_gate_is_the_runs_reason() -> None:
    child = scenario(REFUSED, load={"Flood": {"gates": [gate("undecided", reason="Flood gave no figure for it")]}})
    assert child["reason"] == "Flood gave no figure for it"


# Commands


class Echo(BaseHTTPRequestHandler):
    """Keeps what it got."""

    got: list[tuple[str, str, dict[str, str], bytes]]

    def _take(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.got.append((self.command, self.path, dict(self.headers.items()), body))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_PUT = do_GET = do_DELETE = _take  # noqa: N815 — the library's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — the library's name
        """Says nothing."""


@pytest.fixture(scope="module")
def echo() -> Iterator[tuple[str, list[tuple[str, str, dict[str, str], bytes]]]]:
    Echo.got = []
    server = HTTPServer(("127.0.0.1", 0), Echo)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/base", Echo.got
    server.shutdown()
    server.server_close()
    thread.join()


SECRET = "a-key!of\"ours'$x"
COMMANDS = [
    ("plain", "POST", "Bearer $BSPK_API_KEY", JSON, b'{"inventories": []}'),
    ("quotes", "POST", "Bearer $BSPK_API_KEY", JSON, b'{"a": "it\'s \\"so\\" `ls` $HOME !x \\n"}'),
    ("an emoji", "POST", "Bearer $BSPK_API_KEY", JSON, '{"a": "😀 Größe"}'.encode()),
    ("lines", "POST", "Bearer $BSPK_API_KEY", JSON, b'{\n  "a": 1\n}\n'),
    ("NUL and bytes", "POST", "Bearer $BSPK_API_KEY", JSON, bytes(range(256)) + b"\\0101%s'7"),
    ("a tab and an escape", "POST", "Bearer $BSPK_API_KEY", JSON, b"\t\x1b[2J"),
    ("a name of a file", "POST", "Bearer $BSPK_API_KEY", JSON, b"@/etc/hostname"),
    ("more than an argument holds", "POST", "Bearer $BSPK_API_KEY", JSON, b'"%s\'"' % (b"x" * 200_000)),
    ("no body", "POST", "Bearer $BSPK_API_KEY", JSON, b""),
    ("no Authorization", "POST", None, JSON, b"{}"),
    ("an empty one", "POST", "", JSON, b"{}"),
    ("a near miss", "POST", "Bearer ${BSPK_API_KEY%?}", JSON, b"{}"),
    ("a near miss among signs", "POST", "Bearer ${BSPK_API_KEY%?}!", JSON, b"{}"),
    ("a slice", "POST", "Bearer ${BSPK_API_KEY:0:4}~${BSPK_API_KEY:5}", JSON, b"{}"),
    ("turned round", "POST", 'Bearer $(printf %s "$BSPK_API_KEY" | rev)', JSON, b"{}"),
    ("other case", "POST", "Bearer ${BSPK_API_KEY~~}", JSON, b"{}"),
    ("two spaces", "POST", "Bearer  $BSPK_API_KEY", JSON, b"{}"),
    ("no media type", "POST", "Bearer $BSPK_API_KEY", (), b"{}"),
    ("another method", "PUT", "Bearer $BSPK_API_KEY", JSON, b"{}"),
    ("no body, another method", "DELETE", "Bearer $BSPK_API_KEY", (), b""),
]


@pytest.mark.parametrize(("method", "authorization", "headers", "body"), [case[1:] for case in COMMANDS],
                         ids=[case[0] for case in COMMANDS])  # fmt: skip
def test_the_command_sends_the_same_again(
    echo: tuple[str, list[tuple[str, str, dict[str, str], bytes]]],
    method: str,
    authorization: str | None,
    headers: tuple[tuple[str, str], ...],
    body: bytes,
) -> None:
    base_url, got = echo
    own = () if authorization is None else (("Authorization", authorization),)
    command = curl(base_url, Request(method, "/a/b?c=[d]&e={f}", (*headers, ("Host", "elsewhere"), *own), body))
    subprocess.run(["bash"], input=command.encode(), env={"BSPK_API_KEY": SECRET, "PATH": "/usr/bin:/bin"}, check=True,
                   capture_output=True, timeout=20)  # fmt: skip
    sent_method, path, sent, sent_body = got[-1]
    assert (sent_method, path, sent_body) == (method, "/base/a/b?c=[d]&e={f}", body)
    assert sent.get("Content-Type") == (headers[0][1] if headers else None)
    expected = None if authorization is None else evaluate(authorization, SECRET).strip()
    assert sent.get("Authorization") == expected


@pytest.mark.parametrize(
    "hostile", ["Bearer $(id)", "Bearer `id`", "Bearer ${BSPK_API_KEY:$(id)}", "Bearer $HOME", 'Bearer "; id; "']
)
def test_a_history_cannot_make_the_reader_run_anything(hostile: str) -> None:
    assert f"'Authorization: {hostile}'" in curl("http://h", Request("POST", "/", (("Authorization", hostile),), b""))


# The terminal


def test_the_terminals_story() -> None:
    told = lines(report(GOOD, BAD, certainty={"VAL-1": "always"}), colour=False)
    text = "\n".join(told)
    assert told[0] == "VAL-1  must  broken"
    assert f'"{BY_ID["VAL-1"].quote}"' in text
    assert "each time it was tried, in exchange #2" in text
    assert "RATE-3 RATE-4 RATE-6" in next(line for line in told if line.startswith("held"))
    assert "VAL-4" in next(line for line in told if line.startswith("undecided"))
    assert told[-1] == "verdict: broken"


@pytest.mark.parametrize("argued", [False, True])
def test_the_story_keeps_to_twenty_lines_however_much_is_broken(argued: bool) -> None:
    told = lines(report(GOOD, BAD, SHOUTING, certainty={"VAL-1": "always"}), colour=False, argued=argued)
    assert len(told) <= 20
    assert any(line.startswith("  expected") for line in told) != argued
    assert "broken     RES-4: " in "\n".join(told)


def test_colour_only_where_it_is_asked_for() -> None:
    document = report(GOOD, BAD)
    assert "\x1b[" not in "".join(lines(document, colour=False))
    plain = [re.sub(r"\x1b\[[0-9;]+m", "", line) for line in lines(document, colour=True)]
    assert plain == lines(document, colour=False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain Größe 😀", "plain Größe 😀"),
        ("\x1b[2J", "\\x1b[2J"),
        ("\u202egnp", "\\u202egnp"),
        ("a\r\nb\x00", "a\\r\\nb\\x00"),
        ("\u2028\x9b\ue000", "\\u2028\\x9b\\ue000"),
        ("x" * 400, "x" * 299 + "…"),
    ],
)
def test_a_servers_text_cannot_script_the_terminal(text: str, expected: str) -> None:
    assert safe(text) == expected


def test_a_hostile_answer_reaches_neither_terminal_nor_page_as_it_is() -> None:
    document = report(SHOUTING)
    told = "\n".join(lines(document, colour=False))
    html = page(Path("nowhere"), document)
    assert row(document, "RES-4")["findings"]
    assert not set("\x1b\x07\u202e\x00\r") & set(told + html)
    assert "<script>alert" not in html


# The page


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The folder of a run with a finding in a hostile answer."""
    writer = HistoryWriter(tmp_path / "history.jsonl", FACTS, None)
    for exchange in numbered([GOOD, BAD, SHOUTING]):
        writer.append(exchange)
    writer.close()
    write(tmp_path, report(GOOD, BAD, SHOUTING, certainty={"VAL-1": "always"}))
    return tmp_path


def test_a_run_is_written_as_data_and_as_a_page(run: Path) -> None:
    assert msgspec.json.decode((run / "report.json").read_bytes())["verdict"] == "broken"
    html = (run / "report.html").read_text(encoding="utf-8")
    assert "Request 2" in html
    assert "Answer 2" in html
    assert "$BSPK_API_KEY" in html
    assert sorted(path.name for path in run.iterdir()) == ["history.jsonl", "report.html", "report.json", "writes.csv"]


def test_the_page_asks_for_nothing_outside(run: Path) -> None:
    html = (run / "report.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in html
    assert not re.search(r"<(?:link|img|script|iframe)[^>]+(?:src|href)=\"(?!data:,\")", html)
    assert not re.search(r"url\(|@import", html)
    assert re.findall(r"href=\"([^#\"][^\"]*)\"", html) == ["data:,"]


def test_the_page_can_be_made_again_from_the_folder(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (run / "report.html").read_bytes()
    (run / "report.html").unlink()
    assert again.main([str(run)]) == 0
    assert (run / "report.html").read_bytes() == before
    assert capsys.readouterr().out.strip().endswith("report.html")


@pytest.mark.parametrize("content", [None, "not JSON", "[]", '{"schema": 2}'])
def test_what_is_no_run_is_refused_in_one_line(
    content: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (tmp_path / "report.json").write_text(content, encoding="utf-8")
    assert again.main([str(tmp_path)]) == 4
    assert capsys.readouterr().err.count("\n") == 1


def test_a_scenarios_witness_is_found_in_its_own_history(tmp_path: Path) -> None:
    folder = tmp_path / "loadtests" / "Flood"
    writer = HistoryWriter(folder / "history.jsonl", FACTS, None)
    writer.append(replace(numbered([BAD])[0], seq=1))
    writer.close()
    assert "Request 1" in page(tmp_path, fold(report(GOOD, owed=("AUTH-2",)), [scenario(BAD)]))


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (report(GOOD, owed=("AUTH-2", "AUTH-3")), "Every one of the 2 promises"),
        (report(GOOD, BAD), "1 of 30 promises broken: VAL-1; the first finding came within 2 requests."),
        (report(GOOD, owed=("VAL-4",)), "Nothing was found broken, but 1 of 1 promises could not be decided: its"),
    ],
)
def test_the_verdict_in_one_sentence(document: dict[str, Any], expected: str) -> None:
    assert sentence(document).startswith(expected)


@pytest.mark.parametrize(
    ("name", "in_scope", "reason", "expected"),
    [
        ("RES-3", True, "the cap of 40 requests is reached", "Give a higher --max-requests."),
        ("RATE-1", False, "not owed by what ran", "Run it: pytest loadtests."),
        (
            "VAL-4",
            True,
            "its stimulus was never answered by the operation",
            "It is tested so: The empty batch is sent.",
        ),
        ("GATE-P99", True, "nothing was sent", "Run again."),
    ],
)
def test_what_would_decide_an_open_promise(name: str, in_scope: bool, reason: str, expected: str) -> None:
    assert remedy({"id": name, "in_scope": in_scope, "reason": reason}) == expected


def test_promises_left_open_for_one_reason_stand_together() -> None:
    document = report(GOOD, owed=("AUTH-2", "VAL-4", "ERR-3"))
    for each in document["promises"]:
        each["reason"] = each["reason"] and "the cap of 1 requests is reached"
    expected = [(["ERR-3", "VAL-4"], "The cap of 1 requests is reached", "Give a higher --max-requests.")]
    assert undecided(document["promises"]) == expected
    assert "ERR-3 VAL-4" in page(Path("nowhere"), document)


def test_figures_of_any_shape_become_tables() -> None:
    load = {
        "offered_rps": 12.5,
        "p99": {"corrected_ms": 1300.4, "ok": True},
        "steps": [{"users": 1}, {"users": 2, "errors": None}],
    }
    assert tables("Flood", load) == [
        Table(
            "Flood: single figures",
            ("figure", "value"),
            (("offered rps", "12.5"), ("p99, corrected ms", "1,300"), ("p99, ok", "yes")),
        ),
        Table("Flood: steps", ("users", "errors"), (("1", "–"), ("2", "–"))),
    ]


def test_a_scenario_left_out_says_why(tmp_path: Path) -> None:
    document = report(GOOD, owed=("AUTH-2",)) | {"load": {"Flood": {"left_out": "the Limit is above what is sent"}}}
    html = page(tmp_path, document)
    assert "the Limit is above what is sent." in html
    assert tables("Flood", document["load"]["Flood"]) == []


def test_a_long_series_is_thinned_and_says_so() -> None:
    (table,) = tables("Flood", {"series": [{"t_s": number} for number in range(600)]})
    assert len(table.rows) == ROWS
    assert (table.rows[0], table.rows[-1]) == (("0",), ("599",))
    assert "600 rows" in table.caption


# Explaining


def test_a_promise_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert explain.main(["res-6"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert all(words in told for words in (BY_ID["RES-6"].meaning, BY_ID["RES-6"].harm, BY_ID["RES-6"].tested))


RULED = [promise for promise in LEDGER if promise.unruled is None]


@pytest.mark.parametrize("promise", RULED, ids=[promise.id for promise in RULED])
def test_a_promise_has_an_example_that_breaks_it(promise: Promise) -> None:
    stored = read_history(explain.EXAMPLES / f"{promise.id}.jsonl")
    assert stored.exchanges == tuple(example(promise.id)), "run python -m tests.examples"
    told = "\n".join(explain.explained(promise))
    assert "for example, this breaks it:" in told
    assert "actual" in told


def test_everything_that_can_be_explained_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert explain.main(["--list"]) == 0
    told = capsys.readouterr().out.split()
    assert {*ALL, *(question.id for question in QUESTIONS)} <= set(told)


def test_an_unknown_id_is_refused_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert explain.main(["RES-66"]) == 4
    assert capsys.readouterr().err == "no promise has the id 'RES-66'; --list shows them all\n"
