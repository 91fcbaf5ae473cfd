"""Parquet files that users bring, read in a process of their own: polars trusts lengths in them, and may end with it.

Rows that a file claims and cannot hold are refused, and what takes more memory than such a process may have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TypeVar

import polars as pl

from study.data.apart import apart
from study.data.apart.child import EndedError

T = TypeVar("T")
R = TypeVar("R")
PART = 1 << 24  # bytes, about, that are handed over at a time
PER_BYTE = 8  # rows: pairs that differ take more than a bit each


@dataclass(frozen=True)
class Parquet:
    """A table in one or several files, given by path or by their bytes; all methods raise ``DAMAGE``."""

    files: tuple[Path | bytes, ...]

    def columns(self) -> list[str]:
        """All names."""
        return read_apart(_columns, self)

    def height(self) -> int:
        """Rows."""
        return read_apart(_height, self)[0]

    def read(self, columns: Sequence[str] | None = None, start: int = 0, count: int | None = None) -> pl.DataFrame:
        """So many rows from ``start`` on, or all, of these columns, each once, or of all."""
        return pl.concat(read_apart(_rows, Asked(self, columns, start, count)))


@dataclass(frozen=True)
class Asked:
    """Some rows and columns of a table."""

    table: Parquet
    columns: Sequence[str] | None
    start: int
    count: int | None


def read_apart(work: Callable[[T], Iterable[R]], item: T) -> list[R]:
    """As ``apart``, where an end of the process that reads is a fault of the file: one of ``DAMAGE``."""
    try:
        return apart(work, item)
    except EndedError as error:
        raise pl.exceptions.ComputeError(str(error)) from error


def _columns(table: Parquet) -> list[str]:
    with _fit_to_send():
        return _scan(table.files[0]).collect_schema().names()


def _height(table: Parquet) -> Iterator[int]:
    with _fit_to_send():
        rows = pl.concat([_scan(file).select(pl.len()) for file in table.files]).collect().sum().item()
        size = sum(map(_size, table.files))
    if rows > PER_BYTE * size:
        raise pl.exceptions.ComputeError(f"it claims {rows:,} rows, more than its {size:,} bytes can hold")
    yield rows


def _rows(asked: Asked) -> Iterable[pl.DataFrame]:
    [_] = _height(asked.table)
    columns = [pl.all()] if asked.columns is None else list(dict.fromkeys(asked.columns))
    with _fit_to_send():
        scan = pl.concat([_scan(file).select(columns) for file in asked.table.files])
        found = scan.slice(asked.start, asked.count).collect()
    rows = 1 + found.height * PART // max(1, int(found.estimated_size()))
    return chain([found.clear()], found.iter_slices(rows))


def _scan(file: Path | bytes) -> pl.LazyFrame:
    return pl.scan_parquet(file, glob=False)


def _size(file: Path | bytes) -> int:
    return len(file) if isinstance(file, bytes) else file.stat().st_size


@contextmanager
def _fit_to_send() -> Iterator[None]:
    """What polars raises as errors that can be sent to another process."""
    try:
        yield
    except pl.exceptions.PanicException as error:
        raise pl.exceptions.ComputeError(f"panic: {error}") from None
