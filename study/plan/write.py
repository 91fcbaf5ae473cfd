"""A plan on disk: specs that are not there yet, the table, the study's facts, the lock."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from study.data.place import remember
from study.errors import StorageError
from study.io import read_json, read_parquet, write_json
from study.plan import lock as locks
from study.plan.current import ended, write_rows
from study.plan.make import Plan
from study.plan.predictions import keep_made
from study.plan.stamp import with_lock
from study.records import RunSpec, run_id

WRITERS = 16


def write(plan: Plan) -> int:
    """Write a plan and return how many specs are new; an existing spec is never touched."""
    folder = plan.results / plan.name
    if plan.lock.changed:
        locks.write(locks.path_of(plan.grid.document.path), plan.lock)
    new = 0 if plan.estimate else write_specs(plan.results, [run.spec for run in plan.runs])
    for pool in plan.pools:
        if pool.fingerprint is not None:
            remember(plan.results, pool.fingerprint, pool.located)
    write_rows(folder, with_made_predictions(plan))
    # read by Snakemake as inputs: their times change only with their content
    for name, content in (("evaluation.json", plan.evaluation), ("run_ids.json", run_ids(plan))):
        if _differs(folder / name, content):
            write_json(folder / name, content)
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


def with_made_predictions(plan: Plan) -> list[dict[str, Any]]:
    """The rows; runs that ended keep what was predicted before they ran."""
    path = plan.results / plan.name / "plan.parquet"
    before = read_parquet(path).to_dicts() if path.exists() else []
    return keep_made(plan.rows, before, ended(plan.results, plan.rows), plan.site.devices)


def facts(plan: Plan) -> dict[str, Any]:
    """What ``plan.json`` says of the study as a whole."""
    grid = plan.grid
    return {
        "study": plan.name,
        "title": grid.file.title or plan.name,
        "description": grid.file.description or "",
        "grid": str(grid.document.path),
        "estimate": plan.estimate,
        "hardware": {"gpu": plan.device.name, "count": plan.count},
        "site": plan.site.facts(),
        "limit": grid.file.limit.model_dump() if grid.file.limit else None,
        "evaluation": plan.evaluation,
        "baseline": plan.baseline,
        "runs": len(plan.rows),
        "run_ids": run_ids(plan),
        "planned": datetime.now(UTC).isoformat(timespec="seconds"),
        "stamp": with_lock(plan.stamp, grid.document.path)._asdict(),
    }


def _is_spec(path: Path) -> bool:
    try:
        return run_id(RunSpec.model_validate(read_json(path))) == path.parent.name
    except (StorageError, ValidationError):
        return False


def run_ids(plan: Plan) -> list[str]:
    """The plan's runs in the order of the grid; empty for an estimate."""
    return [row["run_id"] for row in plan.rows if row["run_id"] is not None]


def _differs(path: Path, content: Any) -> bool:
    try:
        return bool(read_json(path) != content)
    except StorageError:
        return True
