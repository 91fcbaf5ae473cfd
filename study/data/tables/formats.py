"""Formats of table files, with an error that says what is wrong with one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import polars as pl

from study.data.damage import DAMAGE
from study.data.parquet import Parquet
from study.data.tables.json_lines import objects
from study.data.tables.text import cells
from study.errors import DataError

# Separated cells are text throughout: a caption such as "1984" is no number.
TEXTS: dict[str, Callable[[Path], AbstractContextManager[pl.LazyFrame]]] = {
    ".csv": lambda path: cells(path, ",", quotes=True),
    ".tsv": lambda path: cells(path, "\t", quotes=False),
    ".jsonl": objects,
}
KNOWN = (*TEXTS, ".parquet")

KINDS: dict[str, type[pl.DataType]] = {
    "uid": pl.String, "image": pl.String, "caption": pl.String, "score": pl.Float32, "width": pl.Int64,
    "height": pl.Int64, "image_hash": pl.String,
}  # fmt: skip


@contextmanager
def readable(path: Path, kind: str = "") -> Iterator[None]:
    """Raises DataError for what polars finds wrong with a file of some kind, that of its name if none is given."""
    try:
        yield
    except DAMAGE as error:
        words = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataError(f"{path} cannot be read as {kind or path.suffix[1:]}: {words}") from error


@dataclass(frozen=True)
class Text:
    """A table in a text file; its methods raise ``DAMAGE``."""

    path: Path

    def columns(self) -> list[str]:
        """All names."""
        with self._scan() as table:
            return table.collect_schema().names()

    def read(self, columns: Sequence[str], start: int = 0, count: int | None = None) -> pl.DataFrame:
        """So many rows from ``start`` on, or all, of these columns, each once."""
        with self._scan() as table:
            return table.select(*dict.fromkeys(columns)).slice(start, count).collect()

    def convert(self, columns: Sequence[str], made: BinaryIO, group: int) -> None:
        """Write these columns as parquet, so many rows at a time."""
        with self._scan() as table:
            table.select(*dict.fromkeys(columns)).sink_parquet(made, row_group_size=group)

    def _scan(self) -> AbstractContextManager[pl.LazyFrame]:
        return TEXTS[self.path.suffix](self.path)


def columns_of(path: Path) -> list[str]:
    """Names of all columns; raises DataError for a file that cannot be read."""
    with readable(path):
        return opened(path).columns()


def opened(path: Path) -> Text | Parquet:
    """The table, read when it is asked for; raises DataError for a file of no known format or that is not there."""
    if path.suffix not in KNOWN:
        raise DataError(f"{path}: the end of the name must be one of {', '.join(KNOWN)}")
    if not path.is_file():
        raise DataError(f"{path} does not exist; give its path, or pairs: NUMBER to plan without it")
    return Parquet((path,)) if path.suffix == ".parquet" else Text(path)


def column(path: Path, table: pl.DataFrame, ours: str, theirs: str | None) -> pl.Series:
    """A column under the project's name and of its kind, null where the file has none.

    A number that is none is null, as a score infinite. Raises DataError for a column without any of its kind.
    """
    kind = pl.Binary if ours == "image" and table.schema[theirs or ""] == pl.Binary else KINDS[ours]
    if theirs is None:
        return pl.Series(ours, [None] * table.height, kind)
    given = table[theirs]
    if given.dtype.is_nested():  # polars casts what is inside of a list, and makes text of Hugging Face's images
        raise DataError(f"{path}: column {theirs!r} must hold {_words(kind)}, not {given.dtype}")
    try:
        cast = given.cast(kind, strict=False).alias(ours)
    except DAMAGE as error:
        raise DataError(f"{path}: column {theirs!r} must hold {_words(kind)}, not {given.dtype}") from error
    lost = given.filter(cast.is_null() & given.is_not_null())
    if len(lost) and cast.null_count() == len(cast):
        raise DataError(f"{path}: column {theirs!r} must hold {_words(kind)}, got {lost[0]!r}")
    if kind != pl.Float32:
        return cast
    return cast.fill_nan(None).set(cast.is_null() & given.is_not_null(), math.inf)  # NaN is no score


def _words(kind: type[pl.DataType]) -> str:
    return "numbers" if kind.is_numeric() else "text"
