"""Runs that differ by their seed alone, as one row: mean, spread, number of seeds, interval of the mean."""

from __future__ import annotations

import polars as pl

from study.summary.headline import Headline
from study.summary.runs import studied

# 95 % quantile of Student's t for 1 to 30 degrees of freedom (any statistics text); beyond, the normal's.
T95 = (
    6.314, 2.920, 2.353, 2.132, 2.015, 1.943, 1.895, 1.860, 1.833, 1.812, 1.796, 1.782, 1.771, 1.761, 1.753,
    1.746, 1.740, 1.734, 1.729, 1.725, 1.721, 1.717, 1.714, 1.711, 1.708, 1.706, 1.703, 1.701, 1.699, 1.697,
)  # fmt: skip
NORMAL95 = 1.645
SHOWN = (
    "source", "pretrain_data", "arch", "family", "strategy", "strategy_label", "quality", "quality_share", "size_share",
    "unique_pairs", "samples_seen", "global_batch_size", "image_size", "text_length", "lr", "tuned", "other_settings",
    "gmacs_per_sample", "params_m", "train_flops",
)  # fmt: skip
MEASURED = ("gpu_hours", "peak_memory_gib", "samples_per_second")


def settings(runs: pl.DataFrame, scores: pl.DataFrame, target: Headline) -> pl.DataFrame:
    """A row a setting with at least one score on ``target``, best mean first; runs made to tune are no results.

    Columns: ``setting``, ``SHOWN``, ``score`` (mean), ``sd`` (null with one seed), ``n``, ``low`` and ``high``
    (90 % interval of the mean, by the spread of seeds pooled over all settings), ``MEASURED`` (means), ``chance``,
    ``majority``, and lists of the same order: ``run_ids``, ``seeds``, ``values`` (scores).
    """
    of_target = scores.filter(
        pl.col("dataset") == target.dataset,
        pl.col("metric") == target.metric,
        pl.col("value").is_not_null(),
        pl.col("value").is_not_nan(),
    )
    table = (
        of_target.join(studied(runs), on="run_id", validate="1:1")
        .with_columns(pl.col("setting").fill_null(pl.col("run_id")))
        .group_by("setting", maintain_order=True)
        .agg(
            pl.col(SHOWN).first(),
            pl.col("value").mean().alias("score"),
            pl.col("value").std().alias("sd"),
            pl.len().alias("n"),
            pl.col(MEASURED).mean(),
            pl.col("chance", "majority").first(),
            pl.col("run_id").sort().alias("run_ids"),
            pl.col("seed").sort_by("run_id").alias("seeds"),
            pl.col("value").sort_by("run_id").alias("values"),
        )
        .sort(["score", "setting"], descending=[True, False])
    )
    half = pl.lit(pooled_half_width(table)) / pl.col("n").cast(pl.Float64).sqrt()
    return table.with_columns((pl.col("score") - half).alias("low"), (pl.col("score") + half).alias("high"))


def pooled_half_width(table: pl.DataFrame) -> float | None:
    """Half the 90 % interval of one run, by the seeds' spread pooled over settings; none without repeats.

    Two or three seeds of one setting say little about their spread; those of all settings together say more.
    """
    repeats = table.filter(pl.col("n") > 1)
    freedom = int((repeats["n"] - 1).sum())
    if freedom == 0:
        return None
    variance = float(((repeats["n"] - 1) * repeats["sd"] ** 2).sum()) / freedom
    return float(t95(freedom) * variance**0.5)


def t95(freedom: int) -> float:
    """The factor of a 90 % interval with so many degrees of freedom, at least 1."""
    if freedom <= len(T95):
        return T95[freedom - 1]
    return NORMAL95 + (NORMAL95**3 + NORMAL95) / (4 * freedom)  # first term of Fisher and Cornish's expansion


def tied(table: pl.DataFrame) -> pl.Expr:
    """Whether a setting's interval reaches that of the first row; null where one seed leaves it unknown."""
    best = pl.lit(table["low"][0] if table.height else None, dtype=pl.Float64)
    return pl.col("high") >= best
