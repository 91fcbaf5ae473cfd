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
from study.fit.solve import Solution, solve
from study.fit.split import arrays, selected
from study.laws.curve import COVERAGE, between
from study.laws.law import Law

SETTINGS_EACH = 3  # for each parameter, before a law is fitted that nobody asked for
DIGITS = 6  # of the stored draws


def fit_group(law: Law, group: Group, selection: str, seed: int, told_alone: bool = False) -> dict[str, Any] | None:
    """The law of one group as columns of ``LAWS_COLUMNS``; without coefficients where the data allow none.

    ``told_alone``: none where the points do not tell each parameter, or are few for them.
    """
    usable = group.points.filter(pl.col("why").is_null())
    if told_alone and usable["setting"].n_unique() < SETTINGS_EACH * len(law.parameters):
        return None
    used = selected(usable, SELECTIONS.load(selection))
    problem = no_law(used, law)
    if problem and told_alone:
        return None
    if problem:
        return _points(law, group, used, selection) | {"provisional": problem}
    inputs, errors = arrays(law, used)
    solution = solve(law, inputs, errors)
    told = identified(solution, used["setting"].n_unique())
    if told_alone and any(told.values()):
        return None
    tried = forward(law, usable, used, SELECTIONS.load(selection))
    drawn = bootstrap(solution, used["setting"].to_list(), seed)
    return {
        **_points(law, group, used, selection),
        **_fitted(law, solution, drawn, tried.drifts(seed).tolist()),
        **_tried(tried),
        "residuals": json.dumps(dict(zip(used["run_id"], map(_short, solution.residuals), strict=True))),
        "identified": json.dumps(told),
        "caution": caution(solution, told, tried.errors, tried.baseline),
        "provisional": doubts(group.points, used),
    }


def _points(law: Law, group: Group, used: pl.DataFrame, selection: str) -> dict[str, Any]:
    why = pl.when(pl.col("why").is_null()).then(pl.lit(SELECTIONS.load(selection).reason)).otherwise("why")
    left_out = group.points.join(used, on="run_id", how="anti").select("run_id", why.alias("why"))
    ranges = {name: (used[name].min(), used[name].max()) for name in law.inputs}
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


def _fitted(law: Law, solution: Solution, drawn: Draws, drifts: Sequence[float]) -> dict[str, Any]:
    all_draws = [law.coefficients(theta) for theta in drawn.thetas.tolist()]
    freedom = len(solution.residuals) - len(law.parameters)
    return {
        "coefficients": json.dumps(law.coefficients(solution.theta.tolist())),
        "intervals": json.dumps(_intervals(all_draws)),
        "residual_std": float(np.sqrt(np.sum(solution.residuals**2) / freedom)),
        "n_starts": solution.starts,
        "n_converged": solution.converged,
        "gradient": solution.gradient,
        "draws": json.dumps(
            {
                "coverage": COVERAGE,
                "theta": solution.theta.tolist(),
                "thetas": [[_short(value) for value in theta] for theta in drawn.thetas.tolist()],
                "noise": [_short(value) for value in drawn.noise],
                "drifts": [_short(value) for value in drifts],
            }
        ),
    }


def _tried(tried: Forward) -> dict[str, Any]:
    if not tried.errors.size:
        return {"n_tried": 0}
    law, line = (float(np.median(np.abs(errors))) for errors in (tried.errors, tried.baseline))
    return {"n_tried": tried.errors.size, "tried_error": law, "tried_last_two": line}


def _intervals(draws: Sequence[Mapping[str, float]]) -> dict[str, tuple[float, float]]:
    return {name: between([draw[name] for draw in draws]) for name in draws[0]}


def _short(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
