"""Where a law reaches a score: the least compute at which its middle, or a bound of a new run's interval, does."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

from study.lookup.outside import FAR
from study.lookup.told import COMPUTE, Told

NOTHING = 1e-12  # an error that is none
STEPS, NEAR = 60, 1e-3  # of the search; in decades, so a fourth of a percent


def ends(law: Told) -> tuple[float, float]:
    """Where a law is asked at all, in log10 FLOPs."""
    seen = [point[COMPUTE] for point in law.points]
    return math.log10(min(seen) / FAR), math.log10(max(seen) * FAR)


def gap(law: Told, score: float, which: Literal["middle", "low", "high"]) -> Callable[[float], float]:
    """Log10 FLOPs to how far the law is above the score, on log error, on which laws are nearly straight.

    Not a number where the law cannot be asked.
    """

    def above(decades: float) -> float:
        flops = 10**decades
        inputs = law.inputs(law.nearest(flops), flops)
        if inputs is None:
            return math.nan
        if which == "middle":
            error = law.curve.law.at(law.curve.theta, inputs)
        else:
            error = 1 - float(getattr(law.curve.score(inputs), which))
        return math.log((1 - score) / min(max(error, NOTHING), 1 / NOTHING))

    return above


def crossing(gap: Callable[[float], float], least: float, most: float) -> float | None:
    """Where a rising function first is 0 or more, by the Illinois method; its left end where it always is."""
    left, right = gap(least), gap(most)
    if left >= 0:
        return least
    if not right >= 0:
        return None
    at, side = most, 0
    for _ in range(STEPS):
        before, at = at, most - right * (most - least) / (right - left)
        if abs(at - before) < NEAR:
            break
        value = gap(at)
        if value >= 0:
            most, right, left = at, value, left / 2 if side > 0 else left
        else:
            least, left, right = at, value, right / 2 if side < 0 else right
        side = 1 if value >= 0 else -1
    return at
