"""What is left behind by a job that failed: the end of its log for a person, a note in its run's folder for tables."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from study import io
from study.errors import StorageError
from study.launch.backend import Entry, Finding
from study.launch.request import Request

LINES = 20
BYTES = 16_384


def tail(path: Path, lines: int = LINES) -> str:
    """The last lines of a file, empty where it cannot be read."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - BYTES))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


def end_of_log(entry: Entry) -> str:
    """What the command printed last, then what the scheduler and the wrapper said."""
    parts = [tail(entry.request.log), tail(entry.batch.file(entry.index, "out"))]
    return "\n".join(part for part in parts if part)


def leave_note(request: Request, finding: Finding) -> None:
    """Say in the place that the request names why its job failed, unless the job did; never raises."""
    if request.note is None or finding.reason is None or request.note.exists():
        return
    with suppress(StorageError):  # the failure is told all the same
        io.write_json(request.note, {"status": finding.reason.value, "reason": finding.detail or "no reason is known"})


def remove_note(request: Request) -> None:
    """Take away what an earlier job said."""
    if request.note is not None:
        with suppress(OSError):
            request.note.unlink(missing_ok=True)
