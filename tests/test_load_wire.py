"""The wire for load against bad servers, and what it keeps of an exchange."""

import json
import os
import socket
import subprocess
import sys
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from contracts.exchanges.exchange import NoAnswer
from contracts.history.rows import CAUSES, WRONG, LoadRow, from_bytes, read_rows
from contracts.history.rows import RIGHT as RIGHT_FLAG
from contracts.history.secrets import Secret
from contracts.history.story import RunFacts, read_history
from contracts.history.writer import HistoryWriter
from contracts.run.target import ROOT
from contracts.wire.wire import Stopped
from loadtests.wire import keeping
from loadtests.wire.batches import SECOND, Share, divide
from loadtests.wire.connection import Connection, Watch
from loadtests.wire.keeping import Keeper, Sending
from loadtests.wire.reply import Reply
from loadtests.wire.route import Route
from loadtests.wire.wire import LoadWire, Tally, head_of, shown_headers
from openapi.document import OPERATION_PATH
from tests.build import CATALOGUE

SECRET = Secret("sandbox-key")


def share(size: int = 6) -> Share:
    return Share(
        CATALOGUE[:size],
        lambda length: b"POST\r\nContent-Length: %d\r\n\r\n" % length,
        datetime(2026, 6, 1, tzinfo=UTC),
    )


# As text, since no test imports gevent: some faults of each kind, waited for by its hub.
BY_THE_HUB = """
import sys
from pathlib import Path

from loadtests.wire.connection import Watch
from loadtests.run.hub_line import hub_line
from tests.faults.cases import FAULTS
from tests.faults.trial import TIMEOUT_S, load_wire, try_wire, write_authority

wire = load_wire(write_authority(Path(sys.argv[1])), Watch(TIMEOUT_S), hub_line)
tried = [fault for fault in FAULTS if fault.name in sys.argv[2:]]
assert len(tried) == len(sys.argv) - 2, tried
for fault in tried:
    trial, _ = try_wire(fault, wire)
    assert trial.became in fault.becomes, (fault.name, trial.became, trial.detail)
    assert trial.complaints == [], (fault.name, trial.complaints)
"""
PLAYED_TO_THE_HUB = (
    *("refuses the connection", "accepts and is silent", "closes at once", "resets after the request"),
    *("answers before it is asked, and closes", "closes within the head", "half a body", "drips its body"),
    *("keeps the connection and then closes it", "a gigabyte", "a 103, then the answer"),
)


def test_so_does_one_that_waits_by_the_hub(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", BY_THE_HUB, str(tmp_path), *PLAYED_TO_THE_HUB],
        cwd=ROOT, env={**os.environ, "NO_PROXY": "127.0.0.1"}, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_a_batch_is_what_its_head_says() -> None:
    mine = share()
    for at in (b"2026-06-01T00:00:00Z", b"2026-06-01T00:00:00.000001Z"):
        for batch in (mine.batch(6), mine.batch(1), mine.batch(3, (1,))):
            head, _, body = bytes(batch.request(at)).partition(b"\r\n\r\n")
            assert int(head.rpartition(b" ")[2]) == len(body)
            assert body == batch.body(at)
            records = json.loads(body)["inventories"]
            assert [(r["product_ref"], r["sku"], r["store_ref"]) for r in records] == list(CATALOGUE[: batch.size])
            assert {r["at"] for r in records} == {at.decode()}
            assert [k for k, r in enumerate(records) if "quantity" not in r] == list(batch.faulty)
    with pytest.raises(ValueError, match="no batch of 7"):
        mine.batch(7)


def test_a_large_batch_is_written_anew_each_time() -> None:
    many = [(f"prd-{k}", f"sku-{k}", "str1") for k in range(300)]
    mine = Share(many, lambda length: b"POST\r\nContent-Length: %d\r\n\r\n" % length, datetime(2026, 6, 1, tzinfo=UTC))
    batch = mine.batch(300, (7,))
    for at in (b"2026-06-01T00:00:00Z", b"2026-06-01T00:00:00.000001Z", b"2026-06-01T00:00:09Z"):
        head, _, body = bytes(batch.request(at)).partition(b"\r\n\r\n")
        assert int(head.rpartition(b" ")[2]) == len(body)
        assert body == batch.body(at)


def test_each_at_is_later_and_none_is_to_come() -> None:
    mine, now_us = share(), int(datetime(2026, 6, 1, 0, 2, tzinfo=UTC).timestamp()) * SECOND
    moments = [datetime.fromisoformat(mine.next_at(now_us).decode()) for _ in range(200)]
    assert all(one < other for one, other in pairwise(moments))
    assert moments[0] == datetime(2026, 6, 1, tzinfo=UTC)
    assert moments[90] == datetime(2026, 6, 1, 0, 1, 30, tzinfo=UTC), "by whole seconds, to half a minute before now"
    assert moments[-1] < datetime(2026, 6, 1, 0, 1, 31, tzinfo=UTC)


def test_shares_have_nothing_in_common() -> None:
    parts = divide(CATALOGUE, 7, 4)
    assert [len(part) for part in parts] == [4] * 7
    assert len({reference for part in parts for reference in part}) == 28


HEAD = [(b"Content-Type", b"application/json"), (b"X-RateLimit-Limit", b"100"), (b"X-RateLimit-Remaining", b"99")]
RIGHT = b'{"status":"done","results":[%s]}' % b",".join(b'{"index":%d,"status":"ok"}' % k for k in range(6))


def kept(folder: Path, outcomes: list[Reply | NoAnswer], *, keep_all: bool = False) -> tuple[list[LoadRow], list[int]]:
    """The rows of a flood by one user, and which exchanges the history holds whole."""
    facts = RunFacts("http://target.test", "0" * 64, 0, datetime(2026, 6, 1, tzinfo=UTC), 10.0, CATALOGUE, "Flood")
    history = HistoryWriter(folder / "history.jsonl", facts, SECRET)
    keeper = Keeper(folder, history, "Flood", shown_headers(()), keep_all)
    batch, rows = share().batch(6), []
    for number, outcome in enumerate(outcomes, start=1):
        row = LoadRow(number, number, number, number + 0.5, records=6)
        if isinstance(outcome, Reply):
            row.status, row.flags = outcome.status, RIGHT_FLAG * (outcome.body == RIGHT)
        keeper.note(Sending(row, batch, batch.share.next_at(2 * 10**15), "flood", outcome))
        rows.append(row)
    keeper.close()
    history.close()
    story = read_history(folder / "history.jsonl")
    assert story.rows["seq"].tolist() == [row.seq for row in rows]
    return rows, [exchange.seq for exchange in story.exchanges]


def test_a_wrong_answer_is_kept_with_what_was_sent_before_it(tmp_path: Path) -> None:
    right, wrong = Reply(200, HEAD, RIGHT), Reply(200, HEAD, RIGHT.replace(b"5", b"4"))
    outcomes: list[Reply | NoAnswer] = [right] * 100
    outcomes[70] = wrong
    rows, whole = kept(tmp_path, outcomes)
    assert [row.seq for row in rows if row.flags & WRONG] == [71]
    assert whole == [*range(1, keeping.FIRST_KEPT + 1), 70, 71]


def test_what_is_kept_whole_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, most in {"WRONG_KEPT": 5, "ODD_KEPT": 3, "SAMPLE_KEPT": 7}.items():
        monkeypatch.setattr(keeping, name, most)
    wrong, odd = Reply(500, HEAD, b""), Reply(200, HEAD, RIGHT.replace(b"ok", b"ok", 1) + b" ")
    rows, whole = kept(tmp_path, [wrong, odd, Reply(200, HEAD, RIGHT)] * 40)
    assert len(rows) == 120
    assert len(whole) <= 2 * (5 + 3) + 7
    assert sum(row.flags & WRONG > 0 for row in rows) == 40


def test_an_answer_that_was_not_waited_for_has_a_row(tmp_path: Path) -> None:
    class Ended(BaseException):
        pass

    class Endless(Connection):
        def exchange(self, request: bytes | bytearray) -> Reply | NoAnswer:  # noqa: ARG002
            raise Ended

    facts = RunFacts("http://target.test", "0" * 64, 0, datetime(2026, 6, 1, tzinfo=UTC), 10.0, CATALOGUE, "Flood")
    keeper = Keeper(tmp_path, HistoryWriter(None, facts, SECRET), "Flood", shown_headers(()), keep_all=True)
    tally, route = Tally(10, 1), Route("http://target.test")
    wire = LoadWire(Endless(route, Watch(1)), keeper, tally, lambda: 1.0)
    with pytest.raises(Ended):
        wire.send(share().batch(2), "flood")
    keeper.close()
    rows = read_rows(tmp_path / "rows.bin")
    assert (tally.sent, tally.out, rows["cause"].tolist()) == (1, 0, [255])


PROXIES = tuple(name for each in ("http", "https", "all", "no") for name in (f"{each}_proxy", f"{each}_proxy".upper()))


@pytest.mark.parametrize(
    ("variables", "proxied"),
    [
        ({}, False),
        ({"ALL_PROXY": "http://proxy.test:3128"}, True),
        ({"https_proxy": "http://proxy.test:3128"}, False),
        ({"http_proxy": "http://proxy.test:3128", "NO_PROXY": "10.0.0.0/8"}, False),
        ({"http_proxy": "http://proxy.test:3128", "NO_PROXY": "host.test"}, True),
    ],
)
def test_the_environments_proxy_is_read_as_the_wire_of_the_contracts_reads_it(
    variables: dict[str, str], proxied: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    url = "http://10.1.2.3:8080/v1"
    assert Route(url).target("/x").startswith("http://") is proxied


@pytest.mark.parametrize(
    ("target", "proxy", "line", "connects_to"),
    [
        ("http://host.test/v1", "", "POST /v1PATH HTTP/1.1", ("host.test", 80)),
        ("http://host.test:81", "", "POST PATH HTTP/1.1", ("host.test", 81)),
        ("https://host.test/v1/", "", "POST /v1PATH HTTP/1.1", ("host.test", 443)),
        ("http://host.test/v1", "proxy.test:3128", "POST http://host.test/v1PATH HTTP/1.1", ("proxy.test", 3128)),
    ],
)
def test_the_fence_is_in_the_bytes(
    target: str, proxy: str, line: str, connects_to: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One host, one path, one method, whatever the batch: nothing that is sent can name another."""
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", proxy)
    dialled: list[object] = []

    def dial(address: object, **_: object) -> socket.socket:
        dialled.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", dial)
    route = Route(target)
    mine = Share(CATALOGUE[:3], head_of(route, SECRET, ()), datetime(2026, 6, 1, tzinfo=UTC))
    for batch in (mine.batch(1), mine.batch(3), mine.batch(3, (1,))):
        head = batch.request(b"2026-06-01T00:00:00Z").partition(b"\r\n\r\n")[0].decode()
        assert head.splitlines()[:2] == [line.replace("PATH", OPERATION_PATH), f"Host: {route.host}"]
        assert head.count("HTTP/1.1") == 1
        assert isinstance(Connection(route, Watch(1)).exchange(batch.request(b"2026-06-01T00:00:00Z")), NoAnswer)
    assert set(dialled) == {connects_to}


def test_the_cap_holds_below_every_scenario() -> None:
    tally = Tally(2, 1)
    assert [tally.take(), tally.take()] == [1, 2]
    with pytest.raises(Stopped, match="the cap of 2 requests is reached"):
        tally.take()
    assert tally.sent == 2


def test_rows_are_read_as_they_were_written() -> None:
    row = LoadRow(7, 1.5, 1.6, 1.7, 200, 0, 1, 100, 99, 10, 9, 321)
    read = from_bytes(row.pack() + row.pack()[:20])
    assert read.tolist() == [(7, 1.5, 1.6, 1.7, 200, 0, 1, 100, 99, 10, 9, 321)]
    assert len(CAUSES) < 200


def test_the_key_stands_in_no_record(tmp_path: Path) -> None:
    kept(tmp_path, [Reply(500, HEAD, b"sandbox-key")])
    assert b"sandbox-key" not in (tmp_path / "history.jsonl").read_bytes() + (tmp_path / "rows.bin").read_bytes()
