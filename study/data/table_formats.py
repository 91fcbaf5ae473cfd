"""Formats of table files, with an error that says what is wrong with one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from study.data.damage import DAMAGE
from study.errors import DataError

# Text files are read as text throughout: a caption such as "1984" is no number.
READERS: dict[str, Callable[[Path], pl.LazyFrame]] = {
    ".csv": lambda path: pl.scan_csv(path, infer_schema=False),
    ".tsv": lambda path: pl.scan_csv(path, infer_schema=False, separator="\t", quote_char=None),
    ".jsonl": lambda path: pl.scan_ndjson(path, infer_schema_length=None),
    ".parquet": pl.scan_parquet,
}

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


def columns_of(path: Path) -> list[str]:
    """Names of all columns; raises DataError for a file that cannot be read."""
    with readable(path):
        return opened(path).collect_schema().names()


def opened(path: Path) -> pl.LazyFrame:
    """The table, read when it is asked for; raises DataError for a file of no known format or that is not there."""
    if path.suffix not in READERS:
        raise DataError(f"{path}: the end of the name must be one of {', '.join(READERS)}")
    if not path.is_file():
        raise DataError(f"{path} does not exist; give its path, or pairs: NUMBER to plan without it")
    return READERS[path.suffix](path)


def column(path: Path, table: pl.DataFrame, ours: str, theirs: str | None) -> pl.Series:
    """A column under the project's name and of its kind, null where the file has none; raises DataError."""
    kind = pl.Binary if ours == "image" and table.schema[theirs or ""] == pl.Binary else KINDS[ours]
    if theirs is None:
        return pl.Series(ours, [None] * table.height, kind)
    given = table[theirs]
    try:
        cast = given.cast(kind, strict=False).alias(ours)
    except DAMAGE as error:
        raise DataError(f"{path}: column {theirs!r} must hold {_words(kind)}, not {given.dtype}") from error
    if cast.dtype != kind:  # polars casts what is inside of nested columns
        raise DataError(f"{path}: column {theirs!r} must hold {_words(kind)}, not {given.dtype}")
    lost = given.filter(cast.is_null() & given.is_not_null())
    if len(lost):
        raise DataError(f"{path}: column {theirs!r} must hold {_words(kind)}, got {lost[0]!r}")
    return cast.fill_nan(None) if kind == pl.Float32 else cast  # NaN is no score


def _words(kind: type[pl.DataType]) -> str:
    return "numbers" if kind.is_numeric() else "text"
