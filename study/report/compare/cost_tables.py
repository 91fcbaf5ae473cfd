"""The tables of what two studies cost: over all matched settings, and setting by setting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl

from study.report import words
from study.report.compare.words import COSTS as NAMED
from study.report.compare.words import SETTING, labelled
from study.report.table import Column, Table, table
from study.summary.changes import COSTS, FLOPS, Changes

READ: dict[str, Callable[[Any], str]] = {
    "samples_per_second": words.count,
    "gpu_hours": words.duration,
    "peak_memory_gib": words.number,
    "energy_kwh": words.number,
    FLOPS: words.power_of_ten,
}


def costs(changes: Changes) -> Table:
    """A row a cost, over all matched settings."""
    note = (
        "Of completed runs that are not the same in both: the median over seeds (of memory the most), and of those the "
        "median over the settings where both know it. B / A: the geometric mean over those settings; low and high: its "
        "90 % interval over settings."
    )
    read = [
        pl.struct("cost", f"median_{side}").map_elements(_typical, return_dtype=pl.String).alias(side) for side in "ab"
    ]
    rows = changes.costs.with_columns(*read, pl.col("cost").replace(NAMED))
    columns: tuple[Column, ...] = (
        ("cost", "cost", words.text), ("settings", "settings", words.count), ("a", "A", words.text),
        ("b", "B", words.text), ("ratio", "B / A", words.ratio), ("low", "90 % low", words.ratio),
        ("high", "90 % high", words.ratio), ("least", "least", words.ratio), ("most", "most", words.ratio),
    )  # fmt: skip
    return table("costs", "What it cost", note, columns, rows)


def _typical(row: dict[str, Any]) -> str:
    cost, value = row.values()
    return READ[cost](value)


def setting_costs(changes: Changes) -> Table:
    """A row a matched setting."""
    columns: list[Column] = [SETTING]
    for cost in (*COSTS, FLOPS):
        name = NAMED[cost]
        columns += [(f"{cost}_{side}", f"{name}, {side.upper()}", READ[cost]) for side in "ab"]
        columns.append((f"{cost}_ratio", f"{name}, B / A", words.ratio))
    return table("setting_costs", "Cost, setting by setting", "", columns, labelled(changes.setting_costs, changes))
