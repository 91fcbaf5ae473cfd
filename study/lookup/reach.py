"""What a score costs: the least compute at which each law reaches it, or why it does not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from study.lookup import words
from study.lookup.answer import Reach
from study.lookup.cost import NOT_KNOWN, Costs, Row, a_sample, as_fields
from study.lookup.crossing import crossing, ends, gap
from study.lookup.outside import FAR, far, too_far
from study.lookup.told import Told

UNTRIED = "never tried on points held out: outside its evidence no bound is known"
BEYOND = f"not reached within {FAR:g} times its evidence"
FALLS = "not reached: the law's score falls with compute"


@dataclass(frozen=True)
class Middle:
    """Where the middle of a law reaches the score, or why it does not; ``order`` is what that costs, or is short of."""

    law: Told
    decades: float | None
    why_not: str
    order: float
    outside: float = 1.0

    @property
    def place(self) -> tuple[object, ...]:
        """In an answer: those within their evidence first, those that do not reach the score last; then the cost."""
        return (self.decades is None, self.outside > 1, self.order, self.law.label)


def reached(laws: Sequence[Told], score: float, costs: Costs, top: int) -> list[Reach]:
    """The first ``top`` answers, one a law, by their place."""
    middles = [one for law in laws if (one := _middle(law, score, costs))]
    return [_reach(one, score, costs) for one in sorted(middles, key=lambda one: one.place)[:top]]


def _middle(law: Told, score: float, costs: Costs) -> Middle | None:
    above, (least, most) = gap(law, score, "middle"), ends(law)
    if above(most) < above(least):
        return Middle(law, None, FALLS, math.inf)
    at = crossing(above, least, most)
    if at is None:
        best = above(most)
        told = _best(1 - (1 - score) / math.exp(best), 10**most / FAR)
        return None if math.isnan(best) else Middle(law, None, told, -best)
    flops = 10**at
    point = law.nearest(flops)
    hours, inputs = costs.at(point, flops), law.inputs(point, flops)
    order = hours.value if hours else flops
    if flops > law.most(point):
        return Middle(law, None, _pool(point, flops), order)
    outside = law.curve.outside(inputs) if inputs else 1.0
    if too_far(outside):
        return Middle(law, None, f"{BEYOND}; {far(law.curve.ranges, inputs or {})}", order)
    return Middle(law, at, "", order, outside)


def _reach(found: Middle, score: float, costs: Costs) -> Reach:
    if found.decades is None:
        return _without(found.law, found.why_not)
    law, at = found.law, found.decades
    flops, at_most, (low, high) = 10**at, at == ends(law)[0], _bounds(law, score, at)
    point = law.nearest(flops)
    hours, quick, slow = (costs.at(point, one) if one else None for one in (flops, low, high))
    span = {"gpu_hours_low": quick.low if quick else None, "gpu_hours_high": slow.high if slow else None}
    return Reach(
        rank=0,
        evidence="law",
        study=law.study,
        label=law.label,
        n=law.row["n_runs"],
        train_flops=flops,
        low=low,
        high=high,
        samples_seen=round(flops / a_sample(point)),
        outside=found.outside,
        nearest=words.of_nearest(point),
        note="; ".join((*_outside(law, point, flops), *_unsure(law.tried, at_most, low, high))) or None,
        at_most=at_most,
        provisional=law.curve.provisional,
        caution=law.curve.caution,
        runs=law.runs,
        **{**as_fields(hours), **span},
        **costs.memory(point).as_fields(),
    )


def _bounds(law: Told, score: float, at: float) -> tuple[float | None, float | None]:
    """FLOPs at which one new run in twenty reaches the score, and nineteen do; none where the search ends before."""
    least, most = ends(law)
    low, high = crossing(gap(law, score, "high"), least, at), crossing(gap(law, score, "low"), at, most)
    low = at if low is None else low  # a law without a spread: the search for the middle ends a hair before it
    return None if low == least or not _known(law, low) else 10**low, None if high is None or not _known(
        law, high
    ) else 10**high


def _known(law: Told, at: float) -> bool:
    """Whether the law has an interval there: not outside its evidence where it was never tried."""
    flops = 10**at
    inputs = law.inputs(law.nearest(flops), flops)
    return law.tried or (inputs is not None and law.curve.outside(inputs) <= 1)


def _outside(law: Told, point: Row, flops: float) -> list[str]:
    return [told] if (told := far(law.curve.ranges, law.inputs(point, flops) or {})) else []


def _unsure(tried: bool, at_most: bool, low: float | None, high: float | None) -> list[str]:
    """What the ends of the search hide."""
    told = {
        f"at most: the search ends at 1/{FAR:g} of the least of its runs": at_most,
        f"one run in twenty may need less than 1/{FAR:g} of the least of its runs": low is None
        and not at_most
        and tried,
        f"one run in twenty may need more than {FAR:g} times the most of its runs": high is None and tried,
        UNTRIED: None in (low, high) and not tried,
    }
    return [words for words, so in told.items() if so]


def _best(best: float, most: float) -> str:
    return f"{BEYOND}, which ends at {most:.3g} FLOPs: {100 * best:.1f} % there"


def _pool(point: Row, flops: float) -> str:
    samples = words.short(flops / a_sample(point))
    return f"not reached with this pool: {flops:.3g} FLOPs like {words.of_nearest(point)} are {samples} distinct pairs"


def _without(law: Told, note: str) -> Reach:
    return Reach(
        rank=0, evidence="law", study=law.study, label=law.label, n=law.row["n_runs"], train_flops=None, low=None,
        high=None, samples_seen=None, outside=FAR, nearest=None, note=note, provisional=law.curve.provisional,
        caution=law.curve.caution, runs=law.runs, **as_fields(None), **NOT_KNOWN.as_fields(),
    )  # fmt: skip
