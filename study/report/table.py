"""A table of the page: its columns in words, its cells as they read and as they sort."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from study.report import cells

LONG = 200  # rows; of a table of more, the page has the first as HTML, and all of them packed
FIRST = 100
FOLDED = 3  # rows, from which on what is the same in all of them is said once


@dataclass(frozen=True)
class Cell:
    """What is read, and its place among all that its column says, by value; none where it is no number."""

    text: str
    key: int | None = None


@dataclass(frozen=True)
class Table:
    """A table of the page, by columns: what is read, and for numbers the place of that among the column's.

    ``data`` holds the same rows as plain columns, for CSV.
    """

    name: str
    title: str
    note: str
    heads: Sequence[str]
    numbers: Sequence[bool]  # a column each: whether it holds numbers
    texts: Sequence[Sequence[str]]
    keys: Sequence[cells.Keys | None]
    data: pl.DataFrame

    @property
    def height(self) -> int:
        """How many rows it has."""
        return self.data.height

    @property
    def is_long(self) -> bool:
        """Whether it has more rows than a page should hold as HTML."""
        return self.height > LONG

    @property
    def first(self) -> int:
        """How many rows the page has as HTML: all, or of a long table the first."""
        return FIRST if self.is_long else self.height

    @property
    def kinds(self) -> list[str]:
        """How each column is set, as its cells' class: numbers to the right, sentences in several lines."""
        both = zip(self.numbers, self.texts, strict=True)
        return ["number" if number else cells.kind(texts) for number, texts in both]

    @property
    def rows(self) -> list[list[Cell]]:
        """The first rows, as HTML has them."""
        columns = list(zip(self.texts, self.keys, strict=True))
        return [[Cell(texts[row], keys[row] if keys else None) for texts, keys in columns] for row in range(self.first)]

    @property
    def columns(self) -> str:
        """All rows for ``tables.js``, as JSON: see ``cells.column``."""
        found = [cells.column(texts, keys) for texts, keys in zip(self.texts, self.keys, strict=True)]
        return json.dumps(found, separators=(",", ":"), ensure_ascii=False)


Column = tuple[str, str, Callable[[Any], str]]


def table(
    name: str, title: str, note: str, columns: Sequence[Column], data: pl.DataFrame, *, folded: bool = False
) -> Table:
    """Columns of ``data`` as a table; a column that is null throughout is left out.

    ``folded``: what is the same in all rows is said once, in the note; CSV has its column, LaTeX has not.
    """
    known = [column for column in columns if data.height == 0 or data[column[0]].count()]
    same = [column for column in known[1:] if folded and _is_same(data[column[0]])]
    kept = [column for column in known if column not in same]
    once = ", ".join(f"{head} {read(data[column][0])}" for column, head, read in same)
    values = [data[column] for column, _, _ in kept]
    texts = [cells.read(one, read) for one, (_, _, read) in zip(values, kept, strict=True)]
    return Table(
        name=name,
        title=title,
        note=f"{note} The same in all rows: {once}.".lstrip() if once else note,
        heads=[head for _, head, _ in kept],
        numbers=[one.dtype.is_numeric() for one in values],
        texts=texts,
        keys=[_keys(one, said) for one, said in zip(values, texts, strict=True)],
        data=data.select(column[0] for column in known),
    )


def _is_same(values: pl.Series) -> bool:
    return len(values) >= FOLDED and not values.null_count() and values.n_unique() == 1


def _keys(values: pl.Series, texts: Sequence[str]) -> cells.Keys | None:
    return cells.places(values, texts) if values.dtype.is_numeric() else None
