"""A grid's claim against the runs of its plan: every arm has runs, one a seed, that are scored as it asks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
from polars.exceptions import PolarsError

from study.config import Grid
from study.config.claim import SELECTORS
from study.config.document import Loc, Problem
from study.metrics import METRICS
from study.plan.rows import Row
from study.records import PLAN_COLUMNS, schema
from study.registry import unknown_name
from study.summary.arms import selected


def check_claim(grid: Grid, rows: Sequence[Row], evaluation: dict[str, Any], problems: list[Problem]) -> None:
    """Add what is wrong with the claim, if the grid has one."""
    claim = grid.file.claim
    if claim is None:
        return

    def told(loc: Loc, message: str) -> None:
        problems.append(grid.document.problem(("claim", *loc), message))

    sets = [entry["name"] for entry in evaluation["sets"]]
    metrics = sorted({headline for name in METRICS.names() for headline in METRICS.load(name).headline})
    for key, kind, known in (("dataset", "evaluation set of this study", sets), ("metric", "headline metric", metrics)):
        if (value := getattr(claim.measure, key)) not in known:
            told(("measure", key), str(unknown_name(kind, value, known)))
    table = pl.DataFrame(rows, schema=schema(PLAN_COLUMNS))
    for name, selector in claim.arms.items():
        if message := _unfit(table, selector):
            told(("arms", name), message)


def _unfit(table: pl.DataFrame, selector: dict[str, Any]) -> str | None:
    """What is wrong with an arm, if anything."""
    try:
        runs = selected(table, selector)
    except PolarsError:
        kinds = ", ".join(f"{name} ({PLAN_COLUMNS[name].lower()})" for name in selector)
        return f"a value is of another kind than its column: {kinds}"
    if not runs.height:
        values = (f"{name} {_values(table[name])}" for name in selector)
        return f"selects no run; the study has {'; '.join(values)}"
    if not runs["seed"].is_unique().all():
        differing = [name for name in SELECTORS if runs[name].n_unique() > 1]
        return f"selects several runs of one seed, which differ in {', '.join(differing)}; select by these, too"
    return None


def _values(column: pl.Series) -> str:
    return ", ".join(map(str, column.drop_nulls().unique().sort().to_list()[:8]))
