"""Fit laws to a study's tables: a row for each law, selection, metric and group, also where there is no law."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from study.fit import DEFAULT_SELECTION, SELECTIONS
from study.fit.bootstrap import Draws, bootstrap
from study.fit.doubts import doubts, no_law
from study.fit.points import Group, groups, measured
from study.fit.solve import Solution, solve
from study.io import write_parquet
from study.laws import DEFAULT_LAW, LAWS
from study.laws.curve import COVERAGE, between
from study.laws.law import Law
from study.records import LAWS_COLUMNS, schema
from study.summary.opened import open_study

LEAST_VALUES = 3  # distinct values of each input: fewer leave nothing to tell noise from law
DIGITS = 6  # of the stored draws


def fit(
    results: Path,
    name: str,
    laws: Sequence[str] = (DEFAULT_LAW,),
    selections: Sequence[str] = (DEFAULT_SELECTION,),
    seed: int = 0,
) -> pl.DataFrame:
    """Fit each law to each group and metric of the study; write and return ``laws.parquet``.

    Raises StorageError without the two tables, UnknownNameError for an unknown law or selection.
    """
    opened = open_study(results, name)
    runs, scores = opened.runs(), opened.scores()
    rows = [row for law in laws for pick in selections for row in _rows(runs, scores, law, pick, seed)]
    table = pl.DataFrame([{"study": name, **row} for row in rows], schema=schema(LAWS_COLUMNS))
    write_parquet(opened.written / "laws.parquet", table)
    return table


def _rows(runs: pl.DataFrame, scores: pl.DataFrame, law_name: str, selection: str, seed: int) -> list[dict[str, Any]]:
    law = LAWS.load(law_name)
    targets = scores.select("dataset", "metric").unique().sort("dataset", "metric")
    common = {"law": law_name, "selection": selection, "x": ", ".join(law.inputs)}
    return [
        {**common, "dataset": dataset, "metric": metric, "y": f"1 - {metric}", **fit_group(law, group, selection, seed)}
        for dataset, metric in targets.iter_rows()
        for group in groups(measured(runs, scores, dataset, metric, law.inputs))
    ]


def fit_group(law: Law, group: Group, selection: str, seed: int) -> dict[str, Any]:
    """The law of one group as columns of ``LAWS_COLUMNS``; without coefficients where the data allow none."""
    usable = group.points.filter(pl.col("why").is_null())
    chosen = SELECTIONS.load(selection)
    kept = chosen.keep(usable.group_by("setting").agg(pl.col("train_flops", "error").mean()).sort("setting"))
    used = usable.filter(pl.col("setting").is_in(list(kept))).sort("train_flops", "run_id")
    why = pl.when(pl.col("why").is_null()).then(pl.lit(chosen.reason)).otherwise("why")
    left_out = group.points.join(used, on="run_id", how="anti").select("run_id", why.alias("why"))
    row: dict[str, Any] = {
        "group": group.name,
        "n_points": used["setting"].n_unique(),
        "n_runs": used.height,
        "points_used": json.dumps(used["run_id"].to_list()),
        "points_left_out": json.dumps(dict(left_out.iter_rows())),
        "x_min": used[law.inputs[0]].min(),
        "x_max": used[law.inputs[0]].max(),
    }
    problem = no_law(used, law, LEAST_VALUES)
    if problem:
        return row | {"provisional": problem}
    inputs = {column: used[column].cast(pl.Float64).to_numpy() for column in law.inputs}
    solution = solve(law, inputs, used["error"].to_numpy())
    drawn = bootstrap(solution, used["setting"].to_list(), seed)
    return row | _fitted(law, solution, drawn) | {"provisional": doubts(group.points, used)}


def _fitted(law: Law, solution: Solution, drawn: Draws) -> dict[str, Any]:
    all_draws = [law.coefficients(theta) for theta in drawn.thetas.tolist()]
    freedom = len(solution.residuals) - len(law.parameters)
    return {
        "coefficients": json.dumps(law.coefficients(solution.theta.tolist())),
        "intervals": json.dumps(_intervals(all_draws)),
        "residual_std": float(np.sqrt(np.sum(solution.residuals**2) / freedom)),
        "draws": json.dumps(
            {
                "coverage": COVERAGE,
                "theta": solution.theta.tolist(),
                "thetas": [[_short(value) for value in theta] for theta in drawn.thetas.tolist()],
                "noise": [_short(value) for value in drawn.noise.tolist()],
            }
        ),
    }


def _intervals(draws: Sequence[Mapping[str, float]]) -> dict[str, tuple[float, float]]:
    return {name: between([draw[name] for draw in draws]) for name in draws[0]}


def _short(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
