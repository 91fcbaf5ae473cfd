"""Speeds of runs that were trained under this results folder: evidence for the next plan. No torch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import ValidationError

from study.errors import StorageError
from study.hardware import DEVICES, Device, recognise
from study.io import read_json, read_parquet
from study.predict import Measured
from study.records import PLAN_COLUMNS, Cost, Outcome, schema

_PLANNED = ("run_id", "arch", "family", "strategy_label", "samples_seen", "train_flops")


def measured_runs(results: Path, devices: Mapping[str, Device] = DEVICES) -> list[Measured]:
    """Every run with an outcome and a measured speed; damaged files are left to ``study collect`` to report."""
    found = []
    for row in _planned_rows(results):
        outcome = _outcome(results / "runs" / row["run_id"] / "outcome.json")
        run = _measured(row, outcome.cost, devices) if outcome is not None and outcome.cost is not None else None
        found += [run] if run is not None else []
    return found


def _planned_rows(results: Path) -> list[dict[str, Any]]:
    """Runs of all studies, each once: the FLOPs that a speed is computed from."""
    read = [_planned(path) for path in sorted(results.glob("*/plan.parquet"))]
    tables = [table for table in read if table is not None]
    if not tables:
        return []
    known = pl.concat(tables).filter(pl.col("run_id").is_not_null()).unique("run_id", keep="last")
    return known.sort("run_id").to_dicts()


def _planned(path: Path) -> pl.DataFrame | None:
    """What a study's plan says of its runs; none where it is damaged or of an older program's form."""
    try:
        table = read_parquet(path)
    except StorageError:
        return None
    expected = schema(PLAN_COLUMNS)
    usable = all(table.schema.get(name) == expected[name] for name in _PLANNED)
    return table.select(_PLANNED) if usable else None


def _outcome(path: Path) -> Outcome | None:
    try:
        return Outcome.model_validate(read_json(path)) if path.exists() else None
    except (StorageError, ValidationError):
        return None


def _measured(row: dict[str, Any], cost: Cost, devices: Mapping[str, Device]) -> Measured | None:
    device = recognise(cost.device, cost.device_kind, devices)
    if device is None or not cost.samples_per_second_per_gpu:
        return None
    threads = cost.threads if device == "cpu" else 1
    rest = cost.gpu_hours - cost.train_hours if cost.gpu_hours and cost.train_hours else None
    return Measured(
        run_id=row["run_id"],
        device=device,
        arch=row["arch"],
        family=row["family"],
        strategy=row["strategy_label"],
        speed=row["train_flops"] / row["samples_seen"] * cost.samples_per_second_per_gpu / threads,
        overhead_seconds=None if rest is None else rest * 3600 / cost.world_size,
    )
