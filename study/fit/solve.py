"""Robust fit of a law: Huber's loss on log errors, from each start, to convergence, by scipy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult, least_squares

from study.laws.law import Law, Theta

Array = NDArray[np.float64]

HUBER = 1.345  # of the noise's standard deviation: 95 % efficient on normal noise (Huber, 1981)
MAD_TO_STD = 1.4826  # for normal noise
LEAST_DELTA = 1e-6  # on log error; keeps Huber's loss defined where the points lie on the law
TOLERANCE = 1e-12


@dataclass(frozen=True)
class Solution:
    """The best parameters, the log residuals (n,) there, and the derivative of log error (n, p)."""

    theta: Array
    residuals: Array
    jacobian: Array


def solve(law: Law, inputs: Mapping[str, Array], errors: Array) -> Solution:
    """Fit ``law`` to ``errors`` (n,), all greater than 0, with more points than the law has parameters."""
    residuals = partial(_log_residuals, law, inputs, np.log(errors))
    plain = [_least_squares(residuals, start) for start in law.starts(inputs, errors)]
    delta = max(HUBER * _scale(min(plain, key=lambda fit: float(fit.cost)).fun), LEAST_DELTA)
    robust = [_least_squares(residuals, fit.x, "huber", delta) for fit in plain]
    best = min(robust, key=lambda fit: float(fit.cost))
    return Solution(theta=best.x, residuals=-best.fun, jacobian=_jacobian(residuals, best.x))


def _log_residuals(law: Law, inputs: Mapping[str, Array], log_errors: Array, theta: Theta) -> Array:
    predicted: Array = np.log(law.error(theta, inputs))
    return predicted - log_errors


def _least_squares(
    residuals: partial[Array], start: Theta | Array, loss: str = "linear", delta: float = 1.0
) -> OptimizeResult:
    return least_squares(
        residuals, start, loss=loss, f_scale=delta, x_scale="jac", xtol=TOLERANCE, ftol=TOLERANCE, gtol=TOLERANCE
    )


def _scale(residuals: Array) -> float:
    # about 0, where least squares puts them: about their own median, three points of a line would have scale 0
    return float(MAD_TO_STD * np.median(np.abs(residuals)))


def _jacobian(residuals: partial[Array], theta: Array) -> Array:
    # not the optimiser's own: that one carries the weights of the robust loss
    plain: Array = least_squares(residuals, theta, max_nfev=1).jac
    return plain
