"""What the laws say at a budget: a group of settings each, with a prediction interval and how far outside it lies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from study.laws.curve import Curve, curve
from study.laws.stored import of_compute
from study.lookup.answer import Budget, Option
from study.summary.headline import Headline


def predicted(laws: pl.DataFrame | None, runs: pl.DataFrame, target: Headline, budget: Budget) -> list[Option]:
    """An option for each law on ``target``: those that reach to the budget first, then best score first.

    Ties are intervals that reach the first one's.
    """
    if laws is None:
        return []
    wanted = of_compute(laws).filter(
        pl.col("dataset") == target.dataset, pl.col("metric") == target.metric, pl.col("draws").is_not_null()
    )
    found = [_option(row, runs, budget) for row in wanted.iter_rows(named=True)]
    ordered = sorted((option for option in found if option), key=_order)
    return [
        replace(option, rank=rank, tied=rank > 1 and _reaches(option, ordered[0]))
        for rank, option in enumerate(ordered, 1)
    ]


def _order(option: Option) -> tuple[bool, float, str]:
    return option.outside > 1, -option.score, option.label


def _reaches(option: Option, best: Option) -> bool:
    return option.high is not None and best.low is not None and option.high >= best.low


def _option(row: Mapping[str, Any], runs: pl.DataFrame, budget: Budget) -> Option | None:
    law = curve(row)
    used = runs.filter(pl.col("run_id").is_in(json.loads(row["points_used"])))
    flops = _flops(used, budget)
    if law is None or flops is None:
        return None
    score = law.score({"train_flops": flops})
    return Option(
        rank=0,
        evidence="law",
        label=_label(law.group),
        score=score.middle,
        low=score.low,
        high=score.high,
        sd=None,
        n=row["n_runs"],
        tied=False,
        arch=_only(used, "arch"),
        family=law.group.get("family"),
        strategy=law.group.get("strategy_label"),
        quality=law.group.get("quality"),
        unique_pairs=None,
        samples_seen=None,
        train_flops=flops,
        gpu_hours=budget.value if budget.kind == "gpu_hours" else None,
        outside=law.outside({"train_flops": flops}),
        note=_note(row, law, flops, budget),
        runs=tuple(used["run_id"]),
    )


def _flops(used: pl.DataFrame, budget: Budget) -> float | None:
    """The training FLOPs that the budget buys, by the median run of those the law was fitted to."""
    if budget.kind == "train_flops":
        return budget.value
    ratio = (used["train_flops"] / used[budget.kind]).median()
    return float(ratio) * budget.value if isinstance(ratio, int | float) else None


def _label(group: Mapping[str, str | None]) -> str:
    if "strategy_label" not in group:
        return f"the best of {group.get('source')}"
    pool = group.get("pretrain_data")
    data = None if pool == group.get("source") else pool
    parts = (group.get("family", "the best tower"), group["strategy_label"], data, group.get("quality"))
    return " · ".join(part for part in parts if part)


def _only(used: pl.DataFrame, column: str) -> str | None:
    values = used[column].unique()
    return str(values[0]) if len(values) == 1 else None


def _note(row: Mapping[str, Any], law: Curve, flops: float, budget: Budget) -> str:
    far = law.outside({"train_flops": flops})
    side = "above" if flops > law.most else "below"
    limit = law.most if flops > law.most else law.least
    parts = [
        f"outside the evidence: {far:.3g} times {side} {limit:.3g} FLOPs" if far > 1 else "",
        f"budget taken as {flops:.3g} FLOPs, by the median run" if budget.kind != "train_flops" else "",
        f"provisional: {law.provisional}" if law.provisional else "",
        f"{row['law']} law on {row['selection']}, {row['n_points']} settings",
    ]
    return "; ".join(filter(None, parts))
