"""Names of two studies, of their settings and measures, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from study.report import words
from study.report.table import Column
from study.summary.changes import FLOPS, Changes, Named
from study.summary.headline import Headline

SETTING: Column = ("label", "setting", words.text)  # of a table that study.report.compare.words.labelled made
UNITS = {
    "unique_pairs": "{} pairs",
    "samples_seen": "{} samples",
    "global_batch_size": "batch {}",
    "lr": "lr {}",
}
NAMES = (
    "arch", "strategy_label", "quality", "unique_pairs", "samples_seen", "global_batch_size", "image_size",
    "text_length", "lr", "pretrain_data", "other_settings",
)  # fmt: skip
COSTS = {
    "samples_per_second": "samples/s",
    "gpu_hours": "hours",
    "peak_memory_gib": "memory",
    "energy_kwh": "energy",
    FLOPS: "FLOPs",
}


def legend(changes: Changes) -> str:
    """Which study is A and which is B."""
    return f"A is {_named(changes.a)}; B is {_named(changes.b)}."


def _named(one: Named) -> str:
    return f"{one.label} ({words.plural(one.settings, 'setting')}, {words.plural(one.runs, 'run')})"


def labelled(rows: pl.DataFrame, changes: Changes) -> pl.DataFrame:
    """With each row's setting in words as ``label``: whatever tells the settings of the two studies apart."""
    every = pl.concat([changes.setting_costs.select(NAMES), changes.unmatched.select(NAMES)])
    varied = [name for name in NAMES if name == "arch" or every[name].n_unique() > 1]
    found = [label(row, varied) for row in rows.iter_rows(named=True)]
    return rows.with_columns(pl.Series("label", found, pl.String))


def label(row: Mapping[str, Any], names: Sequence[str] = NAMES) -> str:
    """A setting in words."""
    known = (UNITS.get(name, "{}").format(words.value(name, row[name])) for name in names if row[name] is not None)
    return " · ".join(known) or "the one setting"


def measure(one: Headline) -> str:
    """A metric on a data set."""
    return f"{words.metric(one.metric)} on {one.dataset}"


def points(row: Mapping[str, Any]) -> str:
    """``+1.4 points (+0.2 to +2.6)``."""
    told = f"{words.points(row['difference'])} points"
    return told if row["low"] is None else f"{told} ({words.points(row['low'])} to {words.points(row['high'])})"


def size(share: float | None) -> str:
    """How many points a difference is, without its sign."""
    return words.MISSING if share is None else words.points(abs(share)).removeprefix("+")
