"""Whether a job that was interrupted starts again, and asking Slurm for it."""

from __future__ import annotations

import time

from study.launch.slurm.ask import ask

TRIES, PAUSE_SECONDS = 5, 10.0  # the controller may be restarting
ANSWER_SECONDS = 60.0


def goes_on(job_id: str) -> bool:
    """Whether the job still runs for Slurm: else it is cancelled, preempted or over its limit, and Slurm goes on."""
    told = ask(["squeue", "--noheader", "--states=all", f"--jobs={job_id}", "--format=%T"], ANSWER_SECONDS)
    return told.code != 0 or told.output.strip() in ("RUNNING", "SIGNALING", "STOPPED", "SUSPENDED")


def requeue(job_id: str) -> str | None:
    """Put the job into Slurm's queue again, which ends this process; or Slurm's words why it does not."""
    for attempt in range(TRIES):
        if attempt:
            time.sleep(PAUSE_SECONDS)
        told = ask(["scontrol", "requeue", job_id], ANSWER_SECONDS)
        if told.code == 0:
            return None
    return told.words
