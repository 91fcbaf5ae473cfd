"""A plan that is on disk already: whether it still holds, and its predictions renewed. No torch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from study.errors import StorageError
from study.hardware import Site
from study.io import read_json, write_parquet
from study.plan.measured import measured_runs
from study.plan.predictions import Predictor
from study.plan.stamp import is_current
from study.plan.table import StudyTable
from study.records import PLAN_COLUMNS, schema


def current(grid: Path, results: Path, gpu: str | None, hardware: Path | None = None) -> StudyTable | None:
    """The plan of a grid if nothing has changed since it was made and its files are there; else none."""
    table = StudyTable(results, grid.stem)
    try:
        facts = read_json(table.folder / "plan.json")
    except StorageError:
        return None
    files = [table.folder / "plan.parquet", table.folder / "evaluation.json"]
    files += [results / "runs" / run_id / "spec.json" for run_id in facts.get("run_ids", [])]
    holds = is_current(facts, grid, gpu, hardware) and all(file.exists() for file in files)
    return table if holds else None


def ended(results: Path, rows: Iterable[dict[str, Any]]) -> set[str]:
    """Ids of the runs that have an outcome."""
    ids = (row["run_id"] for row in rows if row["run_id"] is not None)
    return {run_id for run_id in ids if (results / "runs" / run_id / "outcome.json").exists()}


def renew_predictions(results: Path, table: StudyTable) -> bool:
    """Predict the runs that are left anew if some run ended since; whether the table was written."""
    path, rows = table.folder / "plan.parquet", table.rows.to_dicts()
    made, done = path.stat().st_mtime_ns, ended(results, rows)
    times = (outcome.stat().st_mtime_ns for outcome in (results / "runs").glob("*/outcome.json"))
    if not any(time > made for time in times):
        return False
    devices = Site.of(table.facts).devices
    predictor = Predictor(measured_runs(results, devices), devices)
    write_rows(table.folder, [row if row["run_id"] in done else predictor.row(row) for row in rows])
    del table.rows  # read anew when asked for
    return True


def write_rows(folder: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Write the plan's table."""
    write_parquet(folder / "plan.parquet", pl.DataFrame(rows, schema=schema(PLAN_COLUMNS)))
