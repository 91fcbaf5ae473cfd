"""Which jobs are under way by the journal alone: without a scheduler, and while another process holds the folder."""

from __future__ import annotations

from pathlib import Path

from study.launch.journal import Journal
from study.launch.opening import BACKENDS
from study.launch.options import Options
from study.launch.states import Job


def noted(folder: Path) -> list[Job]:
    """Jobs that were submitted from a folder and whose ends nobody was told; maybe they have ended meanwhile.

    Raises StorageError when the journal cannot be read.
    """
    batches = [batch for kind in BACKENDS.names() for batch in Journal(folder, kind, "", Options()).in_flight()]
    return [
        Job(request.key, request.name, request.log, batch.job_id(index))
        for batch in batches
        for index in batch.untold
        for request in [batch.requests[index]]
    ]
