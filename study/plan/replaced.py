"""Which runs a renewed lock replaces by others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from study.io import read_parquet
from study.plan.make import Plan

# What a run keeps when its budget is resolved to another number of samples.
_SAME = (
    "arch",
    "strategy_label",
    "source",
    "quality_share",
    "unique_pairs",
    "global_batch_size",
    "lr",
    "seed",
    "image_size",
    "text_length",
)


def replaced(plan: Plan) -> Iterator[str]:
    """A line for every run of the plan on disk that the new plan does not have, with the one in its place."""
    path = plan.results / plan.name / "plan.parquet"
    before = read_parquet(path).to_dicts() if path.exists() else []
    ids = {row["run_id"] for row in plan.rows}
    gone = [row for row in before if row["run_id"] not in ids]
    for row in gone:
        near = [new for new in plan.rows if _key(new) == _key(row)]
        new = min(near, key=lambda new: abs(new["samples_seen"] - row["samples_seen"]), default=None)
        into = f" -> {new['run_id']} at {new['samples_seen']:,}" if new else ", which no run replaces"
        yield f"{row['run_id']} ({row['arch']}, {row['strategy_label']}) at {row['samples_seen']:,} samples{into}"


def _key(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in _SAME)
