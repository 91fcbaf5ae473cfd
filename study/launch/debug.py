"""Jobs in the foreground, one after the other, each ended before it is said to be submitted; to look at what one does.

submitit's own debug executor opens a debugger when a job fails, and so is of no use to a program.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence

from study.launch.backend import Entry, Finding, Say
from study.launch.batch import Batch
from study.launch.ended import read_end
from study.launch.failed import exit_words, last_line, tail
from study.launch.options import Options
from study.launch.request import Request
from study.launch.states import State
from study.records import Status


class DebugBackend:
    """This process, which waits for each job."""

    orders = False

    def __init__(self, options: Options, say: Say) -> None:
        self._say = say

    def recall(self, batches: Sequence[Batch]) -> list[Batch]:
        """None: a job ends with the process that waits for it."""
        return []

    def check(self, request: Request) -> None:
        """Resources are not looked at."""

    def admit(self, waiting: Sequence[Request], in_flight: int) -> list[list[Request]]:
        """One after the other."""
        return [[request] for request in waiting]

    def start(self, batch: Batch, after: Sequence[Entry]) -> None:
        """Run a job to its end, and show what it printed."""
        request = batch.requests[0]
        self._say(f"{request.name}: {shlex.join(request.command)}")
        own = {"SUBMITIT_EXECUTOR": "local", "SUBMITIT_LOCAL_JOB_ID": batch.handed.label}
        inside = [sys.executable, "-m", "study.launch.inside", str(batch.folder), "--index=0"]
        with batch.file(0, "out").open("ab") as said:
            subprocess.run(
                inside, env={**os.environ, **own}, stdin=subprocess.DEVNULL, stdout=said, stderr=said, check=False
            )
        self._say(tail(request.log))
        batch.note(batch.handed.label)

    def look(self, entries: Sequence[Entry]) -> list[Finding]:
        """By their records."""
        return [_ended(entry) for entry in entries]

    def stop(self, entries: Sequence[Entry]) -> None:
        """All have ended."""

    def close(self) -> None:
        """Nothing is left."""


def _ended(entry: Entry) -> Finding:
    end = read_end(entry.batch.file(entry.index, "end.json"))
    if end is not None and end.code == 0:
        return Finding(State.COMPLETED)
    return Finding(State.FAILED, (end and end.reason) or Status.FAILED, exit_words(end, last_line(entry)))
