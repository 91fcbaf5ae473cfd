"""What goes on a sheet, made from a study's tables: settings with what they took, and laws. Loads polars."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from study.hardware import Device, recognise

# Columns of a setting on a sheet. ``needs`` are the distinct pairs of a pool, before any filter, that its run used
# (none where a filter is named, but not what it keeps);
# ``config`` numbers what the hours of a FLOP depend on, ``CONFIG`` below (study.lookup.cost).
SETTING = (
    "setting", "source", "pretrain_data", "arch", "family", "strategy", "strategy_label", "quality", "quality_share",
    "unique_pairs", "samples_seen", "global_batch_size", "image_size", "text_length", "other_settings", "params_m",
    "train_flops", "needs", "config", "device", "gpu", "n_gpus", "threads", "gpu_hours", "hours_low", "hours_high",
    "memory_gib", "memory_from", "run_ids",
)  # fmt: skip
CONFIG = (
    "source", "arch", "family", "strategy_label", "global_batch_size", "image_size", "text_length", "params_m",
    "threads", "a_sample",
)  # fmt: skip
LAW = (
    "law", "selection", "group", "ranges", "draws", "n_points", "n_runs", "residual_std", "n_tried", "tried_error",
    "tried_last_two", "caution", "provisional",
)  # fmt: skip
OWN = pl.col("setting").fill_null(pl.col("run_id"))  # of imported runs, whose seeds nobody knows


def setting_rows(runs: pl.DataFrame, devices: Mapping[str, Device]) -> pl.DataFrame:
    """A row a setting with what is the same for all its seeds, and what they took: the columns of ``SETTING``."""
    first = [name for name in SETTING if name in runs.columns and name not in ("setting", "gpu_hours")]
    table = (
        runs.with_columns(OWN.alias("setting"), *_memory())
        .group_by("setting", maintain_order=True)
        .agg(
            pl.col(*first, "device_kind", "memory_gib", "memory_from").drop_nulls().first(),
            pl.col("gpu_hours").mean(),
            pl.col("gpu_hours").min().alias("hours_low"),
            pl.col("gpu_hours").max().alias("hours_high"),
            pl.col("run_id").sort().alias("run_ids"),
        )
        .with_columns(
            (_seen() / _share()).alias("needs"),
            (pl.col("train_flops") / pl.col("samples_seen")).round_sig_figs(6).alias("a_sample"),
            pl.Series("run_ids", [], dtype=pl.String) if runs.is_empty() else _as_json("run_ids"),
        )
    )
    gpus = pl.when(pl.col("device_kind") != "cpu").then("n_gpus")  # a CPU counts as one device of its run, and has none
    return table.with_columns(_devices(table, devices), _configs(table), gpus).select(SETTING)


def _memory() -> tuple[pl.Expr, pl.Expr]:
    measured, planned = pl.col("peak_memory_gib"), pl.col("predicted_memory_gib")
    told = pl.when(measured.is_not_null()).then(pl.lit("measured")).when(planned.is_not_null())
    return pl.coalesce(measured, planned).alias("memory_gib"), told.then(pl.lit("predicted")).alias("memory_from")


def _seen() -> pl.Expr:
    """Distinct pairs that a run used: no more than it saw. Not known where the pool is not and the samples are few."""
    return pl.when(pl.col("samples_seen").is_null()).then("unique_pairs").otherwise(
        pl.min_horizontal("unique_pairs", "samples_seen")
    )  # fmt: skip


def _share() -> pl.Expr:
    """Of a pool that was kept: all of it without a filter. Not known of a filter that is known by its name only."""
    return pl.when(pl.col("quality").is_null()).then(pl.col("quality_share").fill_null(1.0)).otherwise("quality_share")


def _as_json(column: str) -> pl.Expr:
    return pl.col(column).map_elements(lambda values: json.dumps(list(values)), return_dtype=pl.String)


def _devices(table: pl.DataFrame, devices: Mapping[str, Device]) -> pl.Series:
    """The name in the table of devices of what each setting ran on; null where it is none of them."""
    pairs = list(table.select("gpu", "device_kind").iter_rows())
    known = {(gpu, kind): recognise(gpu, kind or "cuda", devices) if gpu else None for gpu, kind in set(pairs)}
    return pl.Series("device", [known[pair] for pair in pairs], dtype=pl.String)


def _configs(table: pl.DataFrame) -> pl.Series:
    numbers: dict[tuple[Any, ...], int] = {}
    found = [numbers.setdefault(row, len(numbers)) for row in table.select(CONFIG).iter_rows()]
    return pl.Series("config", found, dtype=pl.Int64)


def law_rows(laws: pl.DataFrame) -> Iterator[tuple[dict[str, Any], list[str]]]:
    """The preferred laws that have draws, each with its runs; of those on the same points the narrowest group alone."""
    known: set[tuple[str, frozenset[str]]] = set()
    for row in laws.filter(pl.col("preferred"), pl.col("draws").is_not_null()).iter_rows(named=True):
        points = json.loads(row["points_used"])
        key = row["x"], frozenset(points)
        if key not in known:
            known.add(key)
            yield {name: row[name] for name in LAW}, points
