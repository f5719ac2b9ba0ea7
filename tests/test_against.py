"""What a run lets be said of a known break: with all drivers, with a few, with scenarios left out, or stopped."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from contracts.drivers.schedule import SCHEDULE
from contracts.run.against import Against
from contracts.run.invocation import Options
from tests.reports import GOOD, report

ALL = [driver.name for driver in SCHEDULE]
KNOWN = {"RES-1": {"reason": "soon", "until": "9999-12-31"}}
OPTIONS = Options(None, None, 100, "quick", 3, 10, 10, None, (), Path(), allow_production=False, now=None)


@pytest.mark.parametrize(
    ("drivers", "load", "left_out", "stopped", "state", "sent"),
    [
        (ALL, False, False, None, "holds again", "contracts, depth quick, seed 3"),
        (ALL, True, False, None, "holds again", "contracts and loadtests, depth quick, seed 3"),
        (
            ALL,
            True,
            True,
            None,
            "held by the part of its tests that ran",
            "contracts and loadtests, depth quick, seed 3",
        ),
        (["sizes"], False, False, None, "held by the part of its tests that ran", "sizes, depth quick, seed 3"),
        ([], True, False, None, "held by the part of its tests that ran", "loadtests, depth quick, seed 3"),
        (ALL, False, False, "interrupted", "held by the part of its tests that ran", None),
    ],
)
def test_a_known_break_holds_again_only_where_all_was_run(
    drivers: list[str], load: bool, left_out: bool, stopped: str | None, state: str, sent: str | None, tmp_path: Path
) -> None:
    file = tmp_path / "baseline.json"
    file.write_text(json.dumps({"schema": 1, "known": KNOWN, "observations": {}}))
    document = report(GOOD, owed=("RES-1",))

    def against(update: bool) -> Against:
        options = replace(OPTIONS, baseline=file, baseline_update=update)
        return Against(options, drivers, has_load=load, left_out=left_out)

    compared = against(update=False).compare(document, stopped)
    assert [each["state"] for each in compared["baseline"]["known"]] == [state]
    assert (compared["verdict"] == "broken") is (state == "holds again")
    renewing = against(update=True)
    assert renewing.compare(document, stopped)["verdict"] == "held"
    renewing.save(document, stopped)
    assert renewing.unsaved is (stopped is not None)
    saved = json.loads(file.read_text())
    assert saved.get("sent") == sent
    assert ("RES-1" in saved["known"]) is (state != "holds again")
