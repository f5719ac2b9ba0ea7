"""The pages below docs/: pipelines that parse, options that are real, the key from a secret, links that lead on."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
PIPELINES = sorted(DOCS.glob("*.yml"))
# Of pytest and its plugins, and of Locust.
OF_OTHERS = {"--base-url", "--no-header", "--markers", "--collect-only"} | {
    *("--headless", "--processes", "--master", "--master-host", "--master-bind-host", "--worker", "--expect-workers"),
}
ROOMS = ("contracts", "loadtests", "sandbox", "tests/benchmarks")
SOURCES = "\n".join(path.read_text(encoding="utf-8") for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")))


def pipeline(path: Path) -> dict[Any, Any]:
    document: dict[Any, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


def commands(value: Any) -> list[str]:
    """Every text of the document that runs something of ours."""
    if isinstance(value, dict | list):
        items = value.values() if isinstance(value, dict) else value
        return [command for item in items for command in commands(item)]
    return [value] if isinstance(value, str) and ("pytest" in value or "make " in value) else []


def test_there_are_pages_and_pipelines() -> None:
    assert {path.name for path in PIPELINES} == {"github-actions.yml", "gitlab-ci.yml"}
    assert len(PAGES) >= 2


@pytest.mark.parametrize("path", [*PIPELINES, *PAGES], ids=lambda path: path.name)
def test_every_option_is_a_real_one(path: Path) -> None:
    text = "\n".join(commands(pipeline(path))) if path in PIPELINES else path.read_text(encoding="utf-8")
    named = set(re.findall(r"(?<![\w-])--[a-z][\w-]+", text)) - OF_OTHERS
    assert {option for option in named if f'"{option}"' not in SOURCES} == set()


@pytest.mark.parametrize("path", PIPELINES, ids=lambda path: path.name)
def test_a_pipeline_sets_up_runs_the_gate_and_keeps_the_report(path: Path) -> None:
    told = "\n".join(commands(pipeline(path)))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert all(f"$(VENV)/{name}:" in makefile for name in re.findall(r"make \.venv/(\S+)", told))
    assert "pytest contracts loadtests" in told
    assert '--base-url "$BSPK_BASE_URL"' in told
    assert ".runs/" in path.read_text(encoding="utf-8")


def test_the_key_comes_from_a_secret_and_stands_in_no_command() -> None:
    jobs = pipeline(DOCS / "github-actions.yml")["jobs"]
    given = [step["env"] for step in jobs["contract"]["steps"] if "env" in step]
    assert given == [{"BSPK_API_KEY": "${{ secrets.BSPK_API_KEY }}", "BSPK_BASE_URL": "${{ vars.BSPK_BASE_URL }}"}]
    gitlab = pipeline(DOCS / "gitlab-ci.yml")
    assert "variables" not in gitlab["contract"]  # a masked variable of the project reaches the job by itself
    assert not any("BSPK_API_KEY" in command for path in PIPELINES for command in commands(pipeline(path)))


@pytest.mark.parametrize("path", [*PAGES, ROOT / "README.md"], ids=lambda path: path.name)
def test_a_link_leads_somewhere(path: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)\)", path.read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (path.parent / link).exists()] == []


def test_the_picture_is_small() -> None:
    picture = (DOCS / "report.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) < 200_000
