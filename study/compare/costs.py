"""What matched settings cost in both studies: a row a setting, and a row a cost over all of them."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import polars as pl

from study.compare.gap import by_seed
from study.compare.match import IDENTITY
from study.compare.sides import Side
from study.summary.changes import COSTS, FLOPS

ALL = (*COSTS, FLOPS)
MEMORY = "peak_memory_gib"
SUMMARY: dict[str, Any] = {
    "cost": pl.String, "settings": pl.Int64, "median_a": pl.Float64, "median_b": pl.Float64, "ratio": pl.Float64,
    "low": pl.Float64, "high": pl.Float64, "least": pl.Float64, "most": pl.Float64,
}  # fmt: skip


Sides: TypeAlias = tuple[Side, Side]


def setting_costs(all_runs: Sides, own_runs: Sides, pairs: pl.DataFrame) -> pl.DataFrame:
    """The cost of a completed run of each setting in A and B (median over seeds; of memory the most), and B over A.

    FLOPs are counted before a run, so ``all_runs`` tell them, failed ones too; times are of ``own_runs``, those that
    are not in both studies.
    """
    both = pairs.select("setting_a", "setting_b", "apart", *IDENTITY)
    for name, counted, timed in zip("ab", all_runs, own_runs, strict=True):
        found = _of_runs(counted.runs, timed.runs).rename({cost: f"{cost}_{name}" for cost in ALL})
        both = both.join(found, left_on=f"setting_{name}", right_on="setting", how="left", validate="1:1")
    return both.with_columns(_ratio(cost).alias(f"{cost}_ratio") for cost in ALL)


def _of_runs(counted: pl.DataFrame, timed: pl.DataFrame) -> pl.DataFrame:
    medians = [_known(cost).median() for cost in COSTS if cost != MEMORY]
    completed = timed.filter(pl.col("status") == "completed")
    measured = completed.group_by("setting").agg(*medians, _known(MEMORY).max())
    return counted.group_by("setting").agg(_known(FLOPS).max()).join(measured, on="setting", how="left")


def _known(cost: str) -> pl.Expr:
    return pl.col(cost).filter(pl.col(cost).is_finite())


def _ratio(cost: str) -> pl.Expr:
    ours, theirs = pl.col(f"{cost}_a"), pl.col(f"{cost}_b")
    return pl.when(ours > 0, theirs > 0).then(theirs / ours)


def costs(each: pl.DataFrame) -> pl.DataFrame:
    """By cost: the median over the settings that know it in both, the geometric mean of B over A, its interval.

    The interval (90 %, Student's t) is of the mean over settings: a machine that is slower throughout moves all.
    """
    rows = [row for cost in ALL for row in _summed(cost, each.drop_nulls(f"{cost}_ratio"))]
    return pl.DataFrame(rows, schema=SUMMARY)


def _summed(cost: str, known: pl.DataFrame) -> list[dict[str, Any]]:
    ratios = known[f"{cost}_ratio"].to_list()
    if not ratios:
        return []
    mean = by_seed({place: math.log(ratio) for place, ratio in enumerate(ratios)})
    low, high = (None if end is None else math.exp(end) for end in (mean.low, mean.high))
    return [{
        "cost": cost, "settings": len(ratios), **{f"median_{side}": known[f"{cost}_{side}"].median() for side in "ab"},
        "ratio": math.exp(mean.mean), "low": low, "high": high, "least": min(ratios), "most": max(ratios),
    }]  # fmt: skip
