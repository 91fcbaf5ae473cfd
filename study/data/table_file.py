"""Reading some columns of a table file, whatever its format, with an error that says what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import polars as pl

from study.errors import DataError
from study.registry import unknown_name

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


def read_columns(path: Path, columns: Mapping[str, str | None]) -> pl.DataFrame:
    """The columns under the names that the project uses: all null where the file's name of one is none.

    ``columns`` maps keys of ``KINDS`` to the file's names. Raises DataError for a file that is missing or damaged, a
    column that it lacks, and values of the wrong kind.
    """
    named = [name for name in columns.values() if name is not None]
    table = _read(path, named)
    image = pl.Binary if table.schema[columns["image"] or ""] == pl.Binary else pl.String
    kinds = {**{ours: KINDS[ours] for ours in columns}, "image": image}
    return pl.DataFrame([_column(path, table, ours, columns[ours], kind) for ours, kind in kinds.items()])


def scores_beside(path: Path, folder: Path | None, column: str | None) -> pl.DataFrame | None:
    """``uid`` and ``score`` of the table of scores that has such a column; none when there is none.

    It is ``all.parquet`` in a folder of scores, or ``NAME.scores.parquet`` beside the table. Raises DataError when the
    folder has no such file, and for a file that cannot be read.
    """
    found = path.with_suffix(".scores.parquet") if folder is None else folder / "all.parquet"
    if column is None or (folder is None and not found.exists()):
        return None
    try:
        table = pl.scan_parquet(found)
        if not {"uid", column} <= {*table.collect_schema().names()}:
            return None
        score = pl.col(column).cast(pl.Float32).fill_nan(None).alias("score")
        return table.select("uid", score).collect().unique("uid", keep="first", maintain_order=True)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise DataError(f"{found} cannot be read as scores: {str(error).splitlines()[0]}") from error


def columns_of(path: Path) -> list[str]:
    """Names of all columns; raises DataError for a file that cannot be read."""
    try:
        return _opened(path).collect_schema().names()
    except (OSError, pl.exceptions.PolarsError) as error:
        raise DataError(f"{path} cannot be read as {path.suffix[1:]}: {str(error).splitlines()[0]}") from error


def _opened(path: Path) -> pl.LazyFrame:
    if path.suffix not in READERS:
        raise DataError(f"{path}: the end of the name must be one of {', '.join(READERS)}")
    if not path.is_file():
        raise DataError(f"{path} does not exist; give its path, or pairs: NUMBER to plan without it")
    return READERS[path.suffix](path)


def _read(path: Path, named: list[str]) -> pl.DataFrame:
    try:
        table = _opened(path)
        known = table.collect_schema().names()
        for name in named:
            if name not in known:
                raise DataError(f"{path}: {unknown_name('column', name, known)}")
        return table.select(*dict.fromkeys(named)).collect()
    except (OSError, pl.exceptions.PolarsError) as error:
        raise DataError(f"{path} cannot be read as {path.suffix[1:]}: {str(error).splitlines()[0]}") from error


def _column(path: Path, table: pl.DataFrame, ours: str, theirs: str | None, kind: type[pl.DataType]) -> pl.Series:
    if theirs is None:
        return pl.Series(ours, [None] * table.height, kind)
    given = table[theirs]
    try:
        cast = given.cast(kind, strict=False).alias(ours)
    except pl.exceptions.PolarsError as error:
        raise DataError(f"{path}: column {theirs!r} must hold {_words(kind)}, not {given.dtype}") from error
    lost = given.filter(cast.is_null() & given.is_not_null())
    if len(lost):
        raise DataError(f"{path}: column {theirs!r} must hold {_words(kind)}, got {lost[0]!r}")
    return cast.fill_nan(None) if kind == pl.Float32 else cast  # NaN is no score


def _words(kind: type[pl.DataType]) -> str:
    return "numbers" if kind.is_numeric() else "text"
