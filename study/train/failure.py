"""Errors that are outcomes of a run, told from faults of the program or of its surroundings."""

from __future__ import annotations

import torch

from study.errors import DataError
from study.records import Status
from study.train.recorder import Diverged

OUTCOMES: dict[type[BaseException], Status] = {
    Diverged: Status.DIVERGED,
    torch.OutOfMemoryError: Status.OUT_OF_MEMORY,
    MemoryError: Status.OUT_OF_MEMORY,
    DataError: Status.BAD_DATA,
}
# what torch's CPU allocator and cuBLAS say in a plain RuntimeError
NO_MEMORY = ("can't allocate memory", "CUBLAS_STATUS_ALLOC_FAILED")


def failure_status(error: BaseException) -> Status | None:
    """What an error means for the run; none for a fault of the program or of its surroundings."""
    if isinstance(error, RuntimeError) and any(words in str(error) for words in NO_MEMORY):
        return Status.OUT_OF_MEMORY
    return next((status for kind, status in OUTCOMES.items() if isinstance(error, kind)), None)
