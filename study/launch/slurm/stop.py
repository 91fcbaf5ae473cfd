"""Cancelling jobs of Slurm: whole arrays where all that is left of them is to end."""

from __future__ import annotations

import re
from collections.abc import Sequence

from study.errors import StorageError, SubmitError
from study.launch.backend import Entry, Say, by_batch
from study.launch.batch import cancel
from study.launch.slurm.ask import ask

AT_ONCE = 500  # ids on one command line


def stop(entries: Sequence[Entry], say: Say) -> None:
    """Call scancel; raises SubmitError in its words when it does not take it."""
    for batch, indexes in by_batch(entries):
        try:
            cancel(batch.folder, indexes)
        except StorageError as error:  # such a job may ask to be started again
            say(str(error))
    ids = ids_of(entries)
    commands = [["scancel", *ids[at : at + AT_ONCE]] for at in range(0, len(ids), AT_ONCE)]
    commands += [["scancel", f"--name={batch.handed.label}"] for batch, _ in by_batch(entries) if batch.id is None]
    for answer in map(ask, commands):
        if answer.code != 0 and not re.search("invalid job id|already completing", answer.error.lower()):
            raise SubmitError(f"scancel: {answer.words}; the jobs go on: cancel them again")


def ids_of(entries: Sequence[Entry]) -> list[str]:
    """Ids of jobs, of whole arrays where all of their jobs whose ends were not told are there."""
    found = []
    for batch, indexes in by_batch(entries):
        if batch.id is not None:
            whole = set(indexes) >= set(batch.untold)
            found += [batch.id] if whole else [str(batch.job_id(index)) for index in indexes]
    return found
