"""The small changes that a mutation run makes, one at a time: which there are of a file, and the file with one of them.

Left alone is what changes no ruling: decorators (how much is remembered), and what stands within an f-string (how a
finding words it). Runs nothing.
"""

import ast
import copy
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """One change of one file: the how manieth node, and in which of its ways."""

    path: Path
    place: int
    variant: int
    within: str  # the function, `function()` or `Class.method()`
    line: str
    change: str  # with a number from the second on, where one line may be changed so more than once
    at_load: bool  # it takes effect when its module is loaded, and not later

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What it is known by, wherever in the file it stands."""
        return str(self.path), self.within, self.line, self.change

    @property
    def module(self) -> str:
        return ".".join(self.path.with_suffix("").parts)

    def source(self) -> str:
        """The file with the change."""
        tree = ast.parse((ROOT / self.path).read_text(encoding="utf-8"))
        node = next(node for place, (node, _) in enumerate(_nodes(tree)) if place == self.place)
        _change(node, self.variant)
        return ast.unparse(tree)


def mutants(path: Path) -> Iterator[Mutant]:
    """Every change of one file."""
    text = (ROOT / path).read_text(encoding="utf-8")
    lines = text.splitlines()
    tree = ast.parse(text)
    once = [node for node in tree.body if not isinstance(node, ast.FunctionDef | ast.ClassDef)]
    calls = (call.func for part in once for call in ast.walk(part) if isinstance(call, ast.Call))
    called = {f"{function.id}()" for function in calls if isinstance(function, ast.Name)}
    met: Counter[tuple[str, str, str]] = Counter()
    for place, (node, within) in enumerate(_nodes(tree)):
        for variant in range(2):
            change = _change(copy.copy(node), variant)
            if change is not None:
                line = lines[getattr(node, "lineno", 1) - 1].strip()
                met[within, line, change] += 1
                if (times := met[within, line, change]) > 1:
                    change += f", {times}"
                yield Mutant(path, place, variant, within, line, change, not within.endswith("()") or within in called)


def _nodes(node: ast.AST, within: str = "") -> Iterator[tuple[ast.AST, str]]:
    """All that may be changed below a node, each with the function that it stands in."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.JoinedStr) or child in getattr(node, "decorator_list", ()):
            continue
        inner = within
        if isinstance(child, ast.FunctionDef) and not within.endswith("()"):
            inner = f"{within}{child.name}()"
        elif isinstance(child, ast.ClassDef):
            inner = f"{within}{child.name}."
        yield child, inner
        yield from _nodes(child, inner)


def _change(node: ast.AST, variant: int) -> str | None:  # noqa: PLR0911 — a table of cases
    """Change the node in place; what was done, or None where this variant does not apply."""
    match node:
        case ast.Compare(ops=[only]) if variant == 0 and type(only) in COMPARISONS:
            node.ops = [COMPARISONS[type(only)]()]
            return f"{type(only).__name__} -> {type(node.ops[0]).__name__}"
        case ast.BoolOp() if variant == 0:
            other = ast.Or if isinstance(node.op, ast.And) else ast.And
            told = f"{type(node.op).__name__} -> {other.__name__}"
            node.op = other()
            return told
        case ast.Constant(value=int() as value) if not isinstance(value, bool):
            node.value = value + (1 if variant == 0 else -1)
            return f"{value} -> {node.value}"
        case ast.Constant(value=bool() as value) if variant == 0:
            node.value = not value
            return f"{value} -> {not value}"
        case ast.IfExp() if variant == 0:
            node.body, node.orelse = node.orelse, node.body
            return "branches swapped"
        case ast.UnaryOp(op=ast.Not()) if variant == 0:
            node.op, node.operand = ast.Not(), ast.UnaryOp(ast.Not(), node.operand)
            return "not removed"
        case _:
            return None
