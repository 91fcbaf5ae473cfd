"""Whether a job that was interrupted starts again, and asking Slurm for it."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence

TRIES, PAUSE_SECONDS = 5, 10.0  # the controller may be restarting
ANSWER_SECONDS = 60.0


def goes_on(job_id: str) -> bool:
    """Whether the job still runs for Slurm: else it is cancelled, preempted or over its limit, and Slurm goes on."""
    told = _ask(["squeue", "--noheader", "--jobs", job_id, "--format", "%T"])
    return told.returncode != 0 or told.stdout.strip() in ("RUNNING", "SIGNALING", "STOPPED", "SUSPENDED")


def requeue(job_id: str) -> str | None:
    """Put the job into Slurm's queue again, which ends this process; or Slurm's words why it does not."""
    words = ""
    for attempt in range(TRIES):
        if attempt:
            time.sleep(PAUSE_SECONDS)
        told = _ask(["scontrol", "requeue", job_id])
        if told.returncode == 0:
            return None
        words = told.stderr.strip() or f"scontrol ended with code {told.returncode}"
    return words


def _ask(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=ANSWER_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess(command, 1, "", str(error))
