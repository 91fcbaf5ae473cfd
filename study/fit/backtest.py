"""How well laws predict what they did not see: fitted below a compute cut, asked for what lies above it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log10
from pathlib import Path
from typing import Any

import polars as pl

from study.fit import SELECTIONS
from study.fit.last_two import last_two
from study.fit.points import Group, groups, measured
from study.fit.row import fit_group
from study.fit.split import selected
from study.laws import LAWS
from study.laws.curve import Curve, curve
from study.laws.law import COMPUTE
from study.summary.opened import open_study

CUTS = ("1/4 decade", "1/2 decade", "1/5 of the range")  # left out, from the top of a group's compute


@dataclass(frozen=True)
class Told:
    """An error, 1 minus a score, with what the law and the last two points below the cut said it would be."""

    study: str
    law: str
    selection: str
    dataset: str
    metric: str
    group: str
    cut: str
    run_id: str
    decades: float  # above the largest compute below the cut
    error: float
    predicted: float
    low: float
    high: float
    last_two: float


def pairs() -> list[tuple[str, str]]:
    """Every law with every selection that suits it: a law of more than compute is not one of the best at it."""
    return [
        (name, selection)
        for name in LAWS.names()
        for selection in SELECTIONS.names()
        if LAWS.load(name).inputs == (COMPUTE,) or selection == LAWS.load(name).selection
    ]


def told(results: Path, study: str, asked: Sequence[tuple[str, str]]) -> Iterator[Told]:
    """Predictions of each law and selection for each group and score of the study.

    Raises StorageError without the study's two tables.
    """
    opened = open_study(results, study)
    runs, scores = opened.runs(), opened.scores()
    for name, selection in asked:
        law = LAWS.load(name)
        for dataset, metric in scores.select("dataset", "metric").unique().sort("dataset", "metric").iter_rows():
            for group in groups(measured(runs, scores, dataset, metric, law.inputs), law.within):
                for fields in _of_group(name, group, selection):
                    yield Told(study, name, selection, dataset, metric, group.name, **fields)


def _of_group(name: str, group: Group, selection: str) -> Iterator[dict[str, Any]]:
    chosen = SELECTIONS.load(selection)
    usable = group.points.filter(pl.col("why").is_null())
    used = selected(usable, chosen)
    for cut, limit in _limits(usable):
        below, above = pl.col("train_flops") <= limit, used.filter(pl.col("train_flops") > limit)
        row = fit_group(name, Group(group.name, group.points.filter(below)), selection, seed=0)
        fitted = curve(row) if row else None
        line = last_two(selected(usable.filter(below), chosen), above) if fitted else None
        if fitted is not None and line is not None:
            reach = usable.filter(below)["train_flops"].max()
            for point, baseline in zip(above.iter_rows(named=True), line, strict=True):
                yield {"cut": cut, "last_two": float(baseline), **_point(fitted, point, reach)}


def _limits(usable: pl.DataFrame) -> Iterator[tuple[str, float]]:
    """Each cut's compute; one that leaves the same runs as a cut before is left out."""
    compute = usable["train_flops"].to_list()
    high = log10(max(compute, default=1.0))
    known = {len(compute)}
    for cut, left in zip(CUTS, (0.25, 0.5, (high - log10(min(compute, default=1.0))) / 5), strict=True):
        limit = 10 ** (high - left)
        kept = sum(value <= limit for value in compute)
        if kept not in known:
            yield cut, limit
        known.add(kept)


def _point(fitted: Curve, point: dict[str, Any], reach: Any) -> dict[str, Any]:
    found = fitted.error({name: float(point[name]) for name in fitted.ranges})
    return {
        "run_id": point["run_id"],
        "decades": log10(point["train_flops"] / reach),
        "error": point["error"],
        "predicted": found.middle,
        "low": found.low,
        "high": found.high,
    }
