"""This machine behind a launcher: a process a job, started when there is room for it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from study.errors import StorageError, SubmitError
from study.launch.backend import Entry, Finding, Say
from study.launch.batch import Batch, cancel
from study.launch.ended import read_end
from study.launch.failed import exit_words, last_line
from study.launch.local.process import FIRST, STARTS_SECONDS, began, lives, pid, started
from study.launch.local.slots import Slots, chosen, here
from study.launch.options import Options
from study.launch.request import Request
from study.launch.states import State
from study.records import Status


class LocalBackend:
    """Processes of this machine, each in a session of its own; ``runtime`` is a scheduler's, and no limit here."""

    orders = False

    def __init__(self, options: Options, say: Say) -> None:
        self._options, self._whole = options, here(options)
        self._taken: dict[Path, Slots] = {}
        self._processes: dict[Path, subprocess.Popen[bytes]] = {}
        self._parent, self._alive = os.pipe()  # jobs that do not survive end when the writing end is closed

    def recall(self, batches: Sequence[Batch]) -> list[Batch]:
        """Those whose process was started."""
        return [batch for batch in batches if self._recalled(batch)]

    def check(self, request: Request) -> None:
        """GPUs and nodes that are not here never will be; more CPUs or memory than there is only means to run alone."""
        asked = request.resources
        if asked.nodes > 1:
            raise SubmitError(f"{request.name} asks for nodes={asked.nodes}, and this is one machine")
        if asked.all_gpus > len(self._whole.gpus):
            raise SubmitError(f"{request.name} asks for {asked.all_gpus} GPUs, and {len(self._whole.gpus)} are here")

    def admit(self, waiting: Sequence[Request], in_flight: int) -> list[list[Request]]:
        """Those that there is room for now."""
        cap = self._options.in_flight
        room = len(waiting) if cap is None else max(0, cap - in_flight)
        places = chosen([request.resources for request in waiting], self._whole, self._free)
        return [[waiting[place]] for place in places[:room]]

    def start(self, batch: Batch, after: Sequence[Entry]) -> None:
        """Start the wrapper of one job."""
        _, given = self._free.without(self._whole.share(batch.requests[FIRST].resources))
        process = started(batch, given.gpus, None if self._options.survive else self._parent)
        self._taken[batch.folder], self._processes[batch.folder] = given, process
        batch.note(str(process.pid))

    def look(self, entries: Sequence[Entry]) -> list[Finding]:
        """By the records of the wrappers, and by whether these live."""
        return [self._look(entry) for entry in entries]

    def stop(self, entries: Sequence[Entry]) -> None:
        """TERM; the wrapper sends KILL to what is left some time later."""
        for entry in entries:
            with suppress(StorageError):
                cancel(entry.batch.folder, [entry.index])
            found = pid(entry.batch, self._processes.get(entry.batch.folder))
            if found is not None:
                with suppress(ProcessLookupError):
                    os.kill(found, signal.SIGTERM)

    def close(self) -> None:
        """End the jobs that do not survive, and wait for them."""
        os.close(self._alive)
        os.close(self._parent)
        if self._options.survive:
            return
        end = time.monotonic() + self._options.kill_seconds + STARTS_SECONDS
        for process in self._processes.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, end - time.monotonic()))

    @property
    def _free(self) -> Slots:
        return self._whole.minus(list(self._taken.values()))

    def _look(self, entry: Entry) -> Finding:
        folder = entry.batch.folder
        if lives(entry.batch, self._processes.get(folder)):
            return Finding(State.RUNNING)  # with a record of its end, too: its slots are not free before
        self._taken.pop(folder, None)
        self._processes.pop(folder, None)
        end = read_end(entry.batch.file(entry.index, "end.json"))
        if end is not None and end.code == 0:
            return Finding(State.COMPLETED)
        if end is not None and end.reason is not None:
            return Finding(State.FAILED, end.reason, end.detail)
        return Finding(State.FAILED, Status.FAILED, exit_words(end, last_line(entry)))

    def _recalled(self, batch: Batch) -> bool:
        begin = began(batch)
        if begin is not None and lives(batch, None):
            gpus = tuple(filter(None, (begin.gpus or "").split(",")))
            share = self._whole.share(batch.requests[FIRST].resources)
            self._taken[batch.folder] = Slots(share.cpus, gpus, share.mem_mb)
            if not batch.handed.options.survive:  # its launcher was killed: it is ending, and no use to who asks again
                with suppress(StorageError):
                    cancel(batch.folder, [FIRST])
        return begin is not None
