"""How a law went wrong beyond the points it was fitted to, seen inside the points themselves.

The top of the range of compute is left out, ``HELD_OUT`` of it in turn; the law is fitted to the rest and asked for
what was left out. A form that does not hold drifts off steadily with distance, which no residual of the fit shows and
no bootstrap of it knows. So each cut gives a slope, log error per decade; what noise and parameters explain of its
square is taken off, and the root of the mean is the law's drift. Student's tails for as many cuts: they are few, and
nested.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from study.fit.bootstrap import DRAWS, student
from study.fit.descent import Array, Problem
from study.fit.doubts import no_law
from study.fit.last_two import last_two
from study.fit.selections import Selection
from study.fit.solve import Solution, solve
from study.fit.split import arrays, cuts, decades, split
from study.laws.law import Law
from study.laws.tried import HELD_OUT


@dataclass(frozen=True)
class Forward:
    """Log error a decade (``drift``); log errors (n,) of the law and of the last two points.

    ``fits`` has each cut's share of the range and the fit to what it leaves.
    """

    drift: float
    fits: tuple[tuple[float, Solution], ...]
    errors: Array
    baseline: Array

    def drifts(self, seed: int) -> Array:
        """Draws of the drift (DRAWS,)."""
        if not self.fits:
            return np.zeros(DRAWS)
        generator = np.random.default_rng(seed)
        normal = generator.standard_normal(DRAWS)
        return np.asarray(self.drift * normal * student(len(self.fits), generator))


def forward(law: Law, usable: pl.DataFrame, used: pl.DataFrame, selection: Selection) -> Forward:
    """Try the law on the top of its own points, those ``used`` of all that are usable.

    No cut is made that leaves it too few.
    """
    squares, fits, errors, baseline = [], [], [np.zeros(0)], [np.zeros(0)]
    for share, cut in zip(HELD_OUT, cuts(usable, HELD_OUT), strict=True):
        below, above = split(usable, used, selection, cut)
        other = None if not above.height or no_law(below, law) else last_two(below, above)
        if other is None:
            continue
        inputs, measured = arrays(law, below)
        new, wanted = arrays(law, above)
        asked = Problem(law, new, np.log(wanted))
        fitted = solve(law, inputs, measured)
        off = -asked.residuals(fitted.theta[None])[0]
        squares.append(_square(fitted, asked, off, decades(new, inputs)))
        fits.append((share, fitted))
        errors.append(off)
        baseline.append(np.log(wanted / other))
    drift = float(np.sqrt(np.mean(squares))) if squares else 0.0
    return Forward(drift, tuple(fits), np.concatenate(errors), np.concatenate(baseline))


def _square(fitted: Solution, asked: Problem, off: Array, distance: Array) -> float:
    """The squared slope of ``off`` over ``distance``, less what noise and parameters explain of it; at least 0."""
    weights = distance / (distance @ distance)
    slopes = fitted.problem.slopes(fitted.theta)
    variance = fitted.residuals @ fitted.residuals / (len(fitted.residuals) - len(fitted.theta))
    moved = weights @ asked.slopes(fitted.theta)
    explained = variance * (moved @ np.linalg.pinv(slopes.T @ slopes) @ moved + weights @ weights)
    return max(0.0, float((weights @ off) ** 2 - explained))
