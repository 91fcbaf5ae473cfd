"""Which part of a study a figure compares: the largest part in which everything else is equal."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl


def largest_slice(table: pl.DataFrame, equal: Sequence[str], shown: Sequence[str]) -> pl.DataFrame:
    """Rows that agree in ``equal``, chosen to hold the most different values of ``shown``.

    Then the most rows, then the largest values of ``equal``: the part that a study looked at most closely.
    """
    if not table.height:
        return table
    parts = table.with_columns(pl.struct(shown).alias("_shown")).group_by(equal)
    ranked = parts.agg(pl.col("_shown").n_unique().alias("_kinds"), pl.col("n").sum().alias("_rows"))
    best = ranked.sort("_kinds", "_rows", *equal, descending=True, nulls_last=True).head(1)
    return table.join(best.select(equal), on=list(equal), how="semi", nulls_equal=True)
