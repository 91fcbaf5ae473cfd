"""Whether a coefficient stays what it is when the top of the range is left out, or follows the range it is fitted on.

A parameter that residuals seem to bound may still be of the wrong form: it then moves steadily with the range, by more
than the fewer points explain. The difference of an estimate from all points and one from some of them has the
difference of their variances (Hausman, Econometrica 46, 1978).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from study.fit.descent import Array
from study.fit.solve import Solution
from study.summary.settings import t95

STRICT = 1.6  # times the 90 % interval's half width, about 99 %: several cuts and parameters are looked at


def unsteady(whole: Solution, parts: Sequence[tuple[float, Solution]]) -> dict[str, str]:
    """By coefficient, how it moves: from all points to those left when a share of the range of compute is left out."""
    law, variances = whole.problem.law, _variances(whole)
    before = law.coefficients(whole.theta.tolist())
    found: dict[str, str] = {}
    for share, part in parts:
        after = law.coefficients(part.theta.tolist())
        less = _variances(part)
        spread = np.sqrt(np.maximum(less - variances, less / 2))  # estimates of the variances: their difference errs
        allowed = STRICT * t95(len(part.residuals) - len(part.theta)) * spread
        for name, moved in zip(law.names(), np.abs(part.theta - whole.theta) > allowed + 1e-6, strict=True):
            if moved:
                found.setdefault(
                    name, f"{before[name]:.3g} with all points, {after[name]:.3g} without the top {share:.0%}"
                )
    return found


def _variances(solution: Solution) -> Array:
    slopes = solution.problem.slopes(solution.theta)
    noise = solution.residuals @ solution.residuals / (len(solution.residuals) - len(solution.theta))
    return np.asarray(np.maximum(np.diag(np.linalg.pinv(slopes.T @ slopes)), 0.0) * noise)
