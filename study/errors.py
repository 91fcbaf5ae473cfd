"""Errors that a user can cause, each with one message that names the place, the value and the way out.

    StudyError
    |-- UnknownNameError   a plug-in, model or column that does not exist
    |-- GridError          mistakes in a grid file, or in hardware.yaml, all of them at once
    |-- PlanError          a plan that cannot be run as it stands
    |-- DataError          a data source, subset or evaluation set that cannot be read
    |   |-- AbsentError       no file at all where data should lie
    |   `-- UnansweredError   a store of data that does not answer, and may later
    |-- StorageError       a disk that is full or a file that cannot be read or written
    |-- BusyError          a run folder that another process holds
    |-- StoppedError       a run that a signal ended before its end, and that is saved
    |-- ProbeError         a configuration or a device that could not be timed
    |-- OverBudgetError    a run that would pass its study's limit
    |-- CompareError       two studies that have nothing to compare
    |-- SubmitError        a job that cannot be submitted, or no scheduler to submit it to
    `-- TooFewStepsError   a measurement with too few steps to be summarised

The command line prints the message and ends with the error's exit code: 2, or 75 where the same command goes on when
it is started again. Anything else is a fault of the program and shows its traceback.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

INTERRUPTED_CODE = 75  # EX_TEMPFAIL of sysexits.h: it goes on when it is started again


class StudyError(Exception):
    """Base of all errors that the user can mend."""

    exit_code: ClassVar[int] = 2


class UnknownNameError(StudyError):
    """A name that no registry knows; the message gives the nearest ones."""


class GridError(StudyError):
    """All mistakes of a YAML file; one line each: ``file:line:column: path: what is wrong``."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


class PlanError(StudyError):
    """A plan that cannot be run: over its limit, without data, or replaced by another."""


class DataError(StudyError):
    """Data that is missing, unreadable or not of the promised form."""


class AbsentError(DataError):
    """No file at all where data should lie, as found by asking: what fails to be asked is another error."""


class UnansweredError(DataError):
    """A store that does not answer now: it says nothing of the data, so that a run that meets it has no outcome."""


class StorageError(StudyError):
    """A file that cannot be read or written: full disk, missing file, no permission."""


class BusyError(StudyError):
    """A folder that another process is writing to."""

    exit_code = INTERRUPTED_CODE


class StoppedError(StudyError):
    """A signal ended the run before its end; its checkpoint is saved."""

    exit_code = INTERRUPTED_CODE


class OverBudgetError(StudyError):
    """A run that does not start, since what it is predicted to take would pass its study's limit."""


class TooFewStepsError(StudyError):
    """Too few steady steps for a median and a spread."""


class ProbeError(StudyError):
    """A configuration or a device that could not be timed."""


class CompareError(StudyError):
    """Two studies that cannot be compared: the same one twice, no score, or no setting in common."""


class SubmitError(StudyError):
    """A job that cannot be submitted as asked, or no scheduler to submit it to."""
