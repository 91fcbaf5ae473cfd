"""Results that others have published, restated as tables of runs and of scores. No torch.

README.md beside this file says where each source comes from, and what to be careful about.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from study.io import read_parquet

_HERE = Path(__file__).parent


def runs() -> pl.DataFrame:
    """A row a run: what was trained on what, and, where it is stated, on which GPUs and for how many GPU-hours."""
    return read_parquet(_HERE / "runs.parquet")


def scores() -> pl.DataFrame:
    """A row a (run, data set, metric); ``value`` is 0 to 1."""
    return read_parquet(_HERE / "scores.parquet")


def phases() -> pl.DataFrame:
    """What those runs computed whose rows state GPU-hours but no samples: a row a (run, image size).

    ``gmacs_per_sample`` are forward multiply-adds a pair in 1e9 by the project's counter; ``stated`` says where sizes
    and samples come from.
    """
    return pl.read_csv(_HERE / "phases.csv")
