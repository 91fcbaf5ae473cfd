"""Single runs of both studies: the same run twice, scored twice, or ended in two ways."""

from __future__ import annotations

import polars as pl

from study.compare.match import IDENTITY
from study.compare.sides import Side
from study.summary.paired import EXACT


def shared(a: Side, b: Side) -> pl.Series:
    """The ids of the runs that are in both: of one id, ended at one time. A run that was made again is another."""
    both = a.runs.select("run_id", "finished").join(b.runs.select("run_id", "finished"), on="run_id", suffix="_b")
    return both.filter(pl.col("finished").eq_missing(pl.col("finished_b")))["run_id"]


def rescored(a: Side, b: Side, run_ids: pl.Series) -> pl.DataFrame:
    """Scores of shared runs that differ: the evaluation changed. ``run_id``, ``dataset``, ``metric``, both scores."""
    on = ["run_id", "dataset", "metric"]
    ours, theirs = (side.scores.select(*on, pl.col("value").alias("score")) for side in (a, b))
    both = ours.filter(pl.col("run_id").is_in(run_ids.implode())).join(theirs, on=on, suffix="_b", validate="1:1")
    return both.rename({"score": "score_a"}).filter((pl.col("score_a") - pl.col("score_b")).abs() > EXACT).sort(on)


def statuses(a: Side, b: Side, pairs: pl.DataFrame) -> pl.DataFrame:
    """Runs of one setting and seed whose status differs, with both reasons; a seed that occurs twice is left out."""
    ours, theirs = (_once(side.runs, pairs, name) for side, name in ((a, "a"), (b, "b")))
    both = ours.join(theirs, on=["setting_a", "seed"], nulls_equal=True, validate="1:1")
    named = pairs.select("setting_a", *IDENTITY).join(both, on="setting_a")
    return named.filter(pl.col("status_a") != pl.col("status_b")).sort("status_a", "status_b", "setting_a", "seed")


def _once(runs: pl.DataFrame, pairs: pl.DataFrame, side: str) -> pl.DataFrame:
    told = [pl.col(name).alias(f"{name}_{side}") for name in ("run_id", "status", "reason")]
    keys = pairs.select("setting_a", pl.col(f"setting_{side}").alias("setting"))
    mine = runs.join(keys, on="setting").select("setting_a", "seed", *told)
    return mine.filter(pl.len().over("setting_a", "seed") == 1)
