"""What the runs of a study are scored on, and the id of that: it changes with the sets, not with their folders."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from study.config import Grid
from study.config.document import Loc, Problem
from study.data import SOURCES
from study.data.place import open_source
from study.metrics import METRICS
from study.metrics.base import Need
from study.plan.choices import Pool
from study.records import PluginRef
from study.registry import unknown_name


def evaluation_of(grid: Grid, pools: Sequence[Pool], problems: list[Problem]) -> dict[str, Any]:
    """The content of ``evaluation.json``; a set that no source has needs a root, metrics must be known."""
    own = sorted({name for pool in pools for name in pool.evaluation_sets})
    known = sorted({*own, *always_there()})
    refs = grid.file.evaluation
    if refs is None:
        return with_id([{"name": name, "root": None, "metrics": [], "trains": False} for name in own])
    for index, ref in enumerate(refs):
        place: Loc = ("evaluation", index)
        if ref.root is None and ref.name not in known:
            unknown = unknown_name("evaluation set", ref.name, known)
            message = f"{unknown}; a data set of your own needs root: its folder"
            problems.append(grid.document.problem(place, message))
        for number, metric in enumerate(ref.metrics):
            if metric not in METRICS:
                message = str(unknown_name("metric", metric, METRICS.names()))
                problems.append(grid.document.problem((*place, "metrics", number), message))
    return with_id([{**ref.model_dump(mode="json"), "trains": _trains(ref.metrics)} for ref in refs])


def _trains(metrics: Sequence[str]) -> bool:
    """Whether one of the metrics that are asked for needs a training split; the default ones need none."""
    return any(Need.TRAIN in METRICS.load(name).needs for name in metrics if name in METRICS)


def always_there() -> set[str]:
    """The evaluation sets of sources whose data come with the package: any study may ask for them."""
    names = [name for name in SOURCES.names() if SOURCES.load(name).stands_alone]
    return {found for name in names for found in open_source(PluginRef(name=name)).evaluation_sets()}


def with_id(sets: list[dict[str, Any]]) -> dict[str, Any]:
    """The sets with the hash of what they are and of their metrics, folders left out."""
    text = json.dumps(sorted([item["name"], *sorted(item["metrics"])] for item in sets))
    return {"evaluation_id": "e" + hashlib.sha256(text.encode()).hexdigest()[:10], "sets": sets}
