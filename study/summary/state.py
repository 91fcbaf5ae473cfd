"""How a run stands, read from its folder: the one answer that the plan, the status and the tables give.

A damaged file is a reason, not a crash.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, TypeVar

from pydantic import ValidationError

from study.errors import StorageError
from study.io import is_locked, read_json
from study.records import FAILURE, Frozen, Outcome, Status
from study.saved import folder as checkpoints

R = TypeVar("R", bound=Frozen)

NOT_STARTED = "not started yet"
STILL_RUNNING = "still running when the study was collected"
NO_OUTCOME = "ended without an outcome: killed, or the machine stopped; run snakemake again to go on"
BEGUN = {".lock", "steps.jsonl"}  # what a process leaves behind that was killed before its first checkpoint


class State(NamedTuple):
    """``reason`` tells why a run did not complete, in one line; ``ended`` is none for a run without an outcome."""

    status: Status
    reason: str | None = None
    outcome: Outcome | None = None
    ended: float | None = None  # when, in seconds since 1970


def state(run: Path, under_way: bool = False) -> State:
    """How a run stands; one without a folder was not started. ``under_way`` is a run with a live reservation."""
    files = {path.name for path in run.iterdir()} if run.is_dir() else set()
    if "outcome.json" in files:
        return _ended(run / "outcome.json")
    if under_way or (".lock" in files and is_locked(run / ".lock")):
        return State(Status.RUNNING, STILL_RUNNING)
    if FAILURE in files:
        return _noted(run / FAILURE)
    if files & BEGUN or any(checkpoints(run).glob("*")):
        return State(Status.INTERRUPTED, NO_OUTCOME)
    return State(Status.PLANNED, NOT_STARTED)


def record(path: Path, kind: type[R]) -> tuple[R | None, str | None]:
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


def _ended(path: Path) -> State:
    outcome, problem = record(path, Outcome)
    ended = path.stat().st_mtime
    if outcome is None:
        return State(Status.FAILED, problem, None, ended)
    return State(outcome.status, outcome.reason, outcome, ended)


def _noted(path: Path) -> State:
    """What the last process said when it ended without an outcome."""
    try:
        note = read_json(path)
        return State(Status(note["status"]), note["reason"])
    except (StorageError, KeyError, ValueError) as error:
        return State(Status.FAILED, f"{NO_OUTCOME} ({path.name} is damaged: {error})")
