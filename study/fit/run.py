"""Fit laws to a study's tables: a row for each law, selection, score and group."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from study.fit import SELECTIONS
from study.fit.crossovers import crossovers
from study.fit.points import groups, measured
from study.fit.row import fit_group
from study.io import write_parquet
from study.laws import DEFAULT_LAW, LAWS
from study.records import LAWS_COLUMNS, schema
from study.summary.opened import open_study


@dataclass(frozen=True)
class Asked:
    """A law on a selection of points; ``told_alone``: only where the points tell each of its parameters."""

    law: str
    selection: str
    told_alone: bool = False


def asked(laws: Sequence[str] | None, selections: Sequence[str] | None) -> list[Asked]:
    """What to fit. Without names the power law, and each other law where the points tell all its parameters.

    A law's own selection unless others are given. Raises UnknownNameError for an unknown law.
    """
    named = laws or [DEFAULT_LAW, *(name for name in LAWS.names() if name != DEFAULT_LAW)]
    return [
        Asked(name, selection, told_alone=not laws and name != DEFAULT_LAW)
        for name in named
        for selection in selections or (LAWS.load(name).selection,)
    ]


def fit(
    results: Path,
    name: str,
    laws: Sequence[str] | None = None,
    selections: Sequence[str] | None = None,
    seed: int = 0,
) -> pl.DataFrame:
    """Fit each law to each group and score of the study; write ``laws.parquet`` and ``crossovers.parquet``.

    Returns the laws. Raises StorageError without the two tables, UnknownNameError for an unknown law or selection.
    """
    opened = open_study(results, name)
    runs, scores = opened.runs(), opened.scores()
    rows = [row for one in asked(laws, selections) for row in _rows(runs, scores, one, seed)]
    preferred = _preferred(rows)
    numbered = [{**row, "study": name, "preferred": place in preferred} for place, row in enumerate(rows)]
    table = pl.DataFrame(numbered, schema=schema(LAWS_COLUMNS))
    write_parquet(opened.written / "laws.parquet", table)
    write_parquet(opened.written / "crossovers.parquet", crossovers(table))
    return table


def _rows(runs: pl.DataFrame, scores: pl.DataFrame, one: Asked, seed: int) -> Iterator[dict[str, Any]]:
    law = LAWS.load(one.law)
    for dataset, metric in scores.select("dataset", "metric").unique().sort("dataset", "metric").iter_rows():
        points = measured(runs, scores, dataset, metric, law.inputs)
        for group in groups(points, law.within):
            row = fit_group(one.law, group, one.selection, seed, one.told_alone)
            if row is not None:
                yield {**row, "dataset": dataset, "metric": metric, "y": f"1 - {metric}"}


def _preferred(rows: Sequence[Mapping[str, Any]]) -> set[int]:
    """The places of one row for each group, score and ``x``: a law of the best settings that was least off inside."""
    best: dict[tuple[str, ...], tuple[Any, ...]] = {}
    for place, row in enumerate(rows):
        key = tuple(row[name] for name in ("dataset", "metric", "group", "x"))
        off = row["tried_error"]
        unlike = not SELECTIONS.load(row["selection"]).best
        rank = (row["coefficients"] is None, unlike, math.inf if off is None else off, place)
        best[key] = min(best.get(key, rank), rank)
    return {rank[-1] for rank in best.values()}
