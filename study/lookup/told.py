"""Laws as a question asks them: with the settings that they were fitted to, the pool at hand and its repetition."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

from study.laws.curve import Curve, curve
from study.lookup import words
from study.lookup.cost import Row, a_sample
from study.lookup.filters import asked
from study.lookup.question import Question
from study.lookup.store import Sheet

COMPUTE = "train_flops"
POOL = "unique_pairs"
TOWER = "params_m"  # a law of this is asked for each tower among its runs
ROUNDED = 1 + 1e-9  # samples were found from FLOPs: an epoch is not one to the last digit
EPOCHS = "epochs"  # no law's own input: what repeats a pool more often than any of a law's runs did lies outside them


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

    @property
    def tried(self) -> bool:
        """Whether it was tried on points held out. If not, nobody knows how far it drifts outside its evidence."""
        return bool(self.row["n_tried"])

    @property
    def in_pool(self) -> bool:
        """Whether it can be held to the pool at hand: not by a filter that is named without what it keeps."""
        return self.pairs is None or all(share(point) for point in self.points)

    @property
    def runs(self) -> tuple[str, ...]:
        """All runs of its settings."""
        return tuple(run for row in self.points for run in json.loads(row["run_ids"]))

    @cached_property
    def until(self) -> dict[int, float]:
        """The most FLOPs up to which a setting stands for its epochs: half way to the next one on the same pool.

        There the next one's tower in training as long as that has seen no pair more often than these two did.
        """
        ends = {one["id"]: one[COMPUTE] for one in self.points}
        same = [(one, other) for one, other in pairwise(self.points) if one[POOL] == other[POOL]]
        return ends | {one["id"]: math.sqrt(one[COMPUTE] * other[COMPUTE]) for one, other in same}

    def kept(self, point: Row) -> float:
        """Pairs of the pool at hand that a filter like the one of ``point`` keeps."""
        return math.inf if self.pairs is None else self.pairs * (share(point) or 1.0)

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
        """What the law is asked for, of training like ``point``; none where something is not known."""
        samples, unique = flops / a_sample(point), self.unique(point, flops)
        known = {
            COMPUTE: flops,
            TOWER: point[TOWER],
            "samples_seen": samples,
            POOL: unique,
            EPOCHS: (min(samples, point["samples_seen"]) if flops <= self.until[point["id"]] else samples) / unique,
        }
        found = {name: known.get(name) for name in self.curve.ranges}
        return None if None in found.values() else {name: float(value or 0) for name, value in found.items()}

    def nearest(self, flops: float) -> Row:
        """The setting that is nearest in compute."""
        return min(self.points, key=lambda point: abs(math.log(flops / point[COMPUTE])))


def share(point: Row) -> float | None:
    """Of a pool, that the data of a setting are: all without a filter; none where its filter is known by name only."""
    known: float | None = point["quality_share"]
    return 1.0 if known is None and point["quality"] is None else known


def told(sheet: Sheet, target: int, question: Question) -> Iterator[Told]:
    """The laws of one study all of whose settings are what the question looks at."""
    where, values = asked(replace(question, arch=None))
    study, several = sheet.facts["study"], len(sheet.facts["names"]["source"]) > 1
    for row, points in sheet.laws(target, where, values):
        fitted = curve(row)
        if fitted is None or not points or not all(point["asked"] and point["samples_seen"] for point in points):
            continue
        law = _with_epochs(fitted, points)
        for arch, own in _towers(law, sorted(points, key=lambda point: point[COMPUTE]), question.arch):
            yield Told(study, row, law, own, arch, words.of_law(law.group, arch, several), question.pairs)


def _with_epochs(law: Curve, points: Sequence[Row]) -> Curve:
    """With the most epochs of its runs, at least one, among its ranges. Of an unknown pool no pair was seen twice."""
    most = max(1.0, *(point["samples_seen"] / (point[POOL] or point["samples_seen"]) for point in points))
    return replace(law, ranges={**law.ranges, EPOCHS: (0.0, most * ROUNDED)})


def _towers(law: Curve, points: Sequence[Row], arch: str | None) -> Iterator[tuple[str | None, Sequence[Row]]]:
    if TOWER in law.law.inputs:
        for one in dict.fromkeys(point["arch"] for point in points):
            if arch in (None, one):
                yield one, [point for point in points if point["arch"] == one]
    elif arch is None or all(point["arch"] == arch for point in points):
        yield None, points
