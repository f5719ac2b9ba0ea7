"""A history is read back as it was written, whenever the writing ended, and never holds the key."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.exchanges.exchange import KEY, Answer, Cause, Exchange, NoAnswer, Request
from contracts.history.secrets import Secret
from contracts.history.story import RunFacts, Story, read_history
from contracts.history.writer import HistoryWriter

BEGAN = datetime(2026, 1, 1, 12, tzinfo=UTC)
FACTS = RunFacts("http://127.0.0.1:8000/v", "ab" * 32, 7, BEGAN, 10.0, (("p1", "s1", "st1"),), "contracts")
SECRET = Secret("sandbox-key")

texts = st.text(max_size=20)
headers = st.lists(st.tuples(texts, texts), max_size=3).map(tuple)
bodies = st.binary(max_size=40) | st.text(max_size=40).map(str.encode)
requests = st.builds(Request, texts, texts, headers, bodies)
outcomes = st.builds(Answer, st.integers(100, 599), headers, bodies) | st.builds(
    NoAnswer, st.sampled_from(Cause), texts
)
moments = st.floats(0, 1e6)
exchanges = st.builds(Exchange, st.integers(1, 10**9), moments, moments, requests, outcomes, texts, texts)


def exchange(
    seq: int = 1, body: bytes = b"{}", answer: bytes = b"{}", authorization: str = f"Bearer {KEY}"
) -> Exchange:
    request = Request("POST", "/batches", (("Authorization", authorization),), body)
    return Exchange(seq, 0.5, 0.75, request, Answer(200, (("X-RateLimit-Limit", "20"),), answer), "driver", "why")


def written(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


@given(st.lists(exchanges, max_size=4))
def test_what_was_written_is_read_back(tmp_path_factory: pytest.TempPathFactory, run: list[Exchange]) -> None:
    path = tmp_path_factory.mktemp("run") / "history.jsonl"
    writer = HistoryWriter(path, FACTS, None)
    writer.owes("batches", ("RES-1", "RES-2"))
    for each in run:
        assert writer.append(each) == each
    writer.owes("batches", ("RES-2", "RES-3"))
    writer.finished("batches")
    writer.stopped("the cap of 4 requests is reached")
    writer.stopped("later and lesser")
    story = writer.story()
    writer.close()
    assert read_history(path) == story
    assert story == Story(
        FACTS,
        tuple(run),
        {"batches": ("RES-1", "RES-2", "RES-3")},
        frozenset({"batches"}),
        "the cap of 4 requests is reached",
        torn=False,
    )


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (b'{"inventories": []}\r\n\t', '{"inventories": []}\r\n\t'),
        ("é\u2028".encode(), "é\u2028"),
        (b"", ""),
        (b"\xff", {"base64": "/w=="}),
        (b"a\x00b", {"base64": "YQBi"}),
        ("\x85".encode(), {"base64": "woU="}),
    ],
)
def test_a_body_is_kept_readable_where_it_reads(tmp_path: Path, body: bytes, kept: object) -> None:
    writer = HistoryWriter(tmp_path / "h", FACTS, None)
    writer.append(exchange(body=body))
    request = written(tmp_path / "h")[1]["request"]
    assert isinstance(request, dict)
    assert request["body"] == kept
    assert read_history(tmp_path / "h").exchanges[0].request.body == body


def test_each_line_is_there_as_soon_as_it_is_written(tmp_path: Path) -> None:
    writer = HistoryWriter(tmp_path / "new" / "h", FACTS, SECRET)
    kinds = []
    for act in (
        lambda: None,
        lambda: writer.owes("d", ("RES-1",)),
        lambda: writer.append(exchange()),
        lambda: writer.finished("d"),
        lambda: writer.stopped("why"),
    ):
        act()
        kinds.append(written(tmp_path / "new" / "h")[-1]["kind"])
    assert kinds == ["run", "owes", "exchange", "finished", "stopped"]


def test_a_history_cut_anywhere_is_a_shorter_history(tmp_path: Path) -> None:
    writer = HistoryWriter(tmp_path / "whole", FACTS, None)
    for seq in (1, 2):
        writer.append(exchange(seq))
    raw = (tmp_path / "whole").read_bytes()
    cut = tmp_path / "cut"
    first, second = (raw.index(b"\n"), raw.index(b"\n", raw.index(b"\n") + 1))
    for end in range(first, len(raw)):
        cut.write_bytes(raw[:end])
        story = read_history(cut)
        assert len(story.exchanges) == (end >= second) + (end >= len(raw) - 1)
        assert story.torn == (raw[end - 1 : end] != b"\n" and end not in {first, second, len(raw) - 1})


def test_the_key_is_never_written(tmp_path: Path) -> None:
    leaking = Exchange(
        *(1, 0.0, 1.0),
        Request("POST", "/b?k=sandbox-key", (("X-Trace", "SANDBOX-KEY"),), b'{"key": "sandbox-key"}'),
        Answer(200, (("X-Echo", "Bearer sandbox-key"),), b"\xffsandbox-key c2FuZGJveC1rZXk="),
        *("d", "sent sandbox-key"),
    )
    lost = Exchange(2, 1.0, 2.0, leaking.request, NoAnswer(Cause.MALFORMED, "got sandbox-key"), "d")
    facts = RunFacts("http://h/sandbox-key", "", 0, BEGAN, 10.0, (("sandbox-key", "s", "t"),), "contracts")
    writer = HistoryWriter(tmp_path / "h", facts, SECRET)
    for each in (leaking, lost):
        assert writer.append(each) == writer.story().exchanges[-1]
    writer.stopped("refused sandbox-key")
    assert b"sandbox-key" not in (tmp_path / "h").read_bytes().lower()
    assert "sandbox-key" not in repr(writer.story()).lower()
    assert read_history(tmp_path / "h") == writer.story()


@pytest.mark.parametrize(
    "value", [f"Bearer {KEY}", "Bearer ${BSPK_API_KEY%?}", 'Bearer $(printf %s "$BSPK_API_KEY" | rev)']
)
def test_an_expression_on_the_key_survives(value: str) -> None:
    kept = HistoryWriter(None, FACTS, Secret("BSPK_API_KEY")).append(exchange(authorization=value))
    assert kept.request.header("Authorization") == value


def test_a_text_that_is_no_unicode_is_still_written(tmp_path: Path) -> None:
    writer = HistoryWriter(tmp_path / "h", FACTS, None)
    writer.stopped("no such host \udcff")
    assert read_history(tmp_path / "h").stopped == "no such host \\udcff"


RUN = (
    '{"kind":"run","base_url":"","document_sha256":"","seed":0,"started_at":"2026-01-01T00:00:00Z","window_s":10,'
    '"catalogue":[],"room":"r"}'
)
SENT = (
    '"seq":1,"sent_s":0,"answered_s":1,"driver":"","purpose":"",'
    '"request":{"method":"","path":"","headers":[],"body":""}'
)


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ([], "line 1: the file is empty"),
        (["<html>"], "line 1: "),
        (['{"kind":"finished","driver":"d"}'], "line 1: a history begins with"),
        ([RUN.replace("00Z", "00")], r"line 1: .*started_at"),
        ([RUN, RUN], "line 2: a second run"),
        ([RUN, '{"kind":"dream"}'], "line 2: .*dream"),
        ([RUN, '{"kind":"finished"}'], "line 2: .*driver"),
        ([RUN, "", '{"kind":"finished","driver":"d"}'], "line 2: "),
        ([RUN, "torn, yet not the last", '{"kind":"finished","driver":"d"}'], "line 2: "),
        ([RUN, f'{{"kind":"exchange",{SENT}}}'], "line 2: exchange 1 needs one of answer and no_answer"),
    ],
)
def test_a_file_that_is_no_history_is_refused_by_line(tmp_path: Path, lines: list[str], complaint: str) -> None:
    (tmp_path / "h").write_text("".join(f"{line}\n" for line in lines))
    with pytest.raises(ValueError, match=complaint):
        read_history(tmp_path / "h")


def test_a_written_history_is_not_written_over(tmp_path: Path) -> None:
    HistoryWriter(tmp_path / "h", FACTS, None).close()
    with pytest.raises(FileExistsError):
        HistoryWriter(tmp_path / "h", FACTS, None)


def test_a_run_begins_at_an_instant() -> None:
    with pytest.raises(ValueError, match="names no offset"):
        RunFacts("", "", 0, datetime(2026, 1, 1), 10.0, (), "contracts")  # noqa: DTZ001 — what is refused here
