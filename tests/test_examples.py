"""What failed is kept and tried first next time; an empty store leaves a run as it was; never a secret."""

from pathlib import Path

import pytest

from contracts.drivers.cases import acceptable, faulty, open_cases
from contracts.drivers.changes import as_data, from_data
from contracts.drivers.examples import keep_examples, read_examples, store_of
from contracts.drivers.run import Probe, as_it_is, batch, raw
from contracts.history.secrets import Secret
from sandbox.settings import Settings
from tests.inprocess import Conducted

SECRET = Secret("sandbox-key-of-these-tests")


def kept(path: Path, *probes: Probe) -> list[Probe]:
    keep_examples(path, probes, SECRET)
    return read_examples(path)


@pytest.mark.parametrize("defect", ["quantity-as-text", "half-hour-offset-refused", "key-suffix-accepted"])
def test_what_failed_is_found_in_the_first_requests_of_the_next_run(tmp_path: Path, defect: str) -> None:
    first = Conducted(Settings(defect=defect))
    examples = kept(tmp_path / "store.json", *first.run.failing.values())
    again = Conducted(Settings(defect=defect), examples=examples)
    assert again.broken == first.broken
    assert again.first_finding_at is not None
    assert again.first_finding_at <= 2 + len(examples)


def test_an_honest_server_is_not_blamed_for_what_another_did(tmp_path: Path) -> None:
    examples = kept(tmp_path / "store.json", *Conducted(Settings(defect="quantity-as-text")).run.failing.values())
    conducted = Conducted(Settings(), examples=examples, depth="quick")
    assert examples
    assert conducted.broken == ()
    assert not conducted.run.failing  # and the store would be empty again


def test_a_probe_comes_back_as_it_was(tmp_path: Path) -> None:
    changes = [change for _, change in [*faulty(), *acceptable(), *open_cases()]]
    assert [from_data(as_data(change)) for change in changes] == changes
    near_miss = batch("near", [as_it_is], authorization="Bearer ${BSPK_API_KEY%?}")
    body = raw("broken", b"\xff{", headers=())
    first, second = kept(tmp_path / "store.json", near_miss, body)
    assert (first.edits, first.settings["authorization"]) == (near_miss.edits, "Bearer ${BSPK_API_KEY%?}")
    assert (second.body, second.settings["headers"]) == (b"\xff{", ())


def test_no_secret_is_kept_and_not_without_bound(tmp_path: Path) -> None:
    path = tmp_path / "store.json"
    secret = raw("it holds the key", SECRET.reveal().encode())
    assert kept(path, secret, raw("too long", b"x" * 10_000)) == []
    assert not path.exists()
    assert len(kept(path, *(raw(f"number {number}", b"%d" % number) for number in range(99)))) == 20


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"examples": [1]}', '{"examples": [{"purpose": "x"}]}', "\x00"])
def test_a_store_that_cannot_be_read_is_empty(tmp_path: Path, text: str) -> None:
    (tmp_path / "store.json").write_text(text)
    assert read_examples(tmp_path / "store.json") == []


def test_each_target_and_document_has_its_own() -> None:
    names = {store_of(Path("runs"), url, sha) for url in ("http://a", "http://b") for sha in ("1", "2")}
    assert len(names) == 4
