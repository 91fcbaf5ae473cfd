"""The process of a local job: started, found again, and whether it lives."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence

from study import io
from study.errors import SubmitError
from study.launch.batch import Batch, lock_file
from study.launch.ended import Begin, read_begin

FIRST = 0  # a batch is one job here
STARTS_SECONDS = 60.0  # until a process that was started says so
MAY_START_SECONDS = 10.0  # until one does of which nobody knows whether it was started


def started(batch: Batch, gpus: Sequence[str], tied_to: int | None) -> subprocess.Popen[bytes]:
    """Start the wrapper of a job, in a session of its own, with its GPUs or none.

    ``tied_to`` is the reading end of a pipe whose closing ends the job. Raises SubmitError.
    """
    command = [sys.executable, "-m", "study.launch.inside", str(batch.folder), f"--index={FIRST}"]
    ends = [] if tied_to is None else [tied_to]
    own = {
        "CUDA_VISIBLE_DEVICES": ",".join(gpus),
        "SUBMITIT_EXECUTOR": "local",  # by which submitit knows in the job where it is
        "SUBMITIT_LOCAL_JOB_ID": batch.handed.label,
    }
    try:
        with batch.file(FIRST, "out").open("ab") as output:
            return subprocess.Popen(
                command + [f"--parent={end}" for end in ends],
                env={**os.environ, **own},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                pass_fds=ends,
            )
    except OSError as error:
        raise SubmitError(f"cannot start a process for {batch.requests[FIRST].name}: {error}") from error


def lives(batch: Batch, process: subprocess.Popen[bytes] | None) -> bool:
    """Whether the wrapper runs; one that is no child of this process is known by its lock."""
    return process.poll() is None if process else io.is_locked(lock_file(batch.folder, FIRST))


def pid(batch: Batch, process: subprocess.Popen[bytes] | None) -> int | None:
    """Of the wrapper, none when it has ended."""
    if not lives(batch, process):
        return None
    if process is not None:
        return process.pid
    begin = read_begin(batch.file(FIRST, "begin.json"))
    return begin.pid if begin else None


def began(batch: Batch) -> Begin | None:
    """What the wrapper wrote first; one that was started just now is waited for, so that it is not started twice."""
    end = batch.handed.made + (STARTS_SECONDS if batch.id else MAY_START_SECONDS)
    while (begin := read_begin(batch.file(FIRST, "begin.json"))) is None and time.time() < end:
        time.sleep(0.1)
    return begin
