"""How a job stands, and why one failed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from study.records import Status


class State(StrEnum):
    """Of a job; the first three are of jobs that go on."""

    PENDING = "pending"
    RUNNING = "running"
    INTERRUPTED = "interrupted"  # requeued or preempted: it starts again without being submitted again
    COMPLETED = "completed"
    FAILED = "failed"

    @property
    def active(self) -> bool:
        """Whether the job has still to end."""
        return self not in (State.COMPLETED, State.FAILED)


# Why a job failed, in the words of a run's status. FAILED itself is a command that ended with an error, a job that the
# scheduler refused, and one that vanished: the detail says which.
REASONS = (
    Status.OUT_OF_MEMORY,
    Status.TIMEOUT,
    Status.NODE_FAILURE,
    Status.PREEMPTED,
    Status.CANCELLED,
    Status.FAILED,
)


@dataclass(frozen=True)
class Job:
    """What was submitted; ``id`` is the scheduler's, none while the launcher itself holds the job back."""

    key: str
    name: str
    log: Path
    id: str | None = None


@dataclass(frozen=True)
class Update:
    """How a job stands now.

    ``reason`` is one of REASONS for a job that failed, else none; ``detail`` is one line: the error, or what the job
    waits for; ``log_end`` holds the last lines of the log of a job that failed, and what the scheduler said in it.
    """

    job: Job
    state: State
    reason: Status | None = None
    detail: str | None = None
    log_end: str = ""

    @property
    def message(self) -> str:
        """In words for a person: how the job stands; why it failed, its id, its log's path and its end."""
        told = self.reason.value.replace("_", " ") if self.reason else self.state.value
        named = f"{self.job.name} (job {self.job.id})" if self.job.id else self.job.name
        first = f"{named}: {told}" + (f", {self.detail}" if self.detail else "")
        if self.state is not State.FAILED:
            return first
        if self.job.id is None:  # it was never handed over, and wrote nothing
            return first
        end = "\n".join(f"    {line}" for line in self.log_end.splitlines())
        return f"{first}\n  log: {self.job.log}" + (f"\n{end}" if end else "")
