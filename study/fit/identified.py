"""Whether the points tell each parameter of a law, or would be met as well with the parameter at one of its limits.

Each parameter with a finite limit is taken there in a few steps, with all others fitted again at each. Where the loss
grows by less than Student's 90 % interval of one parameter allows, the points set no bound on that side.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from study.fit.descent import descend
from study.fit.solve import Solution
from study.summary.settings import t95

STEPS = 4  # from the solution to a limit
DESCENT = 40
CLOSE = 1e-4


def identified(solution: Solution, settings: int) -> dict[str, str | None]:
    """By coefficient: none where the points bound it on both sides, else on which side they do not."""
    law = solution.problem.law
    limits = np.array(law.limits)
    tried = [(index, side) for index, side in product(range(len(limits)), (0, 1)) if np.isfinite(limits[index, side])]
    open_sides: dict[int, list[str]] = {index: [] for index in range(len(limits))}
    if tried:
        freedom = settings - len(limits)
        allowed = solution.cost * (1 + t95(freedom) ** 2 / freedom)
        for (index, side), cost in zip(tried, _costs(solution, tried), strict=True):
            if cost <= allowed:
                open_sides[index].append(("lower", "upper")[side])
    return {name: _said(open_sides[index]) for index, name in enumerate(law.names())}


def _costs(solution: Solution, tried: list[tuple[int, int]]) -> list[float]:
    """The least loss with each parameter on each limit."""
    limits = np.array(solution.problem.law.limits)
    rows, columns = np.arange(len(tried)), np.array([index for index, _ in tried])
    ends = np.array([limits[index, side] for index, side in tried])
    thetas = np.tile(solution.theta, (len(tried), 1))
    held = np.zeros_like(thetas, dtype=bool)
    held[rows, columns] = True
    costs = np.full(len(tried), np.inf)
    for share in np.linspace(0, 1, STEPS + 1)[1:]:
        thetas[rows, columns] = solution.theta[columns] + share * (ends - solution.theta[columns])
        found = descend(solution.problem, thetas, DESCENT, held, CLOSE)
        thetas, costs = found.thetas, found.costs
    return [float(cost) for cost in costs]


def _said(sides: list[str]) -> str | None:
    return f"no {' and no '.join(sides)} bound" if sides else None
