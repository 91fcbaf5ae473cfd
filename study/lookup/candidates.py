"""What laws could say to a question: a law, a run of it to go by, and the FLOPs that the budget buys."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, NamedTuple

from study.laws.curve import Curve, curve
from study.lookup import words
from study.lookup.answer import Budget
from study.lookup.cost import Costs, Row, a_sample
from study.lookup.filters import asked
from study.lookup.question import Question
from study.lookup.store import Sheet

COMPUTE = "train_flops"
POOL = "unique_pairs"
TOWER = "params_m"  # a law of this is asked for each tower among its runs


@dataclass(frozen=True)
class Told:
    """A law with its settings; ``arch`` where the law is asked for one tower of several, whose settings these are."""

    study: str
    row: Mapping[str, Any]
    curve: Curve
    points: Sequence[Row]  # by compute
    arch: str | None
    label: str
    pairs: float | None

    def kept(self, point: Row) -> float:
        """Pairs of the pool at hand that a filter like the one of ``point`` keeps."""
        return math.inf if self.pairs is None else float(self.pairs * (point["quality_share"] or 1.0))

    def most(self, point: Row) -> float:
        """The most FLOPs before training like ``point`` would see more distinct pairs than the pool at hand has.

        A law of the pool's size can be asked for a smaller one than its runs had; the others know theirs only.
        """
        enough = POOL in self.curve.law.inputs or (point[POOL] or math.inf) <= self.kept(point)
        return math.inf if enough else self.kept(point) * a_sample(point)

    def unique(self, point: Row, flops: float) -> float:
        """Distinct pairs of the data that training like ``point`` would draw from."""
        return min(float(point[POOL] or flops / a_sample(point)), self.kept(point))

    def inputs(self, point: Row, flops: float) -> dict[str, float] | None:
        """What the law asks for, of training like ``point``; none where something is not known."""
        known = {
            COMPUTE: flops,
            TOWER: point[TOWER],
            "samples_seen": flops / a_sample(point),
            POOL: self.unique(point, flops),
        }
        found = {name: known.get(name) for name in self.curve.law.asked}
        return None if None in found.values() else {name: float(value or 0) for name, value in found.items()}

    def nearest(self, flops: float) -> Row:
        """The setting that is nearest in compute."""
        return min(self.points, key=lambda point: abs(math.log(flops / point[COMPUTE])))


def told(sheet: Sheet, target: int, question: Question) -> Iterator[Told]:
    """The laws of one study all of whose settings are what the question looks at."""
    where, values = asked(replace(question, arch=None))
    study, several = sheet.facts["study"], len(sheet.facts["names"]["source"]) > 1
    for row, points in sheet.laws(target, where, values):
        law = curve(row)
        if law is None or not points or not all(point["asked"] and point["samples_seen"] for point in points):
            continue
        for arch, own in _towers(law, sorted(points, key=lambda point: point[COMPUTE]), question.arch):
            yield Told(study, row, law, own, arch, words.of_law(law.group, arch, several), question.pairs)


def _towers(law: Curve, points: Sequence[Row], arch: str | None) -> Iterator[tuple[str | None, Sequence[Row]]]:
    if TOWER in law.law.inputs:
        for one in dict.fromkeys(point["arch"] for point in points):
            if arch in (None, one):
                yield one, [point for point in points if point["arch"] == one]
    elif arch is None or all(point["arch"] == arch for point in points):
        yield None, points


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
