"""The drawing of the rooms, held: who may import whom, who may reach outside, and what no file may name."""

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("openapi", "contracts", "loadtests", "sandbox", "tests")

EXCHANGES, HISTORY = "contracts.exchanges", "contracts.history"
# The evidence, and each exchange in it, as a rule sees them.
READ = ("contracts.evidence", "contracts.seen")

# A module's row is the longest name here that is its own or a package round it.
MAY_IMPORT: Mapping[str, tuple[str, ...]] = {
    "openapi": ("openapi",),
    "openapi.promise": (),
    "openapi.chapters": ("openapi.promise",),
    "sandbox": ("sandbox", "openapi"),
    "loadtests": ("loadtests", "contracts", "openapi"),
    "loadtests.figures": ("loadtests.figures", "contracts.history.rows"),
    "loadtests.wire": ("loadtests.wire", "contracts", "openapi"),
    "tests": ROOMS,
    "contracts": ("contracts", "openapi"),
    # What an exchange is and says. Only wire and history know how one comes about.
    "contracts.exchanges": (EXCHANGES,),
    "contracts.exchanges.exchange": (),
    "contracts.exchanges.instants": (),
    "contracts.history": (EXCHANGES, HISTORY),
    "contracts.finding": ("openapi.ledger", EXCHANGES),
    "contracts.seen": ("openapi", EXCHANGES),
    "contracts.evidence": ("openapi", "contracts.seen", EXCHANGES, HISTORY),
    "contracts.rules": ("openapi", "contracts.rules", "contracts.finding", *READ, "contracts.history.rows", EXCHANGES),
    "contracts.rules.limiters": ("contracts.rules.limiters",),
    "contracts.stimulus": ("contracts.seen", EXCHANGES),
    "contracts.command": (),
    "contracts.judge": (
        *("openapi", "contracts.rules", "contracts.finding", "contracts.stimulus", "contracts.command"),
        *(*READ, EXCHANGES, HISTORY),
    ),
    # The room that sends: it knows what is documented, and how a limiter lets in, but no rule.
    "contracts.wire": ("openapi", "contracts.wire", "contracts.rules.limiters", EXCHANGES, HISTORY),
    "contracts.wire.clock": (),
    "contracts.wire.attempt": (),
    "contracts.wire.pacing": ("contracts.rules.limiters",),
    "contracts.drivers": (
        *("openapi", "contracts.drivers", "contracts.wire", "contracts.judge", "contracts.finding"),
        *("contracts.interrupts", *READ, EXCHANGES, HISTORY),
    ),
    "contracts.observations": (
        *("openapi", "contracts.observations", "contracts.rules", "contracts.finding"),
        *(*READ, EXCHANGES, HISTORY),
    ),
    "contracts.report": (
        *("openapi", "contracts.report", "contracts.judge", "contracts.observations", "contracts.rules"),
        *("contracts.finding", "contracts.command", *READ, EXCHANGES, HISTORY),
    ),
    "contracts.interrupts": (),
    # One invocation stands above them all.
    "contracts.run": ("contracts", "openapi"),
    "contracts.run.leaks": ("contracts.history.secrets",),
    "contracts.run.target": ("openapi", "contracts.history.secrets", EXCHANGES),
    "contracts.run.locks": ("contracts.run.target", EXCHANGES),
    "contracts.run.rehearsal": (
        *("openapi", "contracts.drivers", "contracts.wire", "contracts.judge", "contracts.stimulus"),
        *(*READ, EXCHANGES, HISTORY),
    ),
    "contracts.run.restore": (
        *("contracts.drivers.references", "contracts.wire", "contracts.run.target"),
        *(*READ, EXCHANGES),
    ),
}

# Libraries that only some may touch: the first ones patch the whole process, the next ones send.
ONLY_IN: Mapping[str, tuple[str, ...]] = {
    "locust": ("loadtests",),
    "gevent": ("loadtests",),
    "geventhttpclient": ("loadtests",),
    "requests": ("contracts.wire", "tests"),
    "urllib3": ("contracts.wire", "tests"),
    "socket": ("contracts.wire", "loadtests", "sandbox", "tests"),
    "starlette": ("sandbox", "tests"),
    "uvicorn": ("sandbox", "tests"),
    "schemathesis": ("contracts.drivers", "contracts.test_document", "tests"),
}

PURE = (
    "contracts.rules",
    "contracts.stimulus",
    *READ,
    "contracts.finding",
    "contracts.wire.pacing",
    "contracts.exchanges.instants",
)
IMPURE = {"time", "random", "os", "socket", "threading", "subprocess", "secrets", "uuid", "io", "pathlib", "requests"}
CLOCKS = {"now", "utcnow", "today"}


@cache
def modules() -> Mapping[str, Path]:
    """Every module of the project by its dotted name."""
    files = (path.relative_to(ROOT) for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")))
    return {".".join(path.with_suffix("").parts).removesuffix(".__init__"): ROOT / path for path in files}


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(modules()[module].read_text(encoding="utf-8"))


@cache
def imports(module: str) -> tuple[str, ...]:
    return tuple(_imports(module))


def _imports(module: str) -> Iterator[str]:
    """What a module imports, anywhere in it; a module named in `from package import module` by its full name."""
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module} imports relatively, which hides the arrow"
            package = node.module or ""
            for name in node.names:
                full = f"{package}.{name.name}"
                yield full if full in modules() else package


def within(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def row_of(module: str) -> str:
    return max((name for name in MAY_IMPORT if within(module, (name,))), key=len)


def reachable(module: str) -> set[str]:
    """A module and all of ours that importing it imports."""
    found: set[str] = set()
    ahead = [module]
    while ahead:
        here = ahead.pop()
        if here not in found:
            found.add(here)
            ahead += [other for other in imports(here) if other in modules()]
    return found


@pytest.mark.parametrize("module", modules())
def test_arrows_go_one_way(module: str) -> None:
    ours = {name for name in imports(module) if within(name, ROOMS)}
    allowed = MAY_IMPORT[row_of(module)]
    assert {name for name in ours if not within(name, allowed)} == set()


@pytest.mark.parametrize("module", modules())
def test_a_library_is_imported_only_where_it_belongs(module: str) -> None:
    libraries = {name.partition(".")[0] for name in imports(module)}
    assert {name for name in libraries & ONLY_IN.keys() if not within(module, ONLY_IN[name])} == set()


@pytest.mark.parametrize("module", [name for name in modules() if within(name, PURE)])
def test_a_rule_has_no_clock_socket_random_or_environment(module: str) -> None:
    assert {name.partition(".")[0] for name in imports(module)} & IMPURE == set()
    read = {node.attr for node in ast.walk(tree(module)) if isinstance(node, ast.Attribute)}
    assert read & CLOCKS == set()


@pytest.mark.parametrize("module", [name for name in modules() if not within(name, ("loadtests",)) or ".test_" in name])
def test_what_pytest_collects_never_imports_locust(module: str) -> None:
    patching = {"locust", "gevent"}
    guilty = [name for name in reachable(module) if patching & {other.partition(".")[0] for other in imports(name)}]
    assert guilty == []


@pytest.mark.parametrize("module", modules())
def test_a_module_opens_with_what_it_is(module: str) -> None:
    assert ast.get_docstring(tree(module))


def test_every_row_of_the_drawing_is_in_use() -> None:
    assert {row_of(module) for module in modules()} == set(MAY_IMPORT)


FOREIGN = (
    re.compile(r"(?<![\w.$}])/(?:root|home|work|opt|Users|mnt)/\w"),  # a path of somebody's machine
    re.compile(r"pypi\.org|pythonhosted\.org|(?:extra-)?index-url[= ]+\S*://|find-links[= ]", re.IGNORECASE),
)
NOT_OURS = {".git", ".venv", ".runs", ".hypothesis", ".pytest_cache", ".mypy_cache", ".ruff_cache", "__pycache__"}


def our_files() -> list[Path]:
    paths = (path.relative_to(ROOT) for path in ROOT.rglob("*") if not NOT_OURS & set(path.relative_to(ROOT).parts))
    return sorted(path for path in paths if (ROOT / path).is_file())


def test_no_file_names_a_machine_or_a_registry() -> None:
    lines = (
        (path, line)
        for path in our_files()
        for line in (ROOT / path).read_text(encoding="utf-8", errors="replace").splitlines()
    )
    named = [f"{path}: {line.strip()}" for path, line in lines if any(pattern.search(line) for pattern in FOREIGN)]
    assert named == []
