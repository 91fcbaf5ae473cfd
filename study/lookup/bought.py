"""What a budget buys of a law: a run of it to go by, and the FLOPs of training like it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from study.lookup.answer import Budget
from study.lookup.cost import Costs, Row, a_sample
from study.lookup.told import COMPUTE, Told


class Bought(NamedTuple):
    """A setting to go by, the FLOPs of training like it, and whether the pool at hand ends before the budget does."""

    point: Row
    flops: float
    pool_ends: bool


def bought(law: Told, budget: Budget, costs: Costs) -> Bought | None:
    """The most that budget and pool allow, by the setting of the law that is nearest in compute there."""
    buys = [_buys(point, budget, costs, law.points) for point in law.points]
    free = _most(law, buys, [math.inf] * len(buys))
    held = _most(law, buys, [law.most(point) for point in law.points])
    return Bought(*held, pool_ends=held != free) if held else None


def _most(law: Told, buys: Sequence[float | None], pools: Sequence[float]) -> tuple[Row, float] | None:
    """The setting and FLOPs of the most compute that lies in the part of the scale where the setting is the nearest.

    The next one may be so much slower that the budget does not last to its part: then this one goes beyond its own.
    """
    scale = [point[COMPUTE] for point in law.points]
    between = [math.sqrt(one * other) for one, other in pairwise(scale)]
    found = [
        (min(buy, pool, high), place)
        for place, (buy, pool, low, high) in enumerate(
            zip(buys, pools, [0.0, *between], [*between, math.inf], strict=True)
        )
        if buy is not None and min(buy, pool) >= low
    ]
    if not found:
        return None
    flops, place = max(found, key=lambda pair: pair[0])
    if place < len(between) and flops == between[place] and pools[place + 1] >= flops:
        flops = min(buys[place] or flops, pools[place], pools[place + 1])
    return law.points[place], flops


def _buys(point: Row, budget: Budget, costs: Costs, points: Sequence[Row]) -> float | None:
    if budget.kind == "train_flops":
        return budget.value
    if budget.kind == "samples_seen":
        return budget.value * a_sample(point)
    return costs.bought(point, budget.value, points)
