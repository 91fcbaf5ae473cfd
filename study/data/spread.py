"""How values are spread: quantiles for a line, counts for a drawing."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

QUANTILES = {"min": 0.0, "p10": 0.1, "median": 0.5, "p90": 0.9, "max": 1.0}
BINS = 32
CLIPPED = 0.995  # a drawing ends at this quantile: one caption of a million words would flatten all others


def spread(values: pl.Series) -> dict[str, float | None]:
    """Mean and quantiles; all none where no value is known."""
    known = values.drop_nulls()
    if not len(known):
        return dict.fromkeys((*QUANTILES, "mean"))
    quantiles = {name: known.quantile(share, "linear") for name, share in QUANTILES.items()}
    rounded = {name: None if value is None else round(float(value), 4) for name, value in quantiles.items()}
    return {**rounded, "mean": round(float(known.cast(pl.Float64).mean() or 0.0), 4)}  # type: ignore[arg-type]


def histogram(values: pl.Series) -> dict[str, Any] | None:
    """``counts`` of equal bins from ``first`` to ``last``; ``beyond`` are above that. None where no value is known.

    Whole numbers have bins of whole numbers.
    """
    known = values.drop_nulls()
    if not len(known):
        return None
    numbers = known.to_numpy().astype(np.float64)
    first, last = float(numbers.min()), float(np.quantile(numbers, CLIPPED))
    if values.dtype.is_integer():
        step = max(1, int(np.ceil((last - first + 1) / BINS)))
        edges = np.arange(first, last + step + 0.5, step)
    else:
        edges = np.linspace(first, last if last > first else first + 1, BINS + 1)
    counts, _ = np.histogram(numbers, edges)
    beyond = int((numbers > edges[-1]).sum())
    return {"first": float(edges[0]), "last": float(edges[-1]), "counts": counts.tolist(), "beyond": beyond}
