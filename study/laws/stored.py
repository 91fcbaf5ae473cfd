"""The table of laws of a study, as it was written."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from study.io import read_parquet
from study.laws.law import COMPUTE

NEWEST = "preferred"  # a column that the first tables of laws lack, and their draws lack what goes with it


def read_laws(folder: Path) -> pl.DataFrame | None:
    """The laws of the study in ``folder``; none where none were fitted, or only by a version that knew less of them."""
    path = folder / "laws.parquet"
    laws = read_parquet(path) if path.exists() else None
    return laws if laws is not None and NEWEST in laws.columns else None


def of_compute(laws: pl.DataFrame) -> pl.DataFrame:
    """The preferred law of each group and score among those that ask for training FLOPs alone."""
    return laws.filter(pl.col("preferred"), pl.col("x") == COMPUTE)
