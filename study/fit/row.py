"""One law of one group, as a row of the table of laws: also where there is no law, with the reason."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from study.fit import SELECTIONS
from study.fit.bootstrap import Draws, bootstrap
from study.fit.doubts import caution, doubts, no_law
from study.fit.forward import Forward, forward
from study.fit.identified import identified
from study.fit.points import Group
from study.fit.selections import Selection
from study.fit.solve import Solution, solve
from study.fit.split import arrays, selected
from study.fit.steady import unsteady
from study.laws import LAWS
from study.laws.curve import COVERAGE, between
from study.laws.law import Law
from study.records import LAWS_COLUMNS

SETTINGS_EACH = 4  # for each parameter, before a law is fitted that nobody asked for
DIGITS = 6  # of the stored draws


def fit_group(name: str, group: Group, selection: str, seed: int, told_alone: bool = False) -> dict[str, Any] | None:
    """The law of one group as columns of ``LAWS_COLUMNS``; without coefficients where the data allow none.

    What the group does not know, its study and its score, is none. ``told_alone``: no row at all where the points do
    not bound each parameter, or are few for them.
    """
    law, chosen = LAWS.load(name), SELECTIONS.load(selection)
    usable = group.points.filter(pl.col("why").is_null())
    if told_alone and usable["setting"].n_unique() < SETTINGS_EACH * len(law.parameters):
        return None
    used = selected(usable, chosen)
    common = dict.fromkeys(LAWS_COLUMNS) | {"law": name, "selection": selection, "x": ", ".join(law.inputs)}
    problem = no_law(used, law)
    if problem:
        return None if told_alone else common | _points(law, group, used, chosen) | {"provisional": problem}
    solution = solve(law, *arrays(law, used))
    told = identified(solution, used["setting"].n_unique())
    if told_alone and any(told.values()):
        return None
    tried = forward(law, usable, used, chosen)
    found = _fitted(solution, used, tried, seed) | _tested(solution, told, tried)
    return common | _points(law, group, used, chosen) | found | {"provisional": doubts(group.points, used)}


def _points(law: Law, group: Group, used: pl.DataFrame, chosen: Selection) -> dict[str, Any]:
    why = pl.when(pl.col("why").is_null()).then(pl.lit(chosen.reason)).otherwise("why")
    left_out = group.points.join(used, on="run_id", how="anti").select("run_id", why.alias("why"))
    ranges = {name: (used[name].min(), used[name].max()) for name in law.asked}
    first = ranges[law.inputs[0]]
    return {
        "group": group.name,
        "n_points": used["setting"].n_unique(),
        "n_runs": used.height,
        "points_used": json.dumps(used["run_id"].to_list()),
        "points_left_out": json.dumps(dict(left_out.iter_rows())),
        "ranges": json.dumps(ranges),
        "x_min": first[0],
        "x_max": first[1],
    }


def _fitted(solution: Solution, used: pl.DataFrame, tried: Forward, seed: int) -> dict[str, Any]:
    law = solution.problem.law
    drawn = bootstrap(solution, used["setting"].to_list(), seed)
    freedom = len(solution.residuals) - len(law.parameters)
    return {
        "coefficients": json.dumps(law.coefficients(solution.theta.tolist())),
        "intervals": json.dumps(_intervals([law.coefficients(theta) for theta in drawn.thetas.tolist()])),
        "residual_std": float(np.sqrt(np.sum(solution.residuals**2) / freedom)),
        "residuals": json.dumps(dict(zip(used["run_id"], map(_short, solution.residuals), strict=True))),
        "n_starts": solution.starts,
        "n_converged": solution.converged,
        "gradient": solution.gradient,
        "draws": json.dumps(_drawn(solution, drawn, tried.drifts(seed).tolist())),
    }


def _drawn(solution: Solution, drawn: Draws, drifts: Sequence[float]) -> dict[str, Any]:
    """What ``study.laws.curve`` evaluates."""
    return {
        "coverage": COVERAGE,
        "theta": solution.theta.tolist(),
        "thetas": [[_short(value) for value in theta] for theta in drawn.thetas.tolist()],
        "noise": [_short(value) for value in drawn.noise],
        "drifts": [_short(value) for value in drifts],
    }


def _tested(solution: Solution, told: Mapping[str, str | None], tried: Forward) -> dict[str, Any]:
    """What the points tell of the parameters, and of the law where they were held out."""
    moves = {name: f"moves with the range: {how}" for name, how in unsteady(solution, tried.fits).items()}
    known = {name: why or moves.get(name) for name, why in told.items()}
    law, line = (float(np.median(np.abs(off))) if off.size else None for off in (tried.errors, tried.baseline))
    return {
        "identified": json.dumps(known),
        "n_tried": tried.errors.size,
        "tried_error": law,
        "tried_last_two": line,
        "caution": caution(solution, known, law, line),
    }


def _intervals(draws: Sequence[Mapping[str, float]]) -> dict[str, tuple[float, float]]:
    return {name: between([draw[name] for draw in draws]) for name in draws[0]}


def _short(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
