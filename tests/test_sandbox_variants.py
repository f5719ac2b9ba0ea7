"""Every dialect and every defect shows: some request is answered otherwise than by the honest sandbox, or later.

Nothing here says whether a judge would notice; only that there is something to notice, and that a dialect stays lawful.
"""

import asyncio
import json
import random
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass

import pytest

from openapi.ledger import BY_ID
from sandbox.app import Application, Settings, create_app
from sandbox.catalogue import load_catalogue
from sandbox.clock import VirtualClock
from sandbox.defects import DEFECTS
from sandbox.dialects import DIALECTS
from sandbox.inprocess import FIRST_CLIENT, exchange
from sandbox.settings import PATH

CATALOGUE = sorted(load_catalogue())
KEY = {"Authorization": "Bearer sandbox-key", "Content-Type": "application/json"}
GATES = {"GATE-P99", "GATE-ERRORS", "GATE-COST"}
LAWFUL = {200, 204, 400, 401, 404, 405, 413, 415, 422, 429}


@dataclass(frozen=True)
class Seen:
    """One answer, as a client sees it."""

    status: int | None
    headers: dict[str, str]
    body: bytes
    cut: bool
    at_s: float


class Client:
    """Drives one application on its own clock."""

    def __init__(self, settings: Settings) -> None:
        self.clock = VirtualClock(start_s=1_000.0)
        self.app: Application = create_app(settings, self.clock)

    async def send(
        self,
        body: bytes,
        headers: dict[str, str] | None = None,
        *,
        method: str = "POST",
        path: str = PATH,
        connection: int = 0,
    ) -> Seen:
        client = (FIRST_CLIENT[0], FIRST_CLIENT[1] + connection)
        sent = KEY if headers is None else headers
        got = await exchange(self.app, body, sent, method=method, path=path, client=client)
        return Seen(got.status, got.headers, got.body, got.cut, self.clock.monotonic_s())


def record(row: int = 0, **changes: object) -> dict[str, object]:
    product_ref, sku, store_ref = CATALOGUE[row % len(CATALOGUE)]
    valid = {
        "product_ref": product_ref,
        "sku": sku,
        "quantity": 10,
        "store_ref": store_ref,
        "at": "2021-01-01T00:00:00Z",
    }
    return {**valid, **changes}


def without(name: str) -> dict[str, object]:
    return {key: value for key, value in record().items() if key != name}


def batch(*records: object) -> bytes:
    return json.dumps({"inventories": records}).encode()


HEADERS = [
    {},
    {"Authorization": ""},
    {"Authorization": "Bearer"},
    {"Authorization": "bearer sandbox-key"},
    {"Authorization": "Bearer  sandbox-key"},
    {"Authorization": "Token sandbox-key"},
    *({"Authorization": f"Bearer {token}"} for token in ("sandbox-ke", "andbox-key", "sandbox-key2", "SANDBOX-KEY")),
    *(
        {"Authorization": f"Bearer {token}"}
        for token in ("sandbox-kez", "xxxxxxxxxxx", "sandbox-wrong", "sandbox-key.x", "é", "no key")
    ),
    *({"Authorization": "Bearer wrong"} for _ in range(20)),
]


async def ask_with_many_keys(client: Client) -> list[Seen]:
    seen = [await client.send(batch(record()), headers, connection=n) for n, headers in enumerate(HEADERS)]
    seen += [await client.send(body, {}, connection=50) for body in (b"{", b"{}", batch())]
    seen += [await client.send(batch(record())), await client.send(batch(record()), {})]
    seen.append(await client.send(batch(*(record() for _ in range(50))), {}))
    seen.append(await client.send(batch(record()), {"Content-Type": "text/plain"}))
    seen += [await client.send(batch()), await client.send(batch(record()), {})]
    return seen


DOCUMENTS = [
    b"",
    b"{",
    batch(record())[:-1],
    batch(record()) + b" and more",
    batch(record()).replace(b", ", b",\n"),
    b'{"inventories": NaN}',
    b'{"inventories": [{"quantity": 1' + b"0" * 4_999 + b"}]}",
    b'{"inventories": [], "inventories": []}',
    b"\xef\xbb\xbf" + batch(record()),
    b'{"inventories": "\xff"}',
    b"[" * 1_000,
    b"null",
    b"[]",
    json.dumps([record()]).encode(),
    b"{}",
    b'{"inventories":null}',
    json.dumps({"inventories": record()}).encode(),
    b'{"inventories":"text"}',
    b'{"inventories":[]}',
    batch(record())[:-1] + b', "more": 1}',
    batch(record()).replace(b'"', b"'"),
    batch(record()).replace(b"}]", b"},]"),
    b"/* more */ " + batch(record()),
    batch(record()).replace(b"inventories", b"Inventories"),
    b'{"data": ' + batch(record()) + b"}",
    batch(record()).replace(b"quantity", b"Quantity"),
    batch(record()).replace(b"product_ref", b"productRef"),
]


async def ask_with_many_documents(client: Client) -> list[Seen]:
    seen = [await client.send(body) for body in DOCUMENTS]
    seen.append(await client.send(batch(record()), KEY | {"Content-Type": "application/json; charset=utf-8"}))
    seen.append(await client.send(batch(record()), KEY | {"Content-Type": "application/json; charset=more"}))
    seen.append(await client.send(batch(record()), KEY | {"Content-Type": "text/plain"}))
    seen += [await client.send(b"", method=method) for method in ("GET", "HEAD", "OPTIONS", "PUT")]
    return [*seen, await client.send(b"{}", path="/")]


VALUES: list[object] = [None, 1, 1.5, True, "", "text", {"a": 1}, [1]]
ITEMS: list[object] = [
    *VALUES,
    {},
    record(more=1),
    dict(reversed(record().items())),
    *(without(name) for name in record()),
    *(record() | {name: value} for name in record() for value in VALUES),
    *(record(sku=text) for text in ("né", "\0", "a\nb", "\ud800", "\U0001f9e5", "o'clock", "a/b", "x" * 300)),
    *(
        record(quantity=value)
        for value in ("10", "7 pieces", "  ", "NaN", 10.0, -1, 0, 40_000, 70_000, 10**6, 10**9, 10**30)
    ),
    *(
        record(at=text)
        for text in (
            "2021-13-01T00:00:00Z",
            "2021-02-30T00:00:00Z",
            "2021-01-01T25:00:00Z",
            "2021-01-01T00:00:00Zulu",
            "2021-01-01",
            "01/31/2021",
            "Sun, 31 Jan 2021 10:00:00 GMT",
            "1612137600",
            "9999-12-31T23:59:59Z",
            "9999-12-31T23:59:59-02:00",
            "2021-01-01T00:00:00",
            "2021-01-01 00:00:00Z",
            "2021-01-01t00:00:00z",
            "2016-12-31T23:59:60Z",
            "2021-01-01T00:00:00.1234567Z",
            "2021-01-01T00:00:00.5Z",
            "2021-01-01T12:00:00+05:30",
            "2021-01-01T12:00:00+02:75",
            "2021-01-01T12:00:00-08:00",
            "2024-02-29T12:00:00Z",
            "2000-02-29T12:00:00Z",
            "1969-07-20T20:17:40Z",
            "2020-12-31T12:00:00Z",
            "2021-03-28T02:30:00Z",
            "2021-1-1T10:00:00Z",
            "2021-01-01T9:00:00Z",
            "10:00:00",
            "٢٠٢١-٠١-٠١T١٠:٠٠:٠٠Z",
            "2021-01-01T10:00:00Z+02:00",
            "at 2021-01-01T10:00:00Z",
            "2021-01-01T24:30:00Z",
            "2021" * 30,
        )
    ),
]


async def ask_with_many_records(client: Client) -> list[Seen]:
    """Each item alone, so that what it does to a batch as a whole stays its own affair."""
    return [await client.send(batch(item)) for item in ITEMS]


BATCHES = [
    batch(record(0), record(1), record(2)),
    batch(record(0), record(1, quantity=-1), record(2)),
    batch(record(0), record(1, quantity="x"), record(2), record(3, at=1)),
    batch(record(0), record(1, sku="unknown"), record(2)),
    batch(record(0), 1, record(2)),
    batch(*(record(n) for n in range(11)), record(11, quantity=None), record(12)),
    batch(record(0), record(1, quantity=None)),
    batch(record(0), record(1, quantity=None)),
    batch(*(record(n, quantity=None) for n in range(5))),
    batch(record(0), record(0, at="2021-01-02T00:00:00Z")),
    batch(*(record(n) for n in range(50))),
    batch(*(record(n) for n in range(110))),
    batch(*(record(n) for n in range(210))),
    batch(record(more="x" * 60_000)),
    batch(record(0), None, record(2)),
    batch(*(record(n, quantity=None) for n in range(501))),
    batch(record(3)),
    batch(record(0, more=1), record(1)),
    batch(record(3, quantity=0, at="2025-01-02T00:00:00Z")),
]


async def ask_with_many_batches(client: Client) -> list[Seen]:
    return [await client.send(body) for body in BATCHES]


TIMES = [
    "2021-01-01T12:00:00Z",
    "2021-01-01T12:00:00Z",
    "2021-01-01T11:00:00Z",
    "2021-01-01T12:00:00.5Z",
    "2021-01-01T12:00:01Z",
    "2021-01-01T10:30:00-05:00",
    "2021-01-01T18:30:00+02:00",
    "2030-01-01T00:00:00Z",
]


async def update_again_and_again(client: Client) -> list[Seen]:
    return [await client.send(batch(record(at=at))) for at in TIMES]


async def come_back_after_a_silence(client: Client) -> list[Seen]:
    before = await client.send(batch(record()))
    client.clock.advance(11.6)
    return [before, await client.send(batch(record()))]


async def press_on_the_limit(client: Client) -> list[Seen]:
    """Bursts of two and a half times the limit, one after another and all at once, with silences between them."""
    seen = []
    for silence_s in (3.0, 4.0, 0.6, 4.0, 3.6, 10.0, 20.0):
        client.clock.advance(silence_s)
        seen += [await client.send(batch(record(n))) for n in range(20)]
        seen += [await client.send(b"{}"), await client.send(b"", KEY | {"Authorization": "Bearer sandbox-key-2"})]
        seen += [await client.send(b"", {}) for _ in range(9)]
    client.clock.advance(25.0)
    return [*seen, *await asyncio.gather(*(client.send(batch(record(n)), connection=n) for n in range(20)))]


async def press_on_the_server(client: Client) -> list[Seen]:
    """Five rounds of twelve at once, each batch of its own size and fault; then ten seconds of one a second."""
    seen: list[Seen] = []
    for _ in range(5):
        bodies = [batch(*(record(n) for n in range(size)), None, record(size)) for size in range(12)]
        seen += await asyncio.gather(*(client.send(body, connection=n) for n, body in enumerate(bodies)))
    for second in range(10):
        client.clock.advance(1.0)
        seen.append(await client.send(batch(record(second))))
    return seen


Probe = Callable[[Client], Coroutine[None, None, list[Seen]]]
PLENTY, SCARCE = 10_000, 8
PROBES: list[tuple[Probe, int]] = [
    (ask_with_many_keys, PLENTY),
    (ask_with_many_documents, PLENTY),
    (ask_with_many_records, PLENTY),
    (ask_with_many_batches, PLENTY),
    (update_again_and_again, PLENTY),
    (come_back_after_a_silence, PLENTY),
    (press_on_the_limit, SCARCE),
    (press_on_the_server, PLENTY),
]


def answers(probe: Probe, limit: int, dialects: tuple[str, ...] = (), defect: str | None = None) -> list[Seen]:
    return asyncio.run(probe(Client(Settings(limit=limit, dialects=dialects, defect=defect))))


@pytest.fixture(scope="module")
def honest() -> dict[tuple[str, ...], list[list[Seen]]]:
    """What the honest sandbox answers, by the dialects that it speaks."""
    spoken = {defect.speaks for defect in DEFECTS.values()} | {()}
    return {dialects: [answers(probe, limit, dialects) for probe, limit in PROBES] for dialects in spoken}


Honest = dict[tuple[str, ...], list[list[Seen]]]


@pytest.mark.parametrize("name", DIALECTS)
def test_a_dialect_shows_and_is_lawful(honest: Honest, name: str) -> None:
    told = [answers(probe, limit, (name,)) for probe, limit in PROBES]
    assert told != honest[()]
    assert {seen.status for probed in told for seen in probed} <= LAWFUL
    assert not any(seen.cut for probed in told for seen in probed)


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_shows(honest: Honest, name: str) -> None:
    """One that the contracts are to see shows to a single client who stays within the limit."""
    defect = DEFECTS[name]

    def differs() -> Iterator[bool]:
        for (probe, limit), expected in zip(PROBES, honest[defect.speaks], strict=True):
            if defect.runs == "loadtests" or not probe.__name__.startswith("press"):
                yield answers(probe, limit, defect=name) != expected

    assert any(differs())


def test_the_honest_sandbox_never_fails(honest: Honest) -> None:
    assert {seen.status for probed in honest[()] for seen in probed} <= LAWFUL


@pytest.mark.parametrize("name", DEFECTS)
def test_a_defect_names_what_it_breaks(name: str) -> None:
    defect = DEFECTS[name]
    assert defect.promises
    assert set(defect.promises) <= set(BY_ID) | GATES
    runs = {run for promise in defect.promises if promise in BY_ID for run in BY_ID[promise].runs}
    assert defect.runs in runs or defect.promises[0] in GATES
    assert set(defect.speaks) <= set(DIALECTS)


@pytest.mark.parametrize("variant", [*DIALECTS.values(), *DEFECTS.values()], ids=lambda variant: variant.name)
def test_a_variant_says_in_one_sentence_what_it_is(variant: object) -> None:
    description = getattr(variant, "description", "")
    assert description.endswith(".")
    assert len(description) < 120


def test_every_promise_that_can_be_broken_is_broken_by_some_defect() -> None:
    broken = {promise for defect in DEFECTS.values() for promise in defect.promises[:1]}
    assert {promise.id for promise in BY_ID.values() if promise.unruled is None and "GATE" not in promise.id} <= broken


def test_dialects_combine() -> None:
    told = answers(ask_with_many_records, PLENTY, ("whole-batch-422", "refusals-as-json", "stale-refused", "chunked"))
    assert {seen.status for seen in told} == {200, 422}
    assert all("content-length" not in seen.headers for seen in told)


@pytest.mark.parametrize("seed", range(12))
def test_any_four_dialects_together_are_lawful(seed: int) -> None:
    names = tuple(random.Random(seed).sample(sorted(DIALECTS), 4))  # noqa: S311 - a choice, no secret
    told = [seen for probe, limit in PROBES for seen in answers(probe, limit, names)]
    assert {seen.status for seen in told} <= LAWFUL, names
