"""A plan that is on disk already: whether it still holds, and its predictions renewed. No torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from study.errors import StorageError
from study.hardware import Device, Site
from study.io import read_json, read_parquet, write_json, write_parquet
from study.plan.held import Held
from study.plan.jobs import sets_of
from study.plan.predictions import Predictor, keep_made
from study.plan.stamp import is_current
from study.plan.table import StudyTable
from study.predict.measured import everything_measured
from study.predict.probed import folder
from study.records import PLAN_COLUMNS, schema

Row = dict[str, Any]


def current(grid: Path, results: Path, gpu: str | None, hardware: Path | None = None) -> StudyTable | None:
    """The plan of a grid if nothing has changed since it was made and its files are there; else none."""
    table = StudyTable(results, grid.stem)
    try:
        facts = read_json(table.folder / "plan.json")
    except StorageError:
        return None
    files = [table.folder / "plan.parquet", table.folder / "evaluation.json"]
    ids = (*facts.get("run_ids", ()), *facts.get("left_out", ()))
    files += [results / "runs" / run_id / "spec.json" for run_id in ids]
    holds = is_current(facts, grid, results, gpu, hardware) and all(file.exists() for file in files)
    return table if holds else None


def ended(results: Path, rows: Iterable[Row]) -> set[str]:
    """Ids of the runs that have an outcome."""
    ids = (row["run_id"] for row in rows if row["run_id"] is not None)
    return {run_id for run_id in ids if (results / "runs" / run_id / "outcome.json").exists()}


def renewed(results: Path, table: StudyTable) -> list[Row]:
    """The table's rows; the runs that are left are predicted anew if some run ended since, or was probed."""
    rows = table.grid_rows.to_dicts()
    made, done = (table.folder / "plan.parquet").stat().st_mtime_ns, ended(results, rows)
    evidence = (*(results / "runs").glob("*/outcome.json"), *folder(results).glob("*.json"))
    if not any(file.stat().st_mtime_ns > made for file in evidence):
        return rows
    devices = Site.of(table.facts).devices
    predictor = Predictor(
        everything_measured(results, devices), devices, sets_of(read_json(table.folder / "evaluation.json"))
    )
    return [row if row["run_id"] in done else predictor.row(row) for row in rows]


def with_made_predictions(results: Path, study: str, rows: list[Row], devices: Mapping[str, Device]) -> list[Row]:
    """The rows of a plan made anew; runs that ended keep what was predicted before they ran."""
    path = results / study / "plan.parquet"
    before = read_parquet(path).to_dicts() if path.exists() else []
    return keep_made(rows, before, ended(results, rows), devices)


def rewrite(table: StudyTable, held: Held) -> dict[str, Any]:
    """Put a plan in the table's place where it differs; the study's facts as they are then."""
    facts = {**table.facts, **held.facts()}
    if held.rows != table.grid_rows.to_dicts():
        write_rows(table.folder, held)
    write_changed(table.folder / "plan.json", facts)
    return facts


def write_rows(folder: Path, held: Held) -> None:
    """Write the plan's table, and the ids of the runs that it keeps."""
    write_parquet(folder / "plan.parquet", pl.DataFrame(held.rows, schema=schema(PLAN_COLUMNS)))
    write_changed(folder / "run_ids.json", held.facts()["run_ids"])


def write_changed(path: Path, content: Any) -> None:
    """Write JSON that others, such as Snakemake, watch: its time changes only with its content."""
    try:
        if read_json(path) == content:
            return
    except StorageError:
        pass
    write_json(path, content)
