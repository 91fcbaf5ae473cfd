"""Why there is no law, why one is provisional, and what it cannot tell: said in words, kept in the table."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import polars as pl

from study.fit.solve import Solution
from study.laws.law import Law
from study.laws.tried import FEW_SETTINGS, LEAST_VALUES

LEAST_SPAN = 1.5  # of the first input, most to least: below it an error changes by about what seeds differ by
FLAT = 1e-3  # a gradient's cosine that is as good as 0


def no_law(used: pl.DataFrame, law: Law) -> str | None:
    """Why these points allow no law; none where they do."""
    for column in law.inputs:
        values = used[column].n_unique() if used.height else 0
        if values < LEAST_VALUES:
            plural = "value" if values == 1 else "values"
            return f"no law: {values} distinct {plural} of {column}, {LEAST_VALUES} are needed"
    column, span = law.inputs[0], _span(used[law.inputs[0]])
    if span < LEAST_SPAN:
        return f"no law: all values of {column} lie within a factor of {span:.4g}, {LEAST_SPAN:g} is needed"
    if used["setting"].n_unique() <= len(law.parameters):
        return f"no law: {used['setting'].n_unique()} settings for {len(law.parameters)} parameters"
    return None


def _span(values: pl.Series) -> float:
    """How many times its least the most of some values above 0 is."""
    ordered = values.cast(pl.Float64).sort()
    return float(ordered[-1] / ordered[0])


def doubts(runs: pl.DataFrame, used: pl.DataFrame) -> str | None:
    """Why the law may still change, by all runs of its group and those it was fitted to; none where it is firm."""
    unfinished = runs.filter(pl.col("status") != "completed").height
    unscored = runs.filter(pl.col("status") == "completed", pl.col("why") == "no score").height
    repeats = used.group_by("setting").len()
    single, settings = repeats.filter(pl.col("len") == 1).height, repeats.height
    found = [
        f"{unfinished} of {runs.height} runs did not complete" if unfinished else "",
        f"{unscored} of {runs.height} runs have no score" if unscored else "",
        f"{single} of {settings} settings have one seed" if single else "",
        f"only {settings} settings" if settings < FEW_SETTINGS else "",
    ]
    return "; ".join(filter(None, found)) or None


def caution(
    solution: Solution, known: Mapping[str, str | None], off: float | None, last_two: float | None
) -> str | None:
    """What the law cannot tell; none where it tells all.

    ``known`` has what leaves a coefficient open; ``off`` and ``last_two`` the median log errors of the law and of the
    last two points, where points were held out.
    """
    return "; ".join(_cautions(solution, known, off, last_two)) or None


def _cautions(
    solution: Solution, known: Mapping[str, str | None], off: float | None, last_two: float | None
) -> Iterator[str]:
    if not solution.converged or solution.gradient > FLAT:
        yield "the fit did not converge"
    for name, why in known.items():
        if why:
            yield f"{name} is not identified, {why}"
    if off is None or last_two is None:
        yield "too few points to try it on some of them"
    elif off >= last_two:
        law, line = (f"{100 * math.expm1(size):.1f} %" for size in (off, last_two))
        yield f"no better than extending the last two points: the error is {law} off, by these {line}"
