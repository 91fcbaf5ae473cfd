"""Scores of a table's pairs that lie in tables of their own, by ``uid``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from study.data.ids import ID
from study.data.parquet import Parquet
from study.data.tables.formats import readable
from study.errors import DataError


@dataclass(frozen=True)
class Scores:
    """Parquet files of the same columns, one of them of scores; all methods raise DataError for what cannot be read."""

    files: tuple[Path, ...]
    column: str

    def is_there(self) -> bool:
        """Whether the files have ids and the column."""
        with readable(self.files[0], "scores"):
            return {"uid", self.column} <= {*self._table.columns()}

    def height(self) -> int:
        """Rows."""
        with readable(self.files[0], "scores"):
            return self._table.height()

    def read(self, start: int = 0, count: int | None = None) -> pl.DataFrame:
        """``uid`` and ``score`` of so many rows from ``start`` on, or of all, but for those that no pair's id has."""
        with readable(self.files[0], "scores"):
            rows = self._table.read(("uid", self.column), start, count)
        if rows.schema["uid"] != pl.String:
            raise DataError(f"{self.files[0]}: column 'uid' must hold 32 hex digits, not {rows.schema['uid']}")
        if not rows.schema[self.column].is_numeric():
            raise DataError(
                f"{self.files[0]}: column {self.column!r} must hold numbers, not {rows.schema[self.column]}"
            )
        score = pl.col(self.column).cast(pl.Float32).fill_nan(None).alias("score")
        return rows.filter(pl.col("uid").str.contains(ID)).select("uid", score)

    @property
    def _table(self) -> Parquet:
        return Parquet(self.files)
