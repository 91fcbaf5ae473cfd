"""How one run stands, read from its folder. A damaged file is a reason, not a crash."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from study.errors import StorageError
from study.io import is_locked, read_json
from study.records import FAILURE, Frozen, Outcome, RunSpec, Score, Scores, Status

R = TypeVar("R", bound=Frozen)

NOT_STARTED = "not started yet"
STILL_RUNNING = "still running when the study was collected"
NO_OUTCOME = "ended without an outcome: killed, or the machine stopped; run snakemake again to go on"
STALE_SCORES = "its scores belong to an earlier training and are ignored; evaluate it again"
NO_SCORES = "not evaluated"


@dataclass(frozen=True)
class RunFolder:
    """What a run's folder says; ``reason`` tells why a run did not complete, in one line."""

    status: Status
    reason: str | None = None
    spec: RunSpec | None = None
    outcome: Outcome | None = None
    scores: tuple[Score, ...] = ()
    evaluation_note: str | None = None
    evaluate_hours: float | None = None


def read_run(folder: Path) -> RunFolder:
    """Read a run's folder; one that does not exist is a run that was planned and not started."""
    spec, _ = _record(folder / "spec.json", RunSpec)
    outcome, problem = _record(folder / "outcome.json", Outcome)
    if problem:
        return RunFolder(Status.FAILED, problem, spec)
    if outcome is None:
        return replace(_without_outcome(folder), spec=spec)
    run = RunFolder(outcome.status, outcome.reason, spec, outcome)
    return _with_scores(run, folder) if outcome.status is Status.COMPLETED else run


def _record(path: Path, kind: type[R]) -> tuple[R | None, str | None]:
    """The record in ``path`` and what is wrong with the file; two times none when there is no file."""
    if not path.exists():
        return None, None
    try:
        return kind.model_validate(read_json(path)), None
    except StorageError as error:
        return None, str(error)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        return None, f"{path} is damaged ({place}: {first['msg']}); remove it and run again"


def _without_outcome(folder: Path) -> RunFolder:
    if is_locked(folder / ".lock"):
        return RunFolder(Status.RUNNING, STILL_RUNNING)
    if (folder / FAILURE).exists():
        return _noted(folder / FAILURE)
    begun = any((folder / trace).exists() for trace in (".lock", "steps.jsonl"))
    if begun or any((folder / "checkpoints").glob("*")):
        return RunFolder(Status.INTERRUPTED, NO_OUTCOME)
    return RunFolder(Status.PLANNED, NOT_STARTED)


def _noted(path: Path) -> RunFolder:
    """What the last process said when it ended without an outcome."""
    try:
        note = read_json(path)
        return RunFolder(Status(note["status"]), note["reason"])
    except (StorageError, KeyError, ValueError) as error:
        return RunFolder(Status.FAILED, f"{NO_OUTCOME} ({path.name} is damaged: {error})")


def _with_scores(run: RunFolder, folder: Path) -> RunFolder:
    scores, problem = _record(folder / "scores.json", Scores)
    if scores is None:
        return replace(run, evaluation_note=problem or NO_SCORES)
    if run.outcome and (scores.run_id, scores.outcome_finished) != (run.outcome.run_id, run.outcome.finished):
        return replace(run, evaluation_note=STALE_SCORES)
    errors = "; ".join(f"{dataset}: {error}" for dataset, error in sorted(scores.errors.items()))
    seconds = [settings["seconds"] for settings in scores.settings.values() if "seconds" in settings]
    return replace(
        run,
        scores=tuple(scores.scores),
        evaluation_note=errors or None,
        evaluate_hours=sum(seconds) / 3600 if seconds else None,
    )
