"""The honest sandbox, request by request: whether it is a good stand-in is decided here, not by the rules it trains."""

import asyncio
import json

import pytest

from sandbox.app import Application, Settings, create_app
from sandbox.catalogue import load_catalogue
from sandbox.clock import VirtualClock
from sandbox.inprocess import Received, exchange
from sandbox.settings import MAX_BODY_BYTES, PATH

KEY = {"Authorization": "Bearer sandbox-key", "Content-Type": "application/json"}
PRODUCT, SKU, STORE = min(load_catalogue())


def record(**changes: object) -> dict[str, object]:
    valid = {"product_ref": PRODUCT, "sku": SKU, "quantity": 10, "store_ref": STORE, "at": "2021-01-01T00:00:00Z"}
    return {**valid, **changes}


def without(name: str) -> dict[str, object]:
    return {key: value for key, value in record().items() if key != name}


def batch(*records: object) -> bytes:
    return json.dumps({"inventories": records}).encode()


def app() -> Application:
    return create_app(Settings(limit=10_000), VirtualClock())


def post(to: Application, body: bytes, headers: dict[str, str] | None = None) -> Received:
    return asyncio.run(exchange(to, body, KEY if headers is None else headers))


def results(received: Received) -> list[dict[str, object]]:
    assert received.status == 200, received
    answer = json.loads(received.body)
    assert isinstance(answer["status"], str)
    found: list[dict[str, object]] = answer["results"]
    return found


AUTHORIZATION = [
    ("Bearer sandbox-key", 200),
    ("Bearer sandbox-key-2", 200),
    ("bearer sandbox-key", 200),  # RFC 9110 section 11.1: the scheme's case is of no account
    (None, 401),
    ("", 401),
    ("Bearer", 401),
    ("Bearer ", 401),
    ("sandbox-key", 401),
    ("Token sandbox-key", 401),
    ("Bearer sandbox-ke", 401),
    ("Bearer sandbox-key-", 401),
    ("Bearer SANDBOX-KEY", 401),
    ("Bearer sandbox-kez", 401),
    ("Bearer sändbox-key", 401),
    ("Bearer sandbox-key,sandbox-key", 401),
]


@pytest.mark.parametrize(("authorization", "status"), AUTHORIZATION)
@pytest.mark.parametrize("body", [batch(record()), b"{", b""])
def test_the_key_is_asked_for_first(authorization: str | None, status: int, body: bytes) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    expected = 400 if status == 200 and body != batch(record()) else status
    assert post(app(), body, headers).status == expected


BODIES = [
    (b"", 400),
    (b"{", 400),
    (b"null null", 400),
    (b'{"inventories": NaN}', 400),
    (b'{"inventories": [], "inventories": []}', 400),
    (b"\xef\xbb\xbf" + batch(record()), 400),
    (batch(record()).decode().encode("utf-16"), 400),
    (b'{"inventories": "\xff"}', 400),
    (b"[" * 100_000, 400),
    (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, 400),
    (b"product_ref=1", 400),
    (b"null", 422),
    (b"[]", 422),
    (b'"text"', 422),
    (b"{}", 422),
    (b'{"inventories": null}', 422),
    (b'{"inventories": {}}', 422),
    (b'{"inventories": "text"}', 422),
    (b'{"inventories": []}', 422),
    (batch(*[record()] * 1_000), 200),
    (batch(*[record()] * 1_001), 422),
    (batch(record()) + b" " * MAX_BODY_BYTES, 413),
    (batch(record())[:-1] + b', "more": {"a": 1}}', 200),
]


@pytest.mark.parametrize(("body", "status"), BODIES, ids=lambda value: str(value)[:30])
def test_a_document_gets(body: bytes, status: int) -> None:
    received = post(app(), body)
    assert received.status == status
    assert received.headers["x-ratelimit-remaining"] == "9999"
    if status == 422:
        assert received.headers["content-type"] == "application/json"
        errors = json.loads(received.body)["errors"]
        assert errors
        assert all(isinstance(error["title"], str) and isinstance(error["code"], str) for error in errors)


BARE: list[object] = [None, 1, "text", [], {}, [record()]]
RECORDS = [
    (record(), "ok"),
    (record(quantity=0), "ok"),
    (record(quantity=2**63 - 1), "ok"),
    (record(more={"a": None}), "ok"),
    (dict(reversed(record().items())), "ok"),
    (record(at="2021-01-01T00:00:00.123456789+05:30"), "ok"),
    (record(at="2024-02-29T23:59:59-00:00"), "ok"),
    (record(at="0001-01-01T00:00:00+14:00"), "ok"),
    (record(at="9999-12-31T23:59:59.9-12:00"), "ok"),
    *((without(name), "error") for name in record()),
    *((record(**{name: None}), "error") for name in record()),
    *((record(**{name: {"a": 1}}), "error") for name in record()),
    *((record(**{name: [1]}), "error") for name in record()),
    *((record(**{name: value}), "error") for name in ("product_ref", "sku", "store_ref") for value in (1, True, "")),
    *((record(sku=text), "error") for text in ("unknown", "\0", "\ud800", "\U0001f9e5", "x" * 100_000)),
    *((record(quantity=value), "error") for value in ("10", 10.0, 10.5, True, -1, 2**63, 10**400, 1e300)),
    *(
        (record(at=text), "error")
        for text in (
            "",
            "yesterday",
            "2021-01-01",
            "2021-01-01T00:00:00",
            "2021-01-01 00:00:00Z",
            "2021-01-01t00:00:00z",
            "2021-13-01T00:00:00Z",
            "2021-02-29T00:00:00Z",
            "2021-01-01T24:00:00Z",
            "2016-12-31T23:59:60Z",
            "2021-01-01T00:00:00+24:00",
            "2021-01-01T00:00:00+0100",
            "2021-01-01T00:00:00.1234567890Z",
            "2021-01-01T00:00:00.Z",
            "2021-01-01T00:00:00Z\n",
            "2021-W01-1",
            "٢٠٢١-01-01T00:00:00Z",
            "0000-01-01T00:00:00Z",
        )
    ),
    (record(at=1609459200), "error"),
    *((bare, "error") for bare in BARE),
]


@pytest.mark.parametrize(("item", "status"), RECORDS, ids=lambda value: str(value)[:60])
def test_a_record_gets(item: object, status: str) -> None:
    to = app()
    (result,) = results(post(to, batch(item)))
    assert (result["index"], result["status"]) == (0, status)
    assert bool(result.get("message")) == (status != "ok")
    assert len(to.server.store.levels()) == (status == "ok")


def test_every_fault_of_a_record_is_told() -> None:
    (result,) = results(post(app(), batch({"sku": 1, "quantity": "x", "at": "x"})))
    message = str(result["message"])
    assert all(name in message for name in record())


def test_results_are_in_order_and_a_fault_stays_with_its_record() -> None:
    told = results(post(app(), batch(record(), record(quantity=-1), record(quantity=3), None, record(quantity=5))))
    assert [result["index"] for result in told] == [0, 1, 2, 3, 4]
    assert [result["status"] for result in told] == ["ok", "error", "ok", "error", "ok"]


UPDATES = [
    ([("2021-01-01T00:00:00Z", 1), ("2021-01-01T00:00:01Z", 2)], "ok", 2),
    ([("2021-01-01T00:00:00Z", 1), ("2021-01-01T00:00:00Z", 2)], "ok", 2),
    ([("2021-01-01T00:00:00Z", 1), ("2020-12-31T23:59:59.999999999Z", 2)], "warning", 1),
    ([("2021-01-01T00:00:00.000000001Z", 1), ("2021-01-01T00:00:00Z", 2)], "warning", 1),
    ([("2021-01-01T00:00:00+02:00", 1), ("2020-12-31T23:00:00Z", 2)], "ok", 2),  # looks older, is an hour newer
    ([("2021-01-01T00:00:00-02:00", 1), ("2021-01-01T01:00:00Z", 2)], "warning", 1),
]


@pytest.mark.parametrize(("updates", "status", "quantity"), UPDATES)
@pytest.mark.parametrize("together", [True, False])
def test_the_newest_level_is_kept(
    updates: list[tuple[str, int]], status: str, quantity: int, *, together: bool
) -> None:
    to = app()
    records = [record(at=at, quantity=number) for at, number in updates]
    batches = [batch(*records)] if together else [batch(item) for item in records]
    told = [result for body in batches for result in results(post(to, body))]
    assert told[-1]["status"] == status
    assert [level.quantity for level in to.server.store.levels()] == [quantity]


ELSEWHERE = [("GET", PATH, 405), ("HEAD", PATH, 405), ("PUT", PATH, 405), ("OPTIONS", PATH, 405), ("POST", "/", 404)]


@pytest.mark.parametrize(("method", "path", "status"), ELSEWHERE)
def test_there_is_one_resource(method: str, path: str, status: int) -> None:
    received = asyncio.run(exchange(app(), batch(record()), KEY, method=method, path=path))
    assert received.status == status
    assert received.headers["x-ratelimit-remaining"] == "9999"


def test_everything_authenticated_costs_one_and_a_401_nothing() -> None:
    to = create_app(Settings(limit=4), VirtualClock())
    seen = []
    for body, headers in [
        (batch(record()), KEY),
        (b"{", KEY),
        (batch(record()), {}),
        (b"{}", KEY),
        (batch(record()), KEY),
        (batch(record()), KEY),
        (batch(record()), {"Authorization": "Bearer sandbox-key-2"}),
    ]:
        received = post(to, body, headers)
        seen.append(
            (received.status, received.headers.get("x-ratelimit-limit"), received.headers.get("x-ratelimit-remaining"))
        )
    assert seen == [
        (200, "4", "3"),
        (400, "4", "2"),
        (401, None, None),
        (422, "4", "1"),
        (200, "4", "0"),
        (429, "4", "0"),
        (200, "4", "3"),
    ]


NONSENSE = [
    (Settings(limiter="no-such"), "no limiter is called 'no-such'"),
    (Settings(dialects=("whole-batch-421",)), "perhaps whole-batch-422"),
    (Settings(defect="index-from-2"), "perhaps index-from-1"),
]


@pytest.mark.parametrize(("settings", "message"), NONSENSE)
def test_an_unknown_name_is_refused(settings: Settings, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        create_app(settings)


def test_a_limit_that_admits_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="is no allowance"):
        Settings(limit=0)
