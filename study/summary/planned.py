"""The table that a plan left, ``results/NAME/plan.parquet``. Needs no pydantic, so look-ups may read it."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from study.errors import StorageError
from study.io import read_parquet


def read_plan(folder: Path) -> pl.DataFrame:
    """A row a run of the grid, those that the study's limit leaves out included: ``PLAN_COLUMNS`` of study.records.

    The plan of an older program lacks the columns that came since. Raises StorageError without a plan.
    """
    path = folder / "plan.parquet"
    if not path.exists():
        raise StorageError(f"{path} is missing; make it with: study plan grids/{folder.name}.yaml")
    return read_parquet(path)


def kept(plan: pl.DataFrame) -> pl.DataFrame:
    """The runs of the study: all but those that its limit leaves out."""
    return plan.filter(pl.col("left_out").is_null()) if "left_out" in plan.columns else plan


def left_out(plan: pl.DataFrame) -> pl.DataFrame:
    """The runs of the grid that the limit leaves out."""
    return plan.filter(pl.col("left_out").is_not_null()) if "left_out" in plan.columns else plan.clear()
