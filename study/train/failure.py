"""Errors that are outcomes of a run, told from faults of the program or of its surroundings."""

from __future__ import annotations

from study.errors import DataError
from study.measure.memory import lacks_memory
from study.records import Status
from study.train.recorder import Diverged

OUTCOMES: dict[type[BaseException], Status] = {
    Diverged: Status.DIVERGED,
    DataError: Status.BAD_DATA,
}


def failure_status(error: BaseException) -> Status | None:
    """What an error means for the run; none for a fault of the program or of its surroundings."""
    if lacks_memory(error):
        return Status.OUT_OF_MEMORY
    return next((status for kind, status in OUTCOMES.items() if isinstance(error, kind)), None)
