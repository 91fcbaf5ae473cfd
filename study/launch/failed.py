"""What is left behind by a job that failed: the end of its log for a person, a note in its run's folder for tables."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

from study import io
from study.errors import StorageError
from study.launch.backend import Entry, Finding
from study.launch.ended import End
from study.launch.request import Request

BEGINS = "begins on "  # the wrapper's first words
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


def last_line(entry: Entry) -> str:
    """The last line that the command printed, which of a traceback is the error."""
    lines = [line.strip() for line in tail(entry.request.log).splitlines() if line.strip()]
    return lines[-1] if lines else ""


def exit_words(end: End | None, last: str) -> str:
    """How a command failed: its exit code, and the last line that it printed."""
    if end is None:
        return "it ended without a record: it was killed, or could not write to the folder of its batch"
    killed = f" ({signal.Signals(end.code - 128).name})" if end.code - 128 in set(signal.Signals) else ""
    return f"exit code {end.code}{killed}" + (f": {last}" if last else "")


def end_of_log(entry: Entry) -> str:
    """What the command printed last, then what the scheduler and the wrapper said."""
    parts = [tail(entry.request.log), scheduler_words(entry)]
    return "\n".join(part for part in parts if part)


def scheduler_words(entry: Entry) -> str:
    """What the scheduler and the wrapper said of the last attempt."""
    lines = tail(entry.batch.file(entry.index, "out"), lines=10 * LINES).splitlines()
    begins = [number for number, line in enumerate(lines) if line.startswith(BEGINS)]
    said = lines[begins[-1] + 1 if begins else 0 :]
    return "\n".join(list(dict.fromkeys(said))[-LINES:])  # some is said more than once


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
