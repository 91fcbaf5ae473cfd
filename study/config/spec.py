"""A run's ``spec.json`` and ``outcome.json``, read and checked. No torch."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from study import io
from study.errors import StorageError
from study.records import Outcome, RunSpec, run_id


def read_spec(path: Path) -> RunSpec:
    """The spec in a file; raises StorageError when it is damaged or not the one its folder is named after."""
    try:
        spec = RunSpec.model_validate(io.read_json(path))
    except ValidationError as error:
        raise StorageError(f"{path} is not a run's spec ({error.error_count()} problems); plan again") from error
    if path.parent.name != run_id(spec):
        raise StorageError(f"{path} holds the spec of {run_id(spec)}; it was changed by hand: plan again")
    return spec


def read_outcome(run: Path) -> Outcome | None:
    """The outcome of a run, or none; raises StorageError when the file is damaged."""
    path = run / "outcome.json"
    if not path.exists():
        return None
    try:
        return Outcome.model_validate(io.read_json(path))
    except ValidationError as error:
        raise StorageError(f"{path} is not a run's outcome; remove it and train the run again") from error
