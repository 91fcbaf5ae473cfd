"""Errors that are outcomes of a run, told from faults of the program or of its surroundings."""

from __future__ import annotations

from typing import NamedTuple

from study.data.skipped import Unreadable
from study.errors import DataError, StudyError, UnansweredError
from study.measure.memory import lacks_memory
from study.records import Status
from study.train.divergence import Diverged

OUTCOMES: dict[type[BaseException], Status] = {
    Diverged: Status.DIVERGED,
    DataError: Status.BAD_DATA,
}


class End(NamedTuple):
    """How a run ended, and why, in a line; ``skipped`` is what could not be read of its pairs, where that ended it."""

    status: Status
    reason: str | None = None
    skipped: dict[str, int] | None = None


def end_of(error: BaseException) -> End | None:
    """What an error means for the run; none for a fault of the program or of its surroundings."""
    status = failure_status(error)
    skipped = error.skipped if isinstance(error, Unreadable) else None
    return None if status is None else End(status, _line(error), skipped)


def failure_status(error: BaseException) -> Status | None:
    """The status that an error means for the run; none where ``end_of`` gives none."""
    if lacks_memory(error):
        return Status.OUT_OF_MEMORY
    if isinstance(error, UnansweredError):
        return None  # the data may be as good as ever
    return next((status for kind, status in OUTCOMES.items() if isinstance(error, kind)), None)


def _line(error: BaseException) -> str:
    """All that a message of ours says, which ends in the way out; of others the first line."""
    lines = [part for line in str(error).splitlines() if (part := line.strip())]
    return " ".join(lines if isinstance(error, StudyError) else lines[:1]) or type(error).__name__
