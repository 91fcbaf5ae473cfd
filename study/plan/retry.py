"""Runs and evaluations that failed, and how to forget that. No torch."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import NamedTuple

from pydantic import ValidationError

from study.errors import StorageError
from study.io import lock, read_json
from study.records import Outcome, Scores, Status


class Failure(NamedTuple):
    """A run that did not complete, and why."""

    run_id: str
    status: Status
    reason: str | None


def failures(results: Path, run_ids: Iterable[str], wanted: Collection[Status]) -> list[Failure]:
    """The runs among ``run_ids`` that ended with one of these statuses; a damaged outcome counts as failed."""
    found = (_failure(results / "runs" / run_id) for run_id in run_ids)
    return [failure for failure in found if failure is not None and failure.status in wanted]


class Unscored(NamedTuple):
    """A run whose evaluation is marked as done, and why it is not for some data sets."""

    run_id: str
    reason: str


def unscored(results: Path, run_ids: Iterable[str]) -> list[Unscored]:
    """The runs among ``run_ids`` with an evaluation to forget: data sets failed, or ``scores.json`` is damaged."""
    found = (_unscored(results / "runs" / run_id) for run_id in run_ids)
    return [one for one in found if one is not None]


def forget(results: Path, run_id: str) -> None:
    """Remove a run's outcome, its scores and its evaluations; raises BusyError while it is being trained."""
    run = results / "runs" / run_id
    with lock(run / ".lock"):
        for path in (run / "scores.json", *run.glob("evaluations/*.json"), run / "outcome.json"):
            path.unlink(missing_ok=True)


def forget_evaluations(results: Path, run_id: str) -> None:
    """Remove the marks that a run is evaluated, its scores stay; raises BusyError while another process has it."""
    run = results / "runs" / run_id
    with lock(run / ".lock"):
        for path in run.glob("evaluations/*.json"):
            path.unlink(missing_ok=True)


def _unscored(run: Path) -> Unscored | None:
    path = run / "scores.json"
    if not path.exists() or not any(run.glob("evaluations/*.json")):
        return None
    try:
        errors = Scores.model_validate(read_json(path)).errors
    except (StorageError, ValidationError):
        return Unscored(run.name, "its scores.json is damaged")
    reasons = "; ".join(f"{name}: {reason}" for name, reason in sorted(errors.items()))
    return Unscored(run.name, reasons) if errors else None


def _failure(run: Path) -> Failure | None:
    path = run / "outcome.json"
    if not path.exists():
        return None
    try:
        outcome = Outcome.model_validate(read_json(path))
    except (StorageError, ValidationError):
        return Failure(run.name, Status.FAILED, "its outcome.json is damaged")
    return Failure(run.name, outcome.status, outcome.reason)
