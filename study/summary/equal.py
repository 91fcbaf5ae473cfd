"""Which settings may be compared by strategy: equal in all else, and in samples seen or in training FLOPs."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from typing import TypeAlias

import polars as pl

SAMPLES, FLOPS = "samples_seen", "train_flops"
NEAR = 1.02  # training FLOPs count as equal up to this ratio: budgets are rounded to whole batches
EQUAL = ("source", "pretrain_data", "arch", "quality", "unique_pairs", "global_batch_size", "image_size")
# A strategy brings an optimiser of its own, and its learning rate may be tuned: these may differ.
OPTIMISER = {"lr", "tuning", "weight_decay", "beta1", "beta2", "eps", "schedule", "warmup", "cooldown", "grad_clip"}
ASSIGNMENT = re.compile(r", (?=\w+=)")  # between two of ``name=value, name=value``; a value may hold commas
# Unless a strategy has two settings that differ in one of these alone: then these are held equal too.
OWN = ("text_length", "other_settings", "_tuned", "_given_lr")

Group: TypeAlias = "tuple[str, pl.DataFrame]"


def groups(table: pl.DataFrame) -> Iterator[Group]:
    """The kind of equality and the settings of each group of two or more strategies, one setting a strategy.

    A group whose settings are all in a larger one is left out: strategies that cost alike happen to have seen as much.

    ``table`` is that of study.summary.settings. Kinds: ``samples_seen``, ``train_flops`` (within 2 %); within a kind
    the group of most strategies comes first, then that of the largest budget.
    """
    tuned = pl.col("tuned").is_not_null()
    marked = table.with_columns(
        pl.col("other_settings").map_elements(_not_of_optimiser, return_dtype=pl.String).alias("_else"),
        tuned.alias("_tuned"),
        pl.when(~tuned).then("lr").alias("_given_lr"),
    )
    parts = marked.partition_by(*EQUAL, "_else", maintain_order=True) if marked.height else []
    kinds: tuple[tuple[str, Callable[[pl.DataFrame], Iterator[pl.DataFrame]]], ...] = (
        (SAMPLES, _same_samples),
        (FLOPS, _near_flops),
    )
    made: list[tuple[str, pl.DataFrame]] = []
    for kind, together in kinds:
        found = [one for part in parts for group in together(part) for one in _one_each(group)]
        compared = [group for group in found if group["strategy_label"].n_unique() > 1]
        made += [(kind, g) for g in sorted(compared, key=lambda group: (-group.height, -_largest(group, kind)))]
    members = [set(group["setting"]) for _, group in made]
    for (kind, group), own in zip(made, members, strict=True):
        if not any(own < other for other in members):
            yield kind, group.select(table.columns)


def _not_of_optimiser(text: str) -> str | None:
    kept = [part for part in ASSIGNMENT.split(text) if part.split("=")[0] not in OPTIMISER]
    return ", ".join(kept) or None


def _largest(group: pl.DataFrame, column: str) -> float:
    return float(str(group[column].max()))


def _same_samples(part: pl.DataFrame) -> Iterator[pl.DataFrame]:
    yield from part.drop_nulls(SAMPLES).partition_by(SAMPLES, maintain_order=True)


def _near_flops(part: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """The ranges of FLOPs that hold the most strategies, one after the other; none that has but one samples seen."""
    left = part.filter(pl.col(FLOPS) > 0)
    while left.height:
        starts = left[FLOPS].unique().sort()
        ranges = [left.filter(pl.col(FLOPS).is_between(start, NEAR * start)) for start in starts]
        best = max(ranges, key=lambda rows: (rows["strategy_label"].n_unique(), -_spread(rows)))
        if best["strategy_label"].n_unique() < 2:
            return
        nearest = _nearest(best)
        if nearest[SAMPLES].n_unique() > 1:
            yield nearest
        left = left.join(best, on="setting", how="anti")


def _spread(rows: pl.DataFrame) -> float:
    return math.log(_largest(rows, FLOPS) / float(str(rows[FLOPS].min())))


def _nearest(rows: pl.DataFrame) -> pl.DataFrame:
    """Of a strategy's settings that differ in samples seen alone, the one nearest the median of all."""
    away = (pl.col(FLOPS).log() - pl.col(FLOPS).log().median()).abs()
    nearest = rows.with_columns(away.alias("_away")).sort("_away", "setting").unique(
        ["strategy_label", *OWN], keep="first", maintain_order=True
    )  # fmt: skip
    return rows.join(nearest, on="setting", how="semi")


def _one_each(group: pl.DataFrame) -> list[pl.DataFrame]:
    """The group, or its parts that are equal in ``OWN`` too where a strategy occurs in it more than once.

    Settings that were tuned by different trials are still twice there: that of the most seeds is taken.
    """
    if group["strategy_label"].is_unique().all():
        return [group]
    by_seeds = group.sort(["n", "setting"], descending=[True, False])
    parts = by_seeds.partition_by(OWN, maintain_order=True)
    return [part.unique("strategy_label", keep="first", maintain_order=True) for part in parts]
