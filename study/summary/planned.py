"""The table that a plan left: ``results/NAME/plan.parquet``."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from study.errors import StorageError
from study.io import read_json, read_parquet
from study.records import PLAN_COLUMNS, schema


def read_plan(folder: Path) -> pl.DataFrame:
    """A row a run of the grid, those that the study's limit leaves out included: ``PLAN_COLUMNS`` of study.records.

    Columns that an older program did not write are null. Raises StorageError without a plan.
    """
    path = folder / "plan.parquet"
    if not path.exists():
        raise StorageError(f"{path} is missing; make it with: study plan grids/{folder.name}.yaml")
    plan = read_parquet(path)
    missing = {name: kind for name, kind in schema(PLAN_COLUMNS).items() if name not in plan.columns}
    return plan.with_columns(pl.lit(None, dtype=kind).alias(name) for name, kind in missing.items())


def not_run(results: Path, name: str) -> str | None:
    """What runs a study of which there is a plan and nothing else; none where a run or a table of it is there.

    An estimate has no run ids. Raises StorageError for a plan that is damaged.
    """
    folder = results / name
    if (folder / "runs.parquet").exists() or not (folder / "plan.json").exists():
        return None
    if any(_began(results / "runs" / run_id) for run_id in read_plan(folder)["run_id"].drop_nulls()):
        return None
    facts = read_json(folder / "plan.json")
    how = "planned as an estimate; with its data here," if facts.get("estimate") else "planned, not run yet;"
    return f"{how} run it: snakemake --cores all --config grid={facts.get('grid', f'grids/{name}.yaml')}"


def _began(run: Path) -> bool:
    """Whether a run's folder holds more than what the plan writes into it."""
    return any(path.name != "spec.json" for path in run.glob("*"))


def no_plan() -> pl.DataFrame:
    """The table of a study that was not planned here, as published ones are: no rows."""
    return pl.DataFrame(schema=schema(PLAN_COLUMNS))


def kept(plan: pl.DataFrame) -> pl.DataFrame:
    """The runs of the study: all but those that its limit leaves out."""
    return plan.filter(pl.col("left_out").is_null())


def left_out(plan: pl.DataFrame) -> pl.DataFrame:
    """The runs of the grid that the limit leaves out."""
    return plan.filter(pl.col("left_out").is_not_null())
