"""Where one group of runs overtakes another as compute grows: the table, and what is found in sentences."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from study.report import words
from study.report.laws import group
from study.report.study import Study
from study.report.table import Column, Table, table

SAID = 2  # crossovers in sentences, at most
NOT_SEEN = "not seen in this range"
NOT_TOLD = "not told"
NO_RANGE = "no compute in common"
COLUMNS: tuple[Column, ...] = (
    ("one", "leads at little compute", words.text),
    ("other", "against", words.text),
    ("differs", "groups by", words.text),
    ("found", "overtaken", words.text),
    ("crossover", "at FLOPs", words.power_of_ten),
    ("interval", "90 % interval", words.text),
    ("share", "draws that agree", lambda share: words.percent(share, 0)),
    ("range", "compared between, FLOPs", words.text),
    ("held_equal", "all else equal", words.text),
    ("provisional", "doubts", words.text),
)


def crossovers(study: Study) -> Table:
    """A row a pair of groups that differ in one thing, on the headline metric; those that cross first."""
    rows = [_row(row, study) for row in _found(study).iter_rows(named=True)]
    kinds = {name: pl.Float64 if name in ("crossover", "share") else pl.String for name, _, _ in COLUMNS}
    note = (
        f"By the laws of {words.metric(study.target.metric)} on {study.target.dataset}, between the least and the most "
        "compute that both groups have runs at. A crossover is seen where nine in ten draws of both laws have it."
    )
    return table("crossovers", "Crossovers", note, COLUMNS, pl.DataFrame(rows, schema=kinds))


def said(study: Study) -> Iterator[str]:
    """The surest crossovers in sentences, or that none of those looked for was seen."""
    found = _found(study)
    seen = found.filter(pl.col("seen"))
    for row in seen.head(SAID).iter_rows(named=True):
        at, doubt = words.power_of_ten(row["crossover"]), " Provisional: see Crossovers." if row["provisional"] else ""
        yield (
            f"{row['one']} leads at little compute and is overtaken by {row['other']} at {at} training FLOPs "
            f"(90 % interval {_interval(row)}), all else equal: {_equal(row, study)}.{doubt}"
        )
    compared = found.filter(pl.col("x_min").is_not_null()).height
    if compared and seen.is_empty():
        pairs = "the one pair" if compared == 1 else f"any of the {compared} pairs"
        yield f"No crossover is seen in {pairs} of groups that were compared over the same range of compute."


def _found(study: Study) -> pl.DataFrame:
    return study.crossovers.filter(
        pl.col("dataset") == study.target.dataset, pl.col("metric") == study.target.metric
    ).sort("seen", pl.col("crossover").is_not_null(), "share", descending=True, nulls_last=True, maintain_order=True)


def _row(row: Mapping[str, Any], study: Study) -> dict[str, Any]:
    ends = [words.power_of_ten(row[name]) for name in ("x_min", "x_max")]
    return {
        "one": row["one"],
        "other": row["other"],
        "differs": words.column(row["differs"]),
        "found": _verdict(row),
        "crossover": row["crossover"],
        "interval": _interval(row) if row["crossover"] is not None else None,
        "share": row["share"],
        "range": " to ".join(ends) if row["x_min"] is not None else None,
        "held_equal": _equal(row, study),
        "provisional": row["provisional"],
    }


def _verdict(row: Mapping[str, Any]) -> str:
    if row["x_min"] is None:
        return NO_RANGE
    if row["crossover"] is None:
        return NOT_SEEN
    return "yes" if row["seen"] else NOT_TOLD


def _interval(row: Mapping[str, Any]) -> str:
    low = "below the range" if row["low"] is None else words.power_of_ten(row["low"])
    return f"{low} to {'above the range' if row['high'] is None else words.power_of_ten(row['high'])}"


def _equal(row: Mapping[str, Any], study: Study) -> str:
    return group(json.loads(row["held_equal"]), study)
