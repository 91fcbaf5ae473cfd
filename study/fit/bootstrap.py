"""Draws of a law's parameters and of a new run's noise, for prediction intervals.

A residual bootstrap over settings and seeds. A residual has two parts: how far the mean of its setting lies from the
law, and how far its seed lies from that mean. Each setting is given the first part of a random setting and each seed
a random second part; then the law moves by one Gauss-Newton step, which for the power law is a full refit by least
squares. The same parts serve as the noise of a run not made yet; an interval of the fit alone would leave it out.

The first part is widened for the parameters already spent, sqrt(m / (m - p)), and each draw of either part by
sqrt(df / chi2(df)) of its own degrees of freedom: with few points, intervals without Student's tails cover too little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from study.fit.solve import Array, Solution

DRAWS = 399  # so that the 5 % and 95 % quantiles are the 20th and the 380th draw
WIDEST = 30.0  # Student's factor with one degree of freedom has no bound; 6.3 is what the 95 % quantile needs


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
    count, (points, spent) = len(sizes), solution.jacobian.shape
    generator = np.random.default_rng(seed)
    between = (between - between.mean()) * np.sqrt(count / (count - spent))
    wide = _student(count - spent, generator), _student(points - count, generator)
    step = np.linalg.pinv(solution.jacobian)  # (p, n): from log errors to parameters
    thetas, noise = np.empty((DRAWS, spent)), np.empty(DRAWS)
    for draw, (wider, wide_seed) in enumerate(zip(*wide, strict=True)):
        shift = wider * generator.choice(between, count)[members] + wide_seed * generator.choice(within, points)
        thetas[draw] = solution.theta + step @ shift
        noise[draw] = wider * generator.choice(between) + wide_seed * generator.choice(within)
    return Draws(thetas, noise)


def _student(freedom: int, generator: np.random.Generator) -> Array:
    """Factors (DRAWS,) that turn normal noise into Student's t; 1 where there is nothing to be unsure of."""
    if freedom == 0:
        return np.ones(DRAWS)
    factors: Array = np.sqrt(freedom / generator.chisquare(freedom, DRAWS))
    return np.minimum(factors, WIDEST)
