"""What the laws say at a budget: a new run each, with a prediction interval and how far outside it lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from study.lookup import words
from study.lookup.answer import Budget, Option
from study.lookup.bought import Bought, bought
from study.lookup.cost import Costs, Row, a_sample, as_fields
from study.lookup.outside import far, pool_ends, too_far
from study.lookup.told import Told


@dataclass(frozen=True)
class Candidate:
    """A law asked for one point; its interval is not known yet, since that takes the most time."""

    law: Told
    point: Row
    flops: float
    inputs: dict[str, float]
    score: float
    outside: float
    pool_ends: bool

    @property
    def bounded(self) -> bool:
        """Whether its interval is known."""
        return self.outside <= 1 or self.law.tried


def candidates(laws: Sequence[Told], budget: Budget, costs: Costs) -> tuple[list[Candidate], list[float]]:
    """Those asked near enough to their evidence, and how far outside it the others would be.

    In the order of the answer: those that reach to the budget first, those of no interval last; then the best score.
    """
    at = [(law, found) for law in laws if (found := bought(law, budget, costs))]
    made = [_candidate(law, found, asked) for law, found in at if (asked := law.inputs(found.point, found.flops))]
    near = [one for one in made if not too_far(one.outside)]
    ordered = sorted(near, key=lambda one: (one.outside > 1, not one.bounded, -one.score, one.law.label))
    return ordered, [one.outside for one in made if too_far(one.outside)]


def _candidate(law: Told, found: Bought, inputs: dict[str, float]) -> Candidate:
    error = law.curve.law.at(law.curve.theta, inputs)
    score = 1 - min(max(error, 0.0), 1.0)
    return Candidate(law, found.point, found.flops, inputs, score, law.curve.outside(inputs), found.pool_ends)


def option(one: Candidate, budget: Budget, costs: Costs) -> Option:
    """A candidate with its interval and its hours."""
    law, point = one.law, one.point
    score = law.curve.score(one.inputs)
    archs = {row["arch"] for row in law.points}
    unique = law.unique(point, one.flops)
    return Option(
        rank=0,
        evidence="law",
        study=law.study,
        label=law.label,
        score=score.middle,
        low=score.low if one.bounded else None,
        high=score.high if one.bounded else None,
        sd=None,
        n=law.row["n_runs"],
        tied=False,
        arch=point["arch"] if len(archs) == 1 else None,
        family=point["family"] if len({row["family"] for row in law.points}) == 1 else None,
        strategy=law.curve.group.get("strategy_label"),
        pretrain_data=law.curve.group.get("pretrain_data"),
        quality=law.curve.group.get("quality"),
        quality_share=point["quality_share"] if law.curve.group.get("quality") else None,
        unique_pairs=round(unique),
        samples_seen=round(one.flops / a_sample(point)),
        global_batch_size=point["global_batch_size"],
        train_flops=one.flops,
        outside=one.outside,
        nearest=words.of_nearest(point),
        note=_note(one, budget, costs) or None,
        law=f"{law.row['law']} law on {law.row['selection']}, {law.row['n_points']} settings",
        provisional=law.curve.provisional,
        caution=law.curve.caution,
        runs=law.runs,
        **as_fields(costs.at(point, one.flops)),
        **costs.memory(point).as_fields(),
    )


def _note(one: Candidate, budget: Budget, costs: Costs) -> str:
    by_median = budget.kind == "gpu_hours" and costs.device is None
    parts = [
        far(one.law.curve.ranges, one.inputs),
        f"budget taken as {one.flops:.3g} FLOPs, by the median run" if by_median else "",
        pool_ends(_used(one, budget, costs)) if one.pool_ends else "",
    ]
    return "; ".join(filter(None, parts))


def _used(one: Candidate, budget: Budget, costs: Costs) -> float | None:
    """The share of the budget that the law's run takes, in the budget's unit; none where that is not known."""
    if budget.kind != "gpu_hours":
        taken = one.flops if budget.kind == "train_flops" else one.flops / a_sample(one.point)
        return taken / budget.value
    if hours := costs.at(one.point, one.flops):
        return hours.value / budget.value
    whole = costs.bought(one.point, budget.value, one.law.points)
    return one.flops / whole if whole else None
