"""What the runs of a study are scored on, and the id of that: it changes with the sets, not with their folders."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from study.config import Grid
from study.config.document import Problem
from study.plan.choices import Pool
from study.registry import unknown_name


def evaluation_of(grid: Grid, pools: Sequence[Pool], problems: list[Problem]) -> dict[str, Any]:
    """The content of ``evaluation.json``; a name that no source has and no folder goes with is a problem."""
    own = sorted({name for pool in pools for name in pool.evaluation_sets})
    refs = grid.file.evaluation
    if refs is None:
        return with_id([{"name": name, "root": None} for name in own])
    for index, ref in enumerate(refs):
        if ref.root is None and ref.name not in own:
            message = f"{unknown_name('evaluation set', ref.name, own)}; a data set of your own needs root: its folder"
            problems.append(grid.document.problem(("evaluation", index), message))
    return with_id([{"name": ref.name, "root": ref.root} for ref in refs])


def with_id(sets: list[dict[str, Any]]) -> dict[str, Any]:
    """The sets with the hash of what they are, folders left out."""
    text = json.dumps(sorted(item["name"] for item in sets))
    return {"evaluation_id": "e" + hashlib.sha256(text.encode()).hexdigest()[:10], "sets": sets}
