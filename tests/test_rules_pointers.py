"""Where in the answer's body a breach is: the JSON Pointer of a finding, which the report marks."""

from typing import Any

import pytest

from tests.build import ERRORS, answer, asked, numbered, ok, record, reply, rulings

GOOD = ok(0)[0]
ERROR = ERRORS["errors"][0]


def results(second: object) -> dict[str, object]:
    return reply([GOOD, second])


def errors(second: object) -> dict[str, object]:
    return {"errors": [ERROR, second]}


@pytest.mark.parametrize(
    ("promise", "status", "body", "pointer"),
    [
        ("RES-1", 200, [], ""),
        ("RES-1", 200, {"results": [GOOD]}, ""),
        ("RES-1", 200, reply([GOOD], status=7), "/status"),
        ("RES-1", 200, {"status": "done"}, ""),
        ("RES-1", 200, reply({}), "/results"),
        ("RES-1", 200, results("ok"), "/results/1"),
        ("RES-1", 200, results(None), "/results/1"),
        ("RES-2", 200, results({"index": "1", "status": "ok"}), "/results/1/index"),
        ("RES-2", 200, results({"index": 9, "status": "ok"}), "/results/1/index"),
        ("RES-2", 200, results({"status": "ok"}), "/results/1"),
        ("RES-2", 200, results(GOOD), None),  # both that have the index are marked
        ("RES-3", 200, reply([GOOD]), None),  # what is lost stands nowhere
        ("RES-4", 200, results({"index": 1, "status": "OK"}), "/results/1/status"),
        ("RES-4", 200, results({"index": 1}), "/results/1"),
        ("RES-5", 200, results({"index": 1, "status": "error", "message": " "}), "/results/1/message"),
        ("RES-5", 200, results({"index": 1, "status": "error"}), "/results/1"),
        ("VAL-2", 422, [], ""),
        ("VAL-2", 422, {"error": []}, ""),
        ("VAL-2", 422, {"errors": []}, "/errors"),
        ("VAL-2", 422, {"errors": {}}, "/errors"),
        ("VAL-2", 422, errors("bad"), "/errors/1"),
        ("VAL-2", 422, errors(ERROR | {"code": 7}), "/errors/1"),
        ("FMT-1", 200, b"{", ""),
        ("FMT-2", 200, results({"index": 1, "status": "ok", "at": "21.07.2018"}), "/results/1/at"),
        ("FMT-2", 200, results({"index": 1, "status": "ok", "a/~": [0, {"updated_at": 1532194348}]}), "/results/1/a~1~0/1/updated_at"),
        ("FMT-2", 422, ERRORS | {"at": [2018, 7, 21, 17]}, "/at"),
    ],
)  # fmt: skip
def test_a_finding_points_at_what_is_at_fault(promise: str, status: int, body: Any, pointer: str | None) -> None:
    first = record() if status == 200 else record(quantity=...)
    exchange = asked([first, record(1)], answer(status, body))
    assert rulings(numbered([exchange]))[promise].findings[0].pointer == pointer


def test_a_media_type_is_no_place_in_the_body() -> None:
    wrong = asked([record()], answer(200, reply([GOOD]), kind="text/plain"))
    assert rulings(numbered([wrong]))["FMT-1"].findings[0].pointer is None
