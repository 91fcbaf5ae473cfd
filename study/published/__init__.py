"""Results that others have published, as a study with its two tables. No torch.

README.md beside this file says where each source comes from, and what to be careful about. The folder is that of a
study, and opens by name as any other does (study.summary.opened).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from study.io import read_parquet

if TYPE_CHECKING:
    import polars as pl

_HERE = Path(__file__).parent
MFU = _HERE / "mfu.json"  # the speed of published runs by size and GPUs, see study.predict.mfu
BUILT_IN = {"published": _HERE}  # studies that the package brings, by name: folders with tables, facts and laws


def runs() -> pl.DataFrame:
    """A row a run, in ``RUNS_COLUMNS`` of study.records; what its source does not state is null."""
    return read_parquet(_HERE / "runs.parquet")


def scores() -> pl.DataFrame:
    """A row a (run, data set, metric), in ``SCORES_COLUMNS``; ``value`` is 0 to 1."""
    return read_parquet(_HERE / "scores.parquet")


def phases() -> pl.DataFrame:
    """What those runs computed whose rows state GPU-hours but no samples: a row a (run, image size).

    ``gmacs_per_sample`` are forward multiply-adds a pair in 1e9 by the project's counter; ``stated`` says where sizes
    and samples come from.
    """
    import polars as pl  # only here, so that names of studies cost nothing

    return pl.read_csv(_HERE / "phases.csv")
