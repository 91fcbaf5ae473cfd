"""What a law must beat: the straight line in log-log through the last two points of the frontier."""

from __future__ import annotations

import numpy as np
import polars as pl

from study.fit.descent import Array
from study.fit.selections import PARETO
from study.fit.split import selected


def last_two(below: pl.DataFrame, above: pl.DataFrame) -> Array | None:
    """Errors (n,) of ``above`` by the last two settings of the Pareto front of ``below``; none where it has but one."""
    front = selected(below, PARETO).group_by("setting").agg(pl.col("train_flops", "error").mean()).sort("train_flops")
    if front.height < 2:
        return None
    (x0, x1), (y0, y1) = np.log(front["train_flops"].to_numpy()[-2:]), np.log(front["error"].to_numpy()[-2:])
    return np.asarray(np.exp(y1 + (y1 - y0) / (x1 - x0) * (np.log(above["train_flops"].to_numpy()) - x1)))
