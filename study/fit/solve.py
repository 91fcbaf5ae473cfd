"""Robust fit of a law: Huber's loss on log errors, from each start, to convergence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from study.fit.descent import Array, Problem, descend
from study.laws.law import Law

HUBER = 1.345  # of the noise's standard deviation: 95 % efficient on normal noise (Huber, 1981)
MAD_TO_STD = 1.4826  # for normal noise
LEAST_DELTA = 1e-6  # on log error; keeps Huber's loss defined where the points lie on the law
FIRST_STEPS, MOST_STEPS = 30, 300
KEPT = 12  # starts that are followed to the end; the others end their first steps no better than these
SAME = 1e-6  # relative difference of two losses of one solution


@dataclass(frozen=True)
class Solution:
    """The best parameters (p,) of a problem, and the log residuals (n,) there, of measured over fitted error.

    ``converged`` of ``starts`` ended at this loss. ``gradient`` is the largest cosine between the residuals and what a
    parameter moves, 0 at an optimum; a parameter on its limit does not count.
    """

    problem: Problem
    theta: Array
    residuals: Array
    cost: float
    starts: int
    converged: int
    gradient: float


def solve(law: Law, inputs: Mapping[str, Array], errors: Array, delta: float | None = None) -> Solution:
    """Fit ``law`` to ``errors`` (n,), all greater than 0, with more points than the law has parameters.

    ``delta`` none = ``HUBER`` standard deviations of the residuals, by their median.
    """
    plain = Problem(law, inputs, np.log(errors))
    starts = np.array(law.starts(inputs, errors), dtype=float)
    first = descend(plain, starts, FIRST_STEPS)
    followed = first.thetas[np.argsort(first.costs, kind="stable")[:KEPT]]
    found = descend(plain, followed, MOST_STEPS)
    best = found.thetas[[found.costs.argmin()]]
    robust = Problem(law, inputs, plain.log_errors, delta or _delta(plain.residuals(best)[0]))
    ends = descend(robust, found.thetas, MOST_STEPS)
    theta = ends.thetas[ends.costs.argmin()]
    least = float(ends.costs.min())
    same = ends.arrived & (ends.costs <= least * (1 + SAME) + 1e-18)
    residuals = -robust.residuals(theta[None])[0]
    return Solution(robust, theta, residuals, least, len(followed), int(same.sum()), _gradient(robust, theta))


def _delta(residuals: Array) -> float:
    # about 0, where least squares puts them: about their own median, three points of a line would have scale 0
    return max(HUBER * MAD_TO_STD * float(np.median(np.abs(residuals))), LEAST_DELTA)


def _gradient(problem: Problem, theta: Array) -> float:
    residuals = problem.residuals(theta[None])
    slopes = problem.jacobian(theta[None], residuals)[0]
    pulled = np.clip(residuals[0], -problem.delta, problem.delta)
    low, high = np.array(problem.law.limits).T
    inside = (theta > low) & (theta < high)
    length = np.linalg.norm(pulled) * np.linalg.norm(slopes, axis=0)
    cosines = np.abs(slopes.T @ pulled) / np.maximum(length, 1e-300)
    return float(cosines[inside & (length > 1e-9)].max(initial=0.0))
