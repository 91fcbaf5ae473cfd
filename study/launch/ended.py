"""What the wrapper inside a job writes: that it began, and how it ended; nobody waits for a scheduler to say it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from pydantic import Field, ValidationError

from study import io
from study.errors import StorageError
from study.records import Frozen, Status


class Begin(Frozen):
    """``N.begin.json``: the attempt under way, or the last one."""

    id: str = Field(description="the scheduler's, or the wrapper's process")
    host: str
    pid: int
    started: float = Field(description="seconds since 1970")
    restarts: int = Field(0, description="how often the scheduler started the job again before")
    gpus: str | None = Field(None, description="CUDA_VISIBLE_DEVICES")


class Next(StrEnum):
    """What follows an attempt."""

    NOTHING = "nothing"
    REQUEUE = "requeue"  # the wrapper asks for another attempt
    SCHEDULER = "scheduler"  # it is ending the job, and starts it again or not


class End(Frozen):
    """``N.end.json``: how the last attempt ended."""

    begin: Begin
    ended: float = Field(description="seconds since 1970")
    code: int = Field(description="exit code; 128 and the signal's number where a signal ended the command")
    signals: tuple[str, ...] = Field((), description="that the wrapper received and passed on")
    next: Next = Next.NOTHING
    reason: Status | None = Field(None, description="why it failed, where the wrapper knows")
    detail: str | None = None

    @property
    def is_success(self) -> bool:
        """Whether the command did what it should."""
        return self.next is Next.NOTHING and self.code == 0


def read_begin(path: Path) -> Begin | None:
    """None where there is none, or a damaged one."""
    try:
        return Begin.model_validate(io.read_json(path))
    except (StorageError, ValidationError):
        return None


def read_end(path: Path) -> End | None:
    """None where there is none, or a damaged one: then the scheduler has to know."""
    try:
        return End.model_validate(io.read_json(path))
    except (StorageError, ValidationError):
        return None
