"""A load scenario's figures as tables of words and numbers, whatever figures it has. Knows no scenario."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from contracts.report.chart import thinned

ROWS = 60  # of a table
APART = {"histograms", "left_out", "question"}  # drawn, or said in words


@dataclass(frozen=True)
class Table:
    """One table of the page: the first column names the row."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def tables(name: str, figures: Mapping[str, Any]) -> list[Table]:
    """Of one scenario first its single figures, then its series, thinned to what a person looks through."""
    leaves = [(path, value) for path, value in _leaves(figures) if path.partition(",")[0] not in APART]
    single = tuple((words(path), written(value)) for path, value in leaves if not _is_series(value))
    told = [Table(f"{name}: single figures", ("figure", "value"), single)] if single else []
    for path, value in leaves:
        if _is_series(value):
            columns = tuple(dict.fromkeys(key for item in value for key in item))
            rows = tuple(tuple(written(item.get(column)) for column in columns) for item in thinned(value, ROWS))
            some = f" ({ROWS} of {len(value)} rows; report.json has them all)" if len(value) > ROWS else ""
            told.append(Table(f"{name}: {words(path)}{some}", tuple(map(words, columns)), rows))
    return told


def _leaves(value: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for key, member in value.items():
        inner = f"{path}, {key}" if path else str(key)
        if isinstance(member, Mapping):
            yield from _leaves(member, inner)
        else:
            yield inner, member


def _is_series(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, Mapping) for item in value)


def words(name: str) -> str:
    """A key as a person reads it; a unit at its end stays."""
    return name.replace("_", " ")


def written(value: object) -> str:
    """A figure to four significant digits, as far as it is one."""
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "–"}[value]
    if isinstance(value, int):
        return f"{value:,}"
    return ", ".join(map(written, value)) if isinstance(value, list) else str(value)
