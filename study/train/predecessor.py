"""The process that works on a run's folder already, when a job comes to it that was started again."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from study import io, job

PATIENCE_SECONDS = 30.0
LOOK_SECONDS = 0.5


def wait_for_predecessor(run: Path, say: Callable[[str], None]) -> None:
    """In a job, give a process that still saves some time to end; who finds it there after all gets a BusyError.

    Outside of one this returns at once: a user is told that the run is being trained.
    """
    end = time.monotonic() + PATIENCE_SECONDS
    if not (job.is_inside() and io.is_locked(run / ".lock")):
        return
    say(f"another process is at work on this run and may be saving; waiting up to {PATIENCE_SECONDS:.0f} s for its end")
    while io.is_locked(run / ".lock") and time.monotonic() < end:
        time.sleep(LOOK_SECONDS)
