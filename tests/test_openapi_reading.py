"""Drift's ways in and out: the document in every dress, files that cannot be compared, exit codes, what is printed."""

import json
import subprocess
import sys
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from contracts.run.target import ROOT
from openapi.document import PUBLISHED_FILE
from openapi.drift import main
from tests.editing import BODY, ITEM, POST, PUBLISHED, REMOVED, SKU, at, edited

TEXT = PUBLISHED_FILE.read_text(encoding="utf-8")
EXAMPLE = '```json\n{"inventories": []}\n```\n'
CURL = "~~~sh\ncurl https://api.bspk.com # openapi\n~~~\n"


def fenced(text: str, fence: str = "````", after: str = "yaml /platform_v1.json post /x") -> str:
    return f"---\ntitle: Batches\n---\n# Page\n\n{CURL}{EXAMPLE}\n{fence}{after}\n{text}\n{fence}\n\n{EXAMPLE}"


def as_json(document: Any) -> str:
    return json.dumps(document, indent="\t", ensure_ascii=False)


@pytest.mark.parametrize(
    "write",
    [
        lambda text: text,
        lambda text: f"\ufeff{text}",
        lambda text: text.replace("\n", "\r\n"),
        lambda text: f"# of late\n{text}\n...\n",
        lambda text: text.replace("'200'", "200"),
        lambda text: text.replace("parameters: []", "parameters: &none []").replace("schema: {}", "schema: {}  # any"),
        lambda text: yaml.safe_dump(yaml.safe_load(text)),
        lambda text: as_json(yaml.safe_load(text)),
        lambda text: json.dumps(yaml.safe_load(text)),  # with \u escapes
        fenced,
        lambda text: fenced(text).replace("\n", "\r\n"),
        lambda text: fenced(text, "~~~", "yml"),
        lambda text: fenced(text, "````", ""),
        lambda text: fenced(as_json(yaml.safe_load(text)), "```", "json"),
        lambda text: fenced(text) + fenced(as_json(yaml.safe_load(text)), "```", "json"),
        lambda text: "".join(f"   {line}" for line in fenced(text).splitlines(keepends=True)),
    ],
    ids=[
        "yaml", "BOM", "CRLF", "comments", "numbers as keys", "anchors", "dumped", "json with tabs", "json escaped",
        "page", "page CRLF", "page tildes", "fence without a name", "page with json", "page with both",
        "fence within a list",
    ],
)  # fmt: skip
def test_the_same_document_in_another_dress_is_no_difference(
    write: Callable[[str], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "new"
    file.write_bytes(write(TEXT).encode())
    assert main([str(file)]) == 0
    assert capsys.readouterr().out == "no difference\n"


@pytest.mark.parametrize(
    ("changes", "code", "says"),
    [
        ([((*SKU, "maxLength"), 9)], 1, "breaking request: inventories[].sku, maxLength\n    narrowed: "),
        ([((*POST, "operationId"), "other")], 0, 'wording POST: operationId\n    changed: nothing of it is sent\n'),
        ([((*BODY, "properties", "a\nbreaking b"), {})], 0, "addition request: a\\nbreaking b\n    added: "),
        ([(("paths", "/\x1b[2J"), {})], 0, "addition paths\n    added: another path: /\\x1b[2J\n"),
        ([(("paths", f"/{n}"), {}) for n in range(9)], 0, "added: 9 other paths: /0, /1, /2, /3, /4, …\n"),
        ([((*SKU, "example"), "\ud800")], 0, "-> "),
        ([(SKU, REMOVED)], 1, "1 breaking, 0 addition, 0 wording\nNext: "),
        ([(("paths", "/api/platform/v2/batches"), at(ITEM)), (ITEM, REMOVED)], 1, "breaking path /api/platform/v1"),
        ([(POST, REMOVED)], 1, "breaking POST: all of it\n    removed: what clients rely on is gone\n"),
    ],
)  # fmt: skip
def test_the_exit_code_says_whether_it_breaks(
    changes: Any, code: int, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "new.json"
    file.write_text(json.dumps(edited(*changes)), encoding="utf-8")
    assert main([str(file)]) == code
    out = capsys.readouterr().out
    assert says in out
    assert out.endswith("take the newer document over.\n")


def bomb(levels: int) -> str:
    """Anchors that double at each level."""
    lines = [f"x{level}: &x{level} [*x{level - 1}, *x{level - 1}]\n" for level in range(1, levels)]
    return "openapi: 3.0.3\nx0: &x0 [a, b]\n" + "".join(lines)


def chain(levels: int) -> str:
    """References that double at each level, from the operation on."""
    links = {str(n): {"properties": {key: {"$ref": f"#/components/x/{n + 1}"} for key in "ab"}} for n in range(levels)}
    new = edited((SKU, {"$ref": "#/components/x/0"}), (("components", "x"), {**links, str(levels): {}}))
    return json.dumps(new)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (None, "cannot be read: No such file"),
        ("", "no OpenAPI document"),
        ("# A page without the document", "no OpenAPI document"),
        (EXAMPLE, "no OpenAPI document"),
        ("<!DOCTYPE html>\n<html>openapi: 3.0.3", "page of HTML"),
        ("{", "neither YAML"),
        ("a:\n\tb: 1", "neither YAML"),
        ("a: !python/object:os.system x", "neither YAML"),
        ("a: 1\n--- \nb: 2", "neither YAML"),
        (fenced(TEXT)[:-200], "the page is cut short"),
        (fenced(TEXT) + fenced(TEXT.replace("1.0.0", "1.0.1")), "2 OpenAPI documents"),
        ("swagger: '2.0'\npaths: {}\n", "Swagger 2.0"),
        ("openapi: 4.0.0\npaths: {}\n", "OpenAPI 4.0.0"),
        ("openapi: 3.0.3\npaths: {}\n", "has no POST"),
        ("openapi: 3.0.3\npaths: []\n", "has no POST"),
        ("openapi: 3.0.3\nopenapi: 3.0.3\n", "'openapi' stands twice"),
        (TEXT.replace("'422'", "200"), "'200' stands twice"),
        ('{"openapi": "3.0.3", "openapi": "3.0.3"}', "'openapi' stands twice"),
        (TEXT + "a: {<<: {b: 1}, c: 1, c: 2}", "'c' stands twice"),
        (json.dumps(edited((SKU, {"$ref": "#/gone"}))), "points to nothing"),
        (json.dumps(edited((SKU, {"$ref": "other.yaml"}))), "outside of the document"),
        ("[" * 20_000, "nested too deeply"),
        ("a: " + "[" * 200_000, "nested too deeply"),
        (TEXT + "x: " + "[" * 150 + "]" * 150, "deep"),
        (TEXT + "x: &a [*a]", "deep"),
        (bomb(40), "values once its anchors are written out"),
        (chain(40), "multiply"),
        ("x" * (9 << 20), "more than 8 MiB"),
        (f"{TEXT}x: {'9' * 5000}", "cannot be understood"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_cannot_be_compared_is_said_in_a_line_and_never_clean(
    text: str | None, complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "new.yaml"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    assert main([str(file)]) == 4
    told = capsys.readouterr()
    assert complaint in told.err
    assert told.err.startswith("cannot compare: ")
    assert told.err.count("\n") == 1
    assert told.out == ""


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", "openapi: 3.0.3".encode("utf-16")])
def test_a_file_that_is_not_utf_8_is_refused(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "new.yaml").write_bytes(content)
    assert main([str(tmp_path / "new.yaml")]) == 4
    assert "not UTF-8" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["--never-heard-of"], [str(ROOT)]])
def test_a_mistake_in_the_command_is_no_verdict(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    try:
        code = main(arguments)
    except SystemExit as ended:
        code = ended.code  # type: ignore[assignment]
    assert code == 4
    assert "cannot compare: " in capsys.readouterr().err


def test_a_stream_that_cannot_spell_it_changes_no_verdict(tmp_path: Path) -> None:
    file = tmp_path / "new.json"
    file.write_text(json.dumps(edited((("paths", "/größe"), {}))), encoding="utf-8")
    command = [sys.executable, "-m", "openapi.drift", str(file)]
    done = subprocess.run(command, cwd=ROOT, env={"PYTHONIOENCODING": "ascii"}, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert b"/gr\\xf6\\xdfe" in done.stdout


def test_another_operation_s_references_are_nobody_s_matter(tmp_path: Path) -> None:
    other = {"/other": {"get": {"responses": {"200": {"$ref": "other.yaml"}}}}}
    document = deepcopy(dict(PUBLISHED)) | {"paths": {**PUBLISHED["paths"], **other}}
    (tmp_path / "new.json").write_text(json.dumps(document), encoding="utf-8")
    assert main([str(tmp_path / "new.json")]) == 0
