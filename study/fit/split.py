"""Which settings a law is fitted to, and which it must then predict: all below a compute, those above it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from study.fit.descent import Array
from study.fit.selections import Selection
from study.laws.curve import outside
from study.laws.law import Law


def selected(usable: pl.DataFrame, selection: Selection) -> pl.DataFrame:
    """The runs of the settings that the selection keeps, in order of compute."""
    settings = usable.group_by("setting").agg(pl.col("train_flops", "error").mean()).sort("setting")
    return usable.filter(pl.col("setting").is_in(list(selection.keep(settings)))).sort("train_flops", "run_id")


def split(
    usable: pl.DataFrame, used: pl.DataFrame, selection: Selection, cut: float
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What is selected of the runs of at most ``cut`` FLOPs, and what lies above it of ``used``, selected of all.

    So a law of the best settings is asked for the settings that turned out the best, and never saw them.
    """
    below = selected(usable.filter(pl.col("train_flops") <= cut), selection)
    return below, used.filter(pl.col("train_flops") > cut)


def cuts(usable: pl.DataFrame, shares: tuple[float, ...]) -> list[float]:
    """Computes that leave these shares of the range of log compute above them."""
    logs = usable["train_flops"].log10().to_list()
    return [10 ** (max(logs) - share * (max(logs) - min(logs))) for share in shares]


def decades(points: Mapping[str, Array], below: Mapping[str, Array]) -> Array:
    """How far ``points`` (n,) lie outside those ``below``, both by column, in powers of ten; as a curve says it."""
    ranges = {name: (float(column.min()), float(column.max())) for name, column in below.items()}
    rows = (dict(zip(points, values, strict=True)) for values in zip(*points.values(), strict=True))
    return np.log10([outside(ranges, row) for row in rows])


def arrays(law: Law, points: pl.DataFrame) -> tuple[dict[str, Array], Array]:
    """The columns that the law asks for (n,), and the errors (n,)."""
    return {name: points[name].cast(pl.Float64).to_numpy() for name in law.asked}, points["error"].to_numpy()
