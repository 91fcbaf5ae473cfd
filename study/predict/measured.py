"""What runs and probes under this results folder took: evidence for the next plan. No torch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import polars as pl
from pydantic import ValidationError

from study.errors import StorageError
from study.hardware import DEVICES, Device, recognise
from study.io import read_json, read_parquet
from study.predict.overheads import saved
from study.predict.probed import measured_probes
from study.predict.work import Job, Measured, scored_by
from study.records import PLAN_COLUMNS, Cost, Frozen, Outcome, Scores, schema

R = TypeVar("R", bound=Frozen)

_PLANNED = (
    "run_id", "arch", "family", "strategy_label", "source", "unique_pairs", "image_size", "text_length",
    "global_batch_size", "params_m", "samples_seen", "train_flops",
)  # fmt: skip


def everything_measured(results: Path, devices: Mapping[str, Device] = DEVICES) -> list[Measured]:
    """Every run with an outcome and a measured speed, and every probe; damaged files are passed over.

    ``study collect`` reports those of runs.
    """
    found = []
    for row in _planned_rows(results):
        run = _measured(row, results / "runs" / row["run_id"], devices)
        found += [run] if run is not None else []
    return found + measured_probes(results, devices)


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


def _record(path: Path, kind: type[R]) -> R | None:
    try:
        return kind.model_validate(read_json(path)) if path.exists() else None
    except (StorageError, ValidationError):
        return None


def _measured(row: dict[str, Any], run: Path, devices: Mapping[str, Device]) -> Measured | None:
    outcome = _record(run / "outcome.json", Outcome)
    cost = outcome.cost if outcome else None
    if outcome is None or cost is None or not cost.samples_per_second_per_gpu or not cost.train_hours:
        return None
    device = recognise(cost.device, cost.device_kind, devices)
    if device is None:
        return None
    job, waits = _job(row, cost, device), (cost.data_wait_ms or 0.0) / 1e3 * outcome.steps
    process_seconds = cost.train_hours * 3600 / cost.world_size
    flops = row["train_flops"] / row["samples_seen"] * outcome.samples_seen
    whole = len(outcome.attempts) == 1  # else a start-up and some steps were made twice
    return Measured(
        job=job,
        speed=flops / (process_seconds - waits) / job.workers,
        run_id=row["run_id"],
        start_up_seconds=cost.start_up_seconds,
        data_seconds=waits * cost.world_size / outcome.samples_seen,
        checkpoint_seconds=_checkpoint(cost, process_seconds) if whole else None,
        evaluation_seconds=_evaluation(run, outcome),
    )


def _job(row: dict[str, Any], cost: Cost, device: str) -> Job:
    """The run as it was made, which may differ from its plan."""
    made = {
        "gpu": device,
        "micro_batch_size": cost.micro_batch_size,
        "precision": cost.precision,
        "gpus": cost.world_size if cost.device_kind == "cuda" else 0,
        "threads": cost.threads,
    }
    return Job.of_row({**row, **made})


def _checkpoint(cost: Cost, process_seconds: float) -> float | None:
    """Seconds a checkpoint: what is left of the run beside its start-up and its steps."""
    if cost.gpu_hours is None or cost.start_up_seconds is None:
        return None
    rest = cost.gpu_hours * 3600 / cost.world_size - process_seconds - cost.start_up_seconds
    return max(0.0, rest) / saved(process_seconds)


def _evaluation(run: Path, outcome: Outcome) -> dict[str, float]:
    """Seconds of each data set's last scoring; none where the scores are of another training.

    Scores from before they said which metrics took them were made in one pass.
    """
    scores = _record(run / "scores.json", Scores)
    if scores is None or scores.outcome_finished != outcome.finished:
        return {}
    return {
        scored_by(name, said.get("metrics_timed", said.get("metrics", ()))): said["seconds"]
        for name, said in scores.settings.items()
        if "seconds" in said
    }
