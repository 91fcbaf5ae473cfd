"""Levenberg and Marquardt's descent for many fits at once: from many starts, or to many draws of the errors.

A fit of a bootstrap has few points and few parameters, so that an optimiser's own time is most of its cost; here all
of them take each step together. Huber's loss by reweighting. Parameters stay within the law's limits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from study.laws.law import Law

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

STEP = 1e-7  # of a parameter, for derivatives; the square root of the rounding error is the best for such differences
SMALL = 1e-9  # a relative step: below what any coefficient is told to
FLAT = 1e-11  # a relative gain in loss of less than this by an undamped step is none
LEAST_DAMPING, MOST_DAMPING = 1e-12, 1e12


@dataclass(frozen=True)
class Problem:
    """What is fitted: log errors (n,) or (k, n) at ``inputs`` (n,), by Huber's loss with ``delta`` on log error."""

    law: Law
    inputs: Mapping[str, Array]
    log_errors: Array
    delta: float = np.inf

    def some(self, which: Mask) -> Problem:
        """The same for some of the k fits."""
        logs = self.log_errors if self.log_errors.ndim == 1 else self.log_errors[which]
        return replace(self, log_errors=logs)

    def residuals(self, thetas: Array) -> Array:
        """Log of fitted over measured error (k, n) of parameters (k, p); infinite where a law overflows."""
        columns = [thetas[:, [index]] for index in range(thetas.shape[1])]
        with np.errstate(all="ignore"):
            found = np.log(self.law.error(columns, self.inputs)) - self.log_errors
        found = np.broadcast_to(found, (len(thetas), self.log_errors.shape[-1]))
        return np.where(np.isnan(found), np.inf, found)

    def costs(self, residuals: Array) -> Array:
        """Huber's loss (k,)."""
        size = np.abs(residuals)
        near = np.minimum(size, self.delta)
        with np.errstate(invalid="ignore"):
            losses = near * (size - near / 2)
        return np.asarray(np.where(np.isnan(losses), np.inf, losses).sum(axis=1))

    def jacobian(self, thetas: Array, residuals: Array) -> Array:
        """Derivative of the residuals (k, n, p), by forward differences, all of them in one evaluation of the law."""
        count = thetas.shape[1]
        steps = STEP * np.maximum(1.0, np.abs(thetas))
        moved = thetas[None] + np.eye(count)[:, None] * steps[None]  # (p, k, p)
        logs = self.log_errors if self.log_errors.ndim == 1 else np.tile(self.log_errors, (count, 1))
        stacked = replace(self, log_errors=logs).residuals(moved.reshape(-1, count))
        with np.errstate(invalid="ignore"):
            slopes = (stacked.reshape(count, *residuals.shape) - residuals) / steps.T[:, :, None]
        return np.nan_to_num(np.moveaxis(slopes, 0, 2), nan=0.0, posinf=0.0, neginf=0.0)

    def slopes(self, theta: Array) -> Array:
        """Derivative of the residuals (n, p) at one parameter vector (p,)."""
        return np.asarray(self.jacobian(theta[None], self.residuals(theta[None]))[0])


@dataclass(frozen=True)
class Descents:
    """Where k fits ended: parameters (k, p), losses (k,), and which had arrived when the steps ran out."""

    thetas: Array
    costs: Array
    arrived: Mask


def descend(problem: Problem, starts: Array, steps: int, held: Mask | None = None, small: float = SMALL) -> Descents:
    """Fit from each of ``starts`` (k, p); ``held`` (k, p) are parameters that stay as they are.

    A step of less than ``small``, relative, has arrived.
    """
    limits = np.array(problem.law.limits).T
    thetas = np.clip(starts, *limits)
    free = np.ones_like(thetas, dtype=bool) if held is None else ~held
    costs, arrived = problem.costs(problem.residuals(thetas)), np.zeros(len(thetas), dtype=bool)
    damping = np.full(len(thetas), 1e-3)
    for _ in range(steps):
        going = ~arrived
        if not going.any():
            break
        part, now = problem.some(going), thetas[going]
        moved = np.clip(now + _step(part, now, damping[going], free[going], limits), *limits)
        new = part.costs(part.residuals(moved))
        better = new <= costs[going]
        near = (np.abs(moved - now) <= small * (1 + np.abs(now))).all(axis=1)
        flat = better & (costs[going] - new <= FLAT * new) & (damping[going] < 1)
        damping[going] = np.clip(damping[going] * np.where(better, 0.2, 5.0), LEAST_DAMPING, None)
        thetas[going], costs[going] = np.where(better[:, None], moved, now), np.where(better, new, costs[going])
        arrived[going] = near | flat | (damping[going] > MOST_DAMPING)
    return Descents(thetas, costs, arrived)


def _step(problem: Problem, thetas: Array, damping: Array, free: Mask, limits: Array) -> Array:
    residuals = problem.residuals(thetas)
    finite = np.where(np.isfinite(residuals), residuals, 0.0)
    weights = np.minimum(1.0, problem.delta / np.maximum(np.abs(finite), 1e-300))
    slopes = problem.jacobian(thetas, residuals)
    gradient = np.einsum("knp,kn->kp", slopes, weights * finite)
    # a parameter on its limit that would go beyond it takes no part in the step
    stuck = ((thetas <= limits[0]) & (gradient > 0)) | ((thetas >= limits[1]) & (gradient < 0))
    active = free & ~stuck
    slopes = slopes * active[:, None, :]
    normal = np.einsum("knp,kn,knq->kpq", slopes, weights, slopes)
    diagonal = np.einsum("kpp->kp", normal)
    damped = normal + np.einsum("kp,pq->kpq", damping[:, None] * diagonal + (diagonal <= 0), np.eye(len(limits[0])))
    tiny = 1e-14 * diagonal.max(axis=1, initial=1e-300)[:, None, None] * np.eye(len(limits[0]))
    return np.asarray(np.linalg.solve(damped + tiny, -(gradient * active)[:, :, None])[:, :, 0])
