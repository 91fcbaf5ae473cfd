"""What the laws say at a budget: a new run each, with a prediction interval and how far outside it lies."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from study.lookup import words
from study.lookup.answer import Budget, Option
from study.lookup.candidates import Bought, Told, bought
from study.lookup.cost import Costs, Row, a_sample, as_fields

FAR = 10.0  # times outside the evidence, from where on an answer says little


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


def candidates(laws: Sequence[Told], budget: Budget, costs: Costs) -> list[Candidate]:
    """In the order of the answer: those that reach to the budget first, far outside ones last; then the best score."""
    at = [(law, found) for law in laws if (found := bought(law, budget, costs))]
    made = [_candidate(law, found, asked) for law, found in at if (asked := law.inputs(found.point, found.flops))]
    return sorted(made, key=lambda one: (one.outside > 1, one.outside > FAR, -one.score, one.law.label))


def _candidate(law: Told, found: Bought, inputs: dict[str, float]) -> Candidate:
    error = float(law.curve.law.error(law.curve.theta, inputs))
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
        low=score.low,
        high=score.high,
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
        memory_gib=point["memory_gib"],
        memory_from=point["memory_from"],
        outside=one.outside,
        nearest=words.of_nearest(point),
        note=_note(one, budget, costs) or None,
        law=f"{law.row['law']} law on {law.row['selection']}, {law.row['n_points']} settings",
        provisional=law.curve.provisional,
        caution=law.curve.caution,
        runs=tuple(run for row in law.points for run in json.loads(row["run_ids"])),
        **as_fields(costs.at(point, one.flops)),
    )


def _note(one: Candidate, budget: Budget, costs: Costs) -> str:
    by_median = budget.kind == "gpu_hours" and costs.device is None
    parts = [
        _far(one),
        f"budget taken as {one.flops:.3g} FLOPs, by the median run" if by_median else "",
        "the pool ends before the budget" if one.pool_ends else "",
    ]
    return "; ".join(filter(None, parts))


def _far(one: Candidate) -> str:
    """Which input lies farthest outside, and on which side."""
    if one.outside == 1:
        return ""
    bounds, values = one.law.curve.ranges, one.inputs
    name = max(bounds, key=lambda name: max(values[name] / bounds[name][1], bounds[name][0] / values[name]))
    least, most = bounds[name]
    side, limit = ("above", most) if values[name] > most else ("below", least)
    return f"outside the evidence: {one.outside:.3g} times {side} {limit:.3g} {UNITS.get(name, name)}"


UNITS = {
    "train_flops": "FLOPs",
    "samples_seen": "samples",
    "unique_pairs": "distinct pairs",
    "params_m": "million parameters",
}
