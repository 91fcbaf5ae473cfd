"""A plan on disk: specs that are not there yet, the table, the study's facts, the lock."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from study.clock import utc_now
from study.data.place import remember
from study.errors import StorageError
from study.io import read_json, write_json
from study.plan import lock as locks
from study.plan.advice import advice
from study.plan.current import write_changed, write_rows
from study.plan.make import Plan
from study.plan.stamp import with_lock
from study.records import RunSpec, run_id

WRITERS = 16


def write(plan: Plan) -> int:
    """Write a plan and return how many specs are new; an existing spec is never touched."""
    folder = plan.results / plan.name
    if plan.lock.changed:
        locks.write(locks.path_of(plan.grid.document.path), plan.lock)
    new = 0 if plan.estimate else write_specs(plan.results, [run.spec for run in plan.runs])
    remember(plan.results, plan.name, plan.sources)
    write_rows(folder, plan.held)
    write_changed(folder / "evaluation.json", plan.evaluation)
    write_json(folder / "plan.json", facts(plan))  # last: it says that the rest is there
    return new


def write_specs(results: Path, specs: Sequence[RunSpec]) -> int:
    """Write the specs that are not there yet, in threads since each waits for the disk; how many were written."""
    with ThreadPoolExecutor(WRITERS) as pool:
        return sum(pool.map(partial(write_spec, results), specs))


def write_spec(results: Path, spec: RunSpec) -> bool:
    """Write a run's spec unless it is there and whole; whether it was written."""
    path = results / "runs" / run_id(spec) / "spec.json"
    if path.exists() and _is_spec(path):
        return False
    write_json(path, spec.model_dump(mode="json"))
    return True


def facts(plan: Plan) -> dict[str, Any]:
    """What ``plan.json`` says of the study as a whole."""
    grid = plan.grid
    return {
        "study": plan.name,
        "title": grid.file.title or plan.name,
        "description": grid.file.description or "",
        "grid": str(grid.document.path),
        "estimate": plan.estimate,
        "hardware": {"gpu": plan.device.name, "count": plan.count, "nodes": plan.nodes},
        "site": plan.site.facts(),
        "claim": grid.file.claim.model_dump(mode="json") if grid.file.claim else None,
        "limit": grid.file.limit.model_dump(exclude_none=True) if grid.file.limit else None,
        "evaluation": plan.evaluation,
        "baseline": plan.baseline,
        "pools": [{"source": p.ref.label, "pairs": p.pairs, "left_out": p.left_out} for p in plan.pools],
        "advice": advice(plan),
        **plan.held.facts(),
        "planned": utc_now().isoformat(timespec="seconds"),
        "stamp": with_lock(plan.stamp, grid.document.path)._asdict(),
    }


def _is_spec(path: Path) -> bool:
    try:
        return run_id(RunSpec.model_validate(read_json(path))) == path.parent.name
    except (StorageError, ValidationError):
        return False
