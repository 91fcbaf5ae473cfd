"""A table of the page: its columns in words, its cells as they read and as they sort."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl


@dataclass(frozen=True)
class Cell:
    """What is read, and the number it sorts by."""

    text: str
    key: float | None = None


@dataclass(frozen=True)
class Table:
    """A table of the page; ``data`` holds the same rows as plain columns, for CSV and LaTeX."""

    name: str
    title: str
    note: str
    heads: Sequence[str]
    numbers: Sequence[bool]  # a column each: whether it holds numbers
    rows: Sequence[Sequence[Cell]]
    data: pl.DataFrame


Column = tuple[str, str, Callable[[Any], str]]


def table(name: str, title: str, note: str, columns: Sequence[Column], data: pl.DataFrame) -> Table:
    """Columns of ``data`` as a table; a column that is null throughout is left out."""
    kept = [column for column in columns if data.height == 0 or data[column[0]].count()]
    chosen = data.select(column[0] for column in kept)
    rows = [[_cell(value, read) for value, (_, _, read) in zip(row, kept, strict=True)] for row in chosen.iter_rows()]
    numbers = [kind.is_numeric() for kind in chosen.schema.dtypes()]
    return Table(name, title, note, [head for _, head, _ in kept], numbers, rows, chosen)


def _cell(value: Any, read: Callable[[Any], str]) -> Cell:
    return Cell(read(value), value if isinstance(value, int | float) else None)
