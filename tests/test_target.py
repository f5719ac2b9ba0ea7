"""What a person may give, and how a mistake is answered: one line on what was wrong and what to do."""

import os
import re
from datetime import UTC, datetime
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from contracts.run.target import (
    EmbeddedSandbox,
    UsageError,
    check_allowed,
    check_base_url,
    check_header,
    key_from,
    make_run_folder,
    point_latest,
    read_catalogue,
    unreachable,
)
from openapi.document import load_document

PATH = load_document().operation_path


def refused(error: pytest.ExceptionInfo[UsageError], words: str) -> bool:
    """One line, in these words."""
    return "\n" not in str(error.value) and words in str(error.value)


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("http://127.0.0.1:8765", "http://127.0.0.1:8765"),
        ("https://staging.example/", "https://staging.example"),
        ("https://staging.example/eu/v2/", "https://staging.example/eu/v2"),
        ("http://[::1]:80", "http://[::1]:80"),
        ("HTTPS://Staging.Example.", "HTTPS://Staging.Example."),
        ("http://stock_api:8080", "http://stock_api:8080"),  # as containers are named
    ],
)
def test_a_base_url_is_taken_without_its_trailing_slash(text: str, taken: str) -> None:
    assert check_base_url(text) == taken


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("localhost:8765", "http://"),
        ("//localhost", "http://"),
        ("ftp://localhost", "http://"),
        ("http://", "names no host"),
        ("http://:80", "names no host"),
        ("http://a b", "white space"),
        ("http://host\t", "white space"),
        ("http://api.bspk.com\\@elsewhere", "backslash"),
        ("http://ａpi.bspk.com", "beyond ASCII"),  # which a client would fold to the plain name
        ("http://api.bspk.com%2e", "names no host"),
        ("http://host:port", "is none"),
        ("http://host:70000", "is none"),
        ("http://host:0", "port 0"),
        ("http://[::1", "is none"),
        ("http://host/?a=b", "query"),
        ("http://host?", "query"),
        ("http://host/#top", "fragment"),
        (f"http://host{PATH}", "leave out"),
        (f"http://host/prefix{PATH}/", "leave out"),
    ],
)
def test_what_is_no_base_url_is_said_to_be_none(text: str, words: str) -> None:
    with pytest.raises(UsageError) as error:
        check_base_url(text)
    assert refused(error, words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("https://user:hidden-word@host", "BSPK_API_KEY"),
        ("https://user:hidden-word@host:99999", "Port out of range"),
        ("https://user:hidden-word@ho st", "white space"),
        ("user:hidden-word@host", "does not begin with http"),
        ("https://host/path?key=hidden-word", "query"),
        ("https://host/#hidden-word", "fragment"),
    ],
)
def test_credentials_in_a_base_url_are_refused_and_not_repeated(text: str, words: str) -> None:
    with pytest.raises(UsageError) as error:
        check_base_url(text)
    assert refused(error, words)
    assert "hidden-word" not in str(error.value)


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://api.bspk.com", False),
        ("http://api.bspk.com:8443/prefix", False),
        ("https://API.Bspk.com.", False),
        ("https://staging.api.bspk.com", True),
        ("https://api.bspk.com.example", True),
        ("http://127.0.0.1:8765", True),
    ],
)
def test_the_production_server_must_be_asked_for(url: str, allowed: bool) -> None:
    check_allowed(url, allow_production=True)
    if allowed:
        check_allowed(url, allow_production=False)
    else:
        with pytest.raises(UsageError, match="--allow-production"):
            check_allowed(url, allow_production=False)


ROW = ("prd-1", "sku-1", "str1")


@pytest.mark.parametrize(
    ("content", "references"),
    [
        (b"product_ref,sku,store_ref\nprd-1,sku-1,str1\n", [ROW]),
        (b"\xef\xbb\xbfproduct_ref,sku,store_ref\r\nprd-1,sku-1,str1\r\n\r\n", [ROW]),  # as a spreadsheet saves it
        (b"note,store_ref,sku,product_ref\n,str1,sku-1,prd-1", [ROW]),
        (b"product_ref,sku,store_ref,note\nprd-1,sku-1,str1\n", [ROW]),  # the last cell left out
        (b'product_ref,sku,store_ref\nprd-1,sku-1,str1\nprd-1,sku-1,"str,2"\n', [ROW, ("prd-1", "sku-1", "str,2")]),
    ],
)
def test_a_catalogue_is_read_by_its_column_names(tmp_path: Path, content: bytes, references: object) -> None:
    path = tmp_path / "stock.csv"
    path.write_bytes(content)
    assert list(read_catalogue(path)) == references


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read: No such file"),
        (b"", "is empty"),
        (b"product_ref,sku,store_ref\n", "has no references"),
        (b"product_ref,sku\nprd-1,sku-1\n", "lacks the column store_ref"),
        (b"product_ref;sku;store_ref\nprd-1;sku-1;str1\n", "lacks the column product_ref"),
        (b"product_ref,sku,sku,store_ref\n", "has twice the column sku"),
        (b"product_ref,sku,store_ref\nprd-1,sku-1,str1\nprd-1,,str1\n", "no sku on line 3"),
        (b"product_ref,sku,store_ref\nprd-1,sku-1\n", "no store_ref on line 2"),
        (b"product_ref,sku,store_ref\n  ,sku-1,str1\n", "no product_ref on line 2"),
        (b"product_ref,sku,store_ref\na,b,c\n\nd,e,f\na,b,c\n", "line 2 again on line 5"),
        (b"product_ref,sku,store_ref\nprd-\xe9,sku-1,str1\n", "no CSV in UTF-8"),
        (b'product_ref,sku,store_ref\n"prd-1,sku-1,str1\n', "no CSV"),
    ],
)
def test_a_catalogue_with_a_fault_says_where_it_is(tmp_path: Path, content: bytes | None, words: str) -> None:
    path = tmp_path / "stock.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError) as error:
        read_catalogue(path)
    assert refused(error, words)


@pytest.mark.parametrize("value", [None, "", "7-chars", "with a space", "line-feed-\n", "clé-secrète"])
def test_without_a_usable_key_one_is_told_how_to_set_it(value: str | None) -> None:
    with pytest.raises(UsageError) as error:
        key_from({} if value is None else {"BSPK_API_KEY": value})
    assert refused(error, "export BSPK_API_KEY=")
    assert not value or value not in str(error.value)


def test_the_key_is_taken_from_the_environment() -> None:
    assert key_from({"BSPK_API_KEY": "a-key-of-ours"}).reveal() == "a-key-of-ours"


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("X-Gateway: one", ("X-Gateway", "one")),
        ("x-gateway:one: two ", ("x-gateway", "one: two")),
    ],
)
def test_a_header_is_split_at_its_first_colon(text: str, header: tuple[str, str]) -> None:
    assert check_header(text) == header


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("X-Gateway", "'Name: value'"),
        (": value", "'Name: value'"),
        ("X-Gateway:", "'Name: value'"),
        ("X Gateway: one", "'Name: value'"),
        ("X-Gateway: one\r\nX-Other: two", "'Name: value'"),
        ("authorization: Bearer hidden-word", "BSPK_API_KEY"),
        ("Content-Length: 0", "itself"),
        ("Host: staging.example", "itself"),
    ],
)
def test_what_is_no_header_of_a_gateway_is_refused(text: str, words: str) -> None:
    with pytest.raises(UsageError) as error:
        check_header(text)
    assert refused(error, words)
    assert "hidden-word" not in str(error.value)


NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("reason", "hint"),
    [
        ("certificate verify failed: Hostname mismatch, certificate is not valid for 'a'", "for another name"),
        ("[SSL: CERTIFICATE_VERIFY_FAILED] unable to get local issuer certificate", "--ca-bundle FILE"),
        ("[SSL: WRONG_VERSION_NUMBER] wrong version number", "begin with http://"),
        ("gaierror: [Errno -2] Name or service not known", "Is the name right?"),
        ("ConnectionRefusedError: [Errno 111] Connection refused", "Is it running?"),
    ],
)
def test_why_nothing_was_reached_is_told_with_what_to_do(reason: str, hint: str) -> None:
    told = str(unreachable("https://a", f"target gone: {reason}"))
    assert told.startswith(f"https://a cannot be reached: target gone: {reason}. ")
    assert hint in told.rpartition(reason)[2]


def test_every_run_has_a_new_folder(tmp_path: Path) -> None:
    names = [make_run_folder(tmp_path / "runs", NOW).name for _ in range(3)]
    assert names == ["20260304-050607", "20260304-050607-2", "20260304-050607-3"]


@pytest.mark.parametrize("below", ["a-file", "a-file/runs"])
def test_a_runs_dir_that_is_none_is_a_usage_error(tmp_path: Path, below: str) -> None:
    (tmp_path / "a-file").touch()
    with pytest.raises(UsageError) as error:
        make_run_folder(tmp_path / below, NOW)
    assert refused(error, "--runs-dir")


def test_latest_points_to_the_newest_run(tmp_path: Path) -> None:
    older, newer = make_run_folder(tmp_path, NOW), make_run_folder(tmp_path, NOW)
    point_latest(older)
    point_latest(newer)
    assert (tmp_path / "latest").readlink() == Path(newer.name)
    assert {path.name for path in tmp_path.iterdir()} == {older.name, newer.name, "latest"}


def test_a_folder_that_is_called_latest_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "latest").mkdir()
    (tmp_path / "latest" / "kept").touch()
    point_latest(make_run_folder(tmp_path, NOW))
    assert (tmp_path / "latest" / "kept").exists()


def test_the_embedded_sandbox_answers_while_its_context_lasts() -> None:
    with EmbeddedSandbox("--limit", "5") as sandbox:
        assert re.fullmatch(r"http://127\.0\.0\.1:[0-9]+", sandbox.base_url)
        request = Request(sandbox.base_url + PATH, b"{}", {"Content-Type": "application/json"})  # noqa: S310 — loopback
        with pytest.raises(HTTPError, match="401"):
            urlopen(request, timeout=5)  # noqa: S310
        request.add_header("Authorization", f"Bearer {sandbox.key}")
        with pytest.raises(HTTPError, match="422"):
            urlopen(request, timeout=5)  # noqa: S310
    with pytest.raises(OSError, match="refused"):
        urlopen(request, timeout=5)  # noqa: S310
    assert len(read_catalogue(sandbox.catalogue)) > 100


def test_a_sandbox_that_does_not_start_says_so(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError, match="did not start"), EmbeddedSandbox("--limit", "0"):
        pass
    assert os.linesep in capfd.readouterr().err  # the sandbox's own reason is shown
