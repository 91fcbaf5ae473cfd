"""A table of the page: its columns in words, its cells as they read and as they sort."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

LONG = 200  # rows; of a table of more, the page has the first as HTML, and all of them packed
FIRST = 100
NAN = "NaN"
FOLDED = 3  # rows, from which on what is the same in all of them is said once
SENTENCE, PARAGRAPH = 36, 90  # letters of a cell, from which on its column may break lines, and is wide


@dataclass(frozen=True)
class Cell:
    """What is read, and its place among the numbers of its column; none where it is no number."""

    text: str
    key: int | None = None


@dataclass(frozen=True)
class Table:
    """A table of the page, by columns: what is read, and the dense ranks that columns of numbers sort by.

    ``data`` holds the same rows as plain columns, for CSV.
    """

    name: str
    title: str
    note: str
    heads: Sequence[str]
    numbers: Sequence[bool]  # a column each: whether it holds numbers
    texts: Sequence[Sequence[str]]
    keys: Sequence[Sequence[int | None] | None]
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
    def kinds(self) -> list[str]:
        """How each column is set, as its cells' class: numbers to the right, sentences in several lines."""
        return ["number" if number else _kind(texts) for number, texts in zip(self.numbers, self.texts, strict=True)]

    @property
    def rows(self) -> list[list[Cell]]:
        """The rows that the page has as HTML: all, or of a long table the first."""
        shown = range(FIRST if self.is_long else self.height)
        columns = list(zip(self.texts, self.keys, strict=True))
        return [[Cell(texts[row], keys[row] if keys else None) for texts, keys in columns] for row in shown]

    @property
    def columns(self) -> str:
        """All rows for ``tables.js``, as JSON: a column each, its texts and keys."""
        both = zip(self.texts, self.keys, strict=True)
        found = [{"texts": texts, "keys": keys} for texts, keys in both]
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
    chosen = data.select(column[0] for column in kept)
    once = ", ".join(f"{head} {read(data[column][0])}" for column, head, read in same)
    numbers = [kind.is_numeric() for kind in chosen.schema.dtypes()]
    return Table(
        name=name,
        title=title,
        note=f"{note} The same in all rows: {once}.".lstrip() if once else note,
        heads=[head for _, head, _ in kept],
        numbers=numbers,
        texts=[_read(values, read) for values, (_, _, read) in zip(chosen.iter_columns(), kept, strict=True)],
        keys=[
            _ranks(values) if number else None for values, number in zip(chosen.iter_columns(), numbers, strict=True)
        ],
        data=data.select(column[0] for column in known),
    )


def _is_same(values: pl.Series) -> bool:
    return len(values) >= FOLDED and not values.null_count() and values.n_unique() == 1


def _kind(texts: Sequence[str]) -> str:
    longest = max(map(len, texts), default=0)
    return "plain" if longest < SENTENCE else "words" if longest < PARAGRAPH else "words wide"


def _read(values: pl.Series, read: Callable[[Any], str]) -> list[str]:
    """Each value in words; one that occurs often is put into words once."""
    said = {value: read(value) for value in values.unique() if value == value}
    return [said.get(value, NAN) for value in values]


def _ranks(values: pl.Series) -> list[int | None]:
    """Places in rising order, equal ones shared; none for what is missing or not a number."""
    known = values.fill_nan(None) if values.dtype.is_float() else values
    return known.rank("dense").to_list()
