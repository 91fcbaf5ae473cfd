"""Data of the study's runs that could not be read."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from study.report import words
from study.report.study import Study
from study.report.table import Column, Table, table
from study.summary.skipped import skipped as by_reason

LEAST = 1e-5  # a share that is told as a number


def _share(value: float | None) -> str:
    """A percentage, which says of a little that it is more than nothing."""
    if value is None or value >= 5e-4:
        return words.percent(value)
    return f"{100 * value:.1g} %" if value >= LEAST else f"< {100 * LEAST:g} %"


COLUMNS: tuple[Column, ...] = (
    ("reason", "reason", words.text),
    ("runs", "runs", words.count),
    ("ended", "runs ended", words.text),
    ("samples", "samples", words.count),
    ("samples_share", "of samples seen", _share),
    ("pairs", "pairs a run, at most", words.count),
    ("pairs_share", "of pairs", _share),
)


def skipped(study: Study) -> Table:
    """Why data could not be read, how much of it, and in how many runs; samples and pairs apart."""
    found = by_reason(study.runs)
    of = {unit: pl.when(pl.col("unit") == unit) for unit in ("samples", "pairs")}
    data = found.select(
        "reason",
        "runs",
        pl.col("status").str.replace_all("_", " ").alias("ended"),
        of["samples"].then("number").alias("samples"),
        of["samples"].then("share").alias("samples_share"),
        of["pairs"].then("most").alias("pairs"),
        of["pairs"].then("share").alias("pairs_share"),
    )
    title = "Data that could not be read"
    return table("skipped", title, " ".join(_notes(study, set(found["unit"]))), COLUMNS, data, folded=True)


def _notes(study: Study, units: set[str]) -> Iterator[str]:
    met = study.runs.filter(pl.col("samples_skipped") > 0).height
    yield f"Met by {met:,} of {words.plural(study.runs.height, 'run')}."
    if "samples" in units:
        yield "Samples: while a run trained another pair stood in each time; their share is of what completed runs saw."
    if "pairs" in units:
        yield "Pairs: left out before the first step, of every pass; runs on the same pool share them."
