"""The points of a fit: each run of a group with its error, or with the reason why it cannot be a point."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from study.summary.runs import studied

LEVELS = (
    ("source", "pretrain_data", "family", "strategy_label", "quality"),
    ("source", "pretrain_data", "strategy_label", "quality"),
    ("source", "strategy_label", "quality"),
    ("source",),
)


@dataclass(frozen=True)
class Group:
    """Runs that share a law: ``name`` is JSON, the group's columns and their values."""

    name: str
    points: pl.DataFrame  # all runs of the group, with ``error`` (null where there is none) and ``why``


def measured(
    runs: pl.DataFrame, scores: pl.DataFrame, dataset: str, metric: str, inputs: Sequence[str]
) -> pl.DataFrame:
    """All runs of the study with ``error`` = 1 - score on this metric, and ``why`` a run has none.

    A run whose training FLOPs are not known is no point: nothing says how far a law is from it.
    """
    needed = dict.fromkeys((*inputs, "train_flops"))
    wanted = scores.filter(pl.col("dataset") == dataset, pl.col("metric") == metric).select("run_id", "value")
    known = (pl.col(column).cast(pl.Float64) for column in needed)
    missing = pl.any_horizontal(value.is_null() | ~value.is_finite() | (value <= 0) for value in known)
    unfinished = pl.concat_str(pl.col("status"), pl.col("reason"), separator=": ", ignore_nulls=True)
    why = (
        pl.when(pl.col("status") != "completed")
        .then(unfinished)
        .when(pl.col("value").is_null() | pl.col("value").is_nan())
        .then(pl.lit("no score"))
        .when(pl.col("value") >= 1)
        .then(pl.lit("a score of 1 leaves no error, which has no logarithm"))
        .when(missing)
        .then(pl.lit(f"{' or '.join(needed)} is not known"))
    )
    joined = studied(runs).join(wanted, on="run_id", how="left", validate="1:1").with_columns(why.alias("why"))
    error = pl.when(pl.col("why").is_null()).then(1 - pl.col("value")).alias("error")
    return joined.with_columns(error, pl.col("setting").fill_null(pl.col("run_id")))


def groups(points: pl.DataFrame, within: Sequence[str] = ()) -> Iterator[Group]:
    """Runs that share a law, from the narrowest to the widest; a wider group of the very same runs is left out.

    ``within`` are columns that the runs of each group share, too.
    """
    known: set[frozenset[str]] = set()
    for level in LEVELS:
        columns = (*level, *within)
        for part in points.partition_by(columns, maintain_order=True) if points.height else []:
            runs = frozenset(part["run_id"])
            if runs not in known:
                known.add(runs)
                yield Group(_name(part, columns), part)


def _name(part: pl.DataFrame, columns: Sequence[str]) -> str:
    return json.dumps({column: part[column][0] for column in columns})
