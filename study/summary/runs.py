"""The runs table as summaries read it: whenever it was written, and without the runs that are no results."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from study.errors import StorageError
from study.io import read_parquet

# Columns that the first tables did not have; their types by name, since study.records loads pydantic.
ADDED: dict[str, type[pl.DataType]] = {
    "purpose": pl.String,
    "tuned": pl.String,
    "energy_source": pl.String,
    "dollars": pl.Float64,
    "predicted_kwh": pl.Float64,
    "predicted_dollars": pl.Float64,
    "lost_steps": pl.Int64,
    "lost_gpu_hours": pl.Float64,
    "skipped_reasons": pl.String,
    "skipped_unit": pl.String,
}
TUNING = "tuning"  # the purpose of a run made only to choose a learning rate


def read_runs(folder: Path) -> pl.DataFrame:
    """The runs of the study in ``folder``; a column of ``ADDED`` that the table was written without is null.

    Raises StorageError when the study was not collected.
    """
    path = folder / "runs.parquet"
    if not path.exists():
        raise StorageError(f"{path} is missing; make it with: study collect {folder.name}")
    runs = read_parquet(path)
    missing = {name: kind for name, kind in ADDED.items() if name not in runs.columns}
    return runs.with_columns(pl.lit(None, dtype=kind).alias(name) for name, kind in missing.items())


def spent_hours() -> pl.Expr:
    """Device-hours of a run from its start to the end of its scoring, as predictions count them."""
    devices = pl.max_horizontal(pl.col("n_gpus").fill_null(1), pl.lit(1))
    return pl.col("gpu_hours") + pl.col("evaluate_hours").fill_null(0.0) * devices


def tuning() -> pl.Expr:
    """Whether a run was made only to choose a learning rate: it costs, and is no result."""
    return pl.col("purpose").eq_missing(pl.lit(TUNING))


def studied(runs: pl.DataFrame) -> pl.DataFrame:
    """The runs that the study is about."""
    return runs.filter(~tuning())
