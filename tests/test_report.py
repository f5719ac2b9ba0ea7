"""report.json: its keys, its verdict and the reason for it, findings that argue, gates."""

from pathlib import Path
from typing import Any

import pytest

from contracts.exchanges.exchange import Exchange
from contracts.report.document import SHOWN
from contracts.report.folding import fold
from contracts.report.html import page
from contracts.report.terminal import argument
from openapi.ledger import LEDGER, QUESTIONS
from tests.build import FACTS, answer, asked, ok, record, reply
from tests.reports import BAD, GOOD, REFUSED, report, row, scenario

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


def test_a_gate_may_be_broken_in_several_scenarios() -> None:
    seen = {
        name: {"gates": [gate("broken") | {"scenario": name, "seen": f"2 s in {name}"}]} for name in ("Flood", "A<b>")
    }
    whole = fold(
        report(GOOD, owed=("AUTH-2",)), [scenario(REFUSED, room=name, load={name: seen[name]}) for name in seen]
    )
    broken = whole["promises"][-1]
    assert (broken["found"], broken["seen"]) == (2, "2 s in Flood; 2 s in A<b>")
    html = page(Path("nowhere"), whole)
    assert "came 2 s in A&lt;b&gt;, over 1,204 samples</li>" in html


def test_an_undecided_gate_is_the_runs_reason() -> None:
    child = scenario(REFUSED, load={"Flood": {"gates": [gate("undecided", reason="Flood gave no figure for it")]}})
    assert child["reason"] == "Flood gave no figure for it"


# Commands
