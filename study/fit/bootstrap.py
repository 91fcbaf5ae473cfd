"""Draws of a law's parameters and of a new run's noise, for prediction intervals.

A residual bootstrap over settings and seeds. A residual has two parts: how far the mean of its setting lies from the
law, and how far its seed lies from that mean. Each setting is given the first part of a random setting and each seed
a random second part; then the law is fitted again. The same parts serve as the noise of a run not made yet; an
interval of the fit alone would leave it out.

The first part is widened for the parameters already spent, sqrt(m / (m - p)), and each draw of either part by
sqrt(df / chi2(df)) of its own degrees of freedom: with few points, intervals without Student's tails cover too little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from study.fit.descent import Array, descend
from study.fit.solve import Solution

DRAWS = 399  # so that the 5 % and 95 % quantiles are the 20th and the 380th draw
WIDEST = 30.0  # Student's factor with one degree of freedom has no bound; 6.3 is what the 95 % quantile needs
STEPS = 25  # of a refit: it begins at the solution
CLOSE = 1e-4  # where a refit ends: far less than draws differ


@dataclass(frozen=True)
class Draws:
    """Parameters (DRAWS, p) and noise of one new run on log error (DRAWS,)."""

    thetas: Array
    noise: Array


def bootstrap(solution: Solution, settings: Sequence[object], seed: int) -> Draws:
    """Draw parameters and noise; ``settings`` (n,) says which points are repeats of one setting."""
    _, members = np.unique(np.asarray(settings, dtype=str), return_inverse=True)
    sizes = np.bincount(members)
    between = np.bincount(members, solution.residuals) / sizes
    within = solution.residuals - between[members]
    count, points, spent = len(sizes), len(members), len(solution.theta)
    generator = np.random.default_rng(seed)
    between = (between - between.mean()) * np.sqrt(count / (count - spent))
    wide = student(count - spent, generator)[:, None]
    wide_seed = student(points - count, generator)[:, None]
    shifts = wide * generator.choice(between, (DRAWS, count))[:, members]
    shifts += wide_seed * generator.choice(within, (DRAWS, points))
    noise = wide[:, 0] * generator.choice(between, DRAWS) + wide_seed[:, 0] * generator.choice(within, DRAWS)
    return Draws(_refitted(solution, shifts), noise)


def _refitted(solution: Solution, shifts: Array) -> Array:
    """Parameters (DRAWS, p) of the law fitted to its own errors, shifted by ``shifts`` (DRAWS, n) on their log."""
    fitted = solution.problem.log_errors - solution.residuals
    problem = replace(solution.problem, log_errors=fitted + shifts)
    return descend(problem, np.tile(solution.theta, (DRAWS, 1)), STEPS, small=CLOSE).thetas


def student(freedom: int, generator: np.random.Generator) -> Array:
    """Factors (DRAWS,) that turn normal noise into Student's t; 1 where there is nothing to be unsure of."""
    if freedom == 0:
        return np.ones(DRAWS)
    factors: Array = np.sqrt(freedom / generator.chisquare(freedom, DRAWS))
    return np.minimum(factors, WIDEST)
