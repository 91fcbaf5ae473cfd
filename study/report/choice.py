"""Which part of a study a figure compares: the largest part in which everything else is equal; who is beaten."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from study.report import words


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


def told(whole: pl.DataFrame, chosen: pl.DataFrame, equal: Sequence[str], known: str = "") -> str:
    """Which part was chosen, by what rule: a sentence; nothing where it is the whole.

    ``known`` says of which settings the whole is, where it is not of all: " with counted FLOPs".
    """
    if chosen.height == whole.height:
        return ""
    named = " and ".join([", ".join(words.column(name) for name in equal[:-1]), words.column(equal[-1])])
    shown = f"{chosen.height:,} of {whole.height:,} settings{known}"
    return f"Shown: {shown}, the part with the most to compare at one {named}."


def unbeaten(score: str, over: Sequence[str] = ()) -> pl.Expr:
    """Whether no row before it scores as much: the front, of a table sorted by cost with the best of a cost first."""
    best = pl.col(score).cum_max().shift(1)
    first = best.over(over) if over else best
    return first.is_null() | (pl.col(score) > first)
