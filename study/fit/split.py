"""Which settings a law is fitted to, and which it must then predict: all below a compute, those above it."""

from __future__ import annotations

from math import log10

import numpy as np
import polars as pl

from study.fit.descent import Array
from study.fit.selections import Selection
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
    low, high = log10(usable["train_flops"].min()), log10(usable["train_flops"].max())  # type: ignore[arg-type]
    return [10 ** (high - share * (high - low)) for share in shares]


def decades(points: pl.DataFrame, below: pl.DataFrame) -> Array:
    """How far ``points`` (n,) lie above the largest compute of ``below``, in powers of ten."""
    return np.asarray(np.log10(points["train_flops"].to_numpy() / below["train_flops"].max()))


def arrays(law: Law, points: pl.DataFrame) -> tuple[dict[str, Array], Array]:
    """The law's inputs by column (n,), and the errors (n,)."""
    return {name: points[name].cast(pl.Float64).to_numpy() for name in law.inputs}, points["error"].to_numpy()
