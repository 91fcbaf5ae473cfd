"""Which jobs are under way by the journal alone: without a scheduler, and while another process holds the folder."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from study.launch.batch import Batch, cancelled
from study.launch.ended import Next, read_begin, read_end
from study.launch.journal import Journal
from study.launch.opening import BACKENDS
from study.launch.options import Options
from study.launch.states import Job


class Noted(NamedTuple):
    """A job, and how often it was started again: after its time limit, a preemption, a failed node."""

    job: Job
    restarts: int


def noted(folder: Path) -> list[Noted]:
    """Jobs that were submitted from a folder, and of which nothing there says that they have ended.

    One that the scheduler ended is among them until a launcher asks. Raises StorageError when the journal cannot be
    read.
    """
    batches = [batch for kind in BACKENDS.names() for batch in Journal(folder, kind, "", Options()).in_flight()]
    return [
        Noted(Job(request.key, request.name, request.log, batch.job_id(index)), _restarts(batch, index))
        for batch in batches
        for index in batch.untold
        if not _has_ended(batch, index)
        for request in [batch.requests[index]]
    ]


def _has_ended(batch: Batch, index: int) -> bool:
    """By its wrapper's word on its last attempt, or since it was cancelled before it began."""
    begin, end = read_begin(batch.file(index, "begin.json")), read_end(batch.file(index, "end.json"))
    if begin is None:
        return index in cancelled(batch.folder)
    return end is not None and end.next is Next.NOTHING and end.begin.restarts == begin.restarts


def _restarts(batch: Batch, index: int) -> int:
    begin = read_begin(batch.file(index, "begin.json"))
    return begin.restarts if begin else 0
