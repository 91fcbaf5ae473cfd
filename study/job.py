"""What a process knows of the job that it runs in, from the job's wrapper (``study.launch.inside``), and tells it.

Between the two there may be a shell and an inner snakemake, which pass on the environment but not an exit code.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path

STARTED, AGAIN = "STUDY_JOB_STARTED", "STUDY_JOB_AGAIN"
LONGEST_START = 600.0  # seconds; after more than that the job has done something else before


def announce(started: float, again: Path) -> None:
    """Of the wrapper: to all that it starts, when the job began (seconds since 1970), and where to ask for another."""
    os.environ[STARTED], os.environ[AGAIN] = f"{started:.3f}", str(again)
    with suppress(OSError):  # of an earlier start
        again.unlink()


def is_inside() -> bool:
    """Whether this process is part of such a job."""
    return STARTED in os.environ


def seconds_so_far() -> float:
    """How long the job took to come to this process, the first that does its work; 0 where that is not known.

    Both clocks are of one machine; one that was set meanwhile, and a job that worked on something else before, give 0.
    """
    try:
        seconds = time.time() - float(os.environ.get(STARTED, "nan"))
    except ValueError:
        return 0.0
    return seconds if 0.0 <= seconds <= LONGEST_START else 0.0


def ask_for_another_start() -> None:
    """Have the job started again when it ends; nothing outside of one."""
    if AGAIN in os.environ:
        with suppress(OSError):
            Path(os.environ[AGAIN]).touch()
