"""The table of laws: coefficients with intervals, runs used and left out, doubts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import polars as pl

from study.report import words
from study.report.study import Study
from study.report.table import Table, table


def laws(study: Study) -> Table:
    """The laws of the headline metric, and the groups that have none."""
    target = (pl.col("dataset") == study.target.dataset) & (pl.col("metric") == study.target.metric)
    one_pool = {name for name in ("source", "pretrain_data") if study.runs[name].n_unique() == 1}
    rows = [_law(row, one_pool) for row in study.laws.filter(target).iter_rows(named=True)]
    heads = {
        "group": "runs of",
        "coefficients": "coefficients, 90 % interval",
        "n_points": "settings",
        "n_runs": "runs",
        "range": "FLOPs",
        "provisional": "doubts",
        "left_out": "runs left out",
        "law": "law, selection",
    }
    counted = ("n_points", "n_runs")
    columns = [(name, head, words.count if name in counted else words.text) for name, head in heads.items()]
    data = pl.DataFrame(rows, schema={name: pl.Int64 if name in counted else pl.String for name in heads})
    note = "Error = 1 − score. A law is provisional while runs are missing, failed or have one seed."
    return table("laws", "Laws", note, columns, data)


def _law(row: dict[str, Any], unsaid: set[str]) -> dict[str, Any]:
    low, high = words.power_of_ten(row["x_min"]), words.power_of_ten(row["x_max"])
    return {
        "group": _group(json.loads(row["group"]), unsaid),
        "law": f"{row['law']}, {row['selection'].replace('_', ' ')}",
        "coefficients": "; ".join(_coefficients(row)) or None,
        "n_points": row["n_points"],
        "n_runs": row["n_runs"],
        "range": low if low == high else f"{low} to {high}",
        "left_out": _reasons(json.loads(row["points_left_out"])),
        "provisional": row["provisional"],
    }


def _group(group: dict[str, str | None], unsaid: set[str]) -> str:
    """The group's values, each once: a pool is often called as its source."""
    said = dict.fromkeys(value for name, value in group.items() if value is not None and name not in unsaid)
    return " · ".join(said) or "all"


def _coefficients(row: dict[str, Any]) -> Iterator[str]:
    intervals = json.loads(row["intervals"] or "{}")
    for name, value in json.loads(row["coefficients"] or "{}").items():
        low, high = intervals[name]
        yield f"{name} {words.number(value)} ({words.number(low)} to {words.number(high)})"


def _reasons(left_out: dict[str, str]) -> str:
    """How many runs were left out for each kind of reason."""
    counted = Counter(why.split(":")[0].replace("_", " ") for why in left_out.values())
    return "; ".join(f"{number} {why}" for why, number in counted.most_common()) or "none"
