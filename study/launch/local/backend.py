"""This machine behind a launcher: a process a job, started when there is room for it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from study import io
from study.errors import StorageError, SubmitError
from study.launch.backend import Entry, Finding, Say
from study.launch.batch import Batch, cancel, lock_file
from study.launch.ended import Begin, read_begin, read_end
from study.launch.failed import exit_words, last_line
from study.launch.local.slots import Slots, chosen, here
from study.launch.options import Options
from study.launch.request import Request
from study.launch.states import State
from study.records import Status

FIRST = 0  # a batch is one job here
STARTS_SECONDS = 60.0  # until a process that was started says so
MAY_START_SECONDS = 10.0  # until one does of which nobody knows whether it was started


class LocalBackend:
    """Processes of this machine, each in a session of its own."""

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
        free = self._whole.minus(list(self._taken.values()))
        places = chosen([request.resources for request in waiting], self._whole, free)
        return [[waiting[place]] for place in places[:room]]

    def start(self, batch: Batch, after: Sequence[Entry]) -> None:
        """Start the wrapper of one job."""
        free = self._whole.minus(list(self._taken.values()))
        _, given = free.without(self._whole.share(batch.requests[FIRST].resources))
        command = [sys.executable, "-m", "study.launch.inside", str(batch.folder), f"--index={FIRST}"]
        tied = [] if self._options.survive else [self._parent]
        try:
            with batch.file(FIRST, "out").open("ab") as output:
                process = subprocess.Popen(
                    command + [f"--parent={end}" for end in tied],
                    env=_environment(batch, given),
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                    pass_fds=tied,
                )
        except OSError as error:
            raise SubmitError(f"cannot start a process for {batch.requests[FIRST].name}: {error}") from error
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
            pid = self._pid(entry.batch)
            if pid is not None:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGTERM)

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

    def _look(self, entry: Entry) -> Finding:
        folder = entry.batch.folder
        lives = self._lives(entry.batch)
        end = read_end(entry.batch.file(entry.index, "end.json"))
        if lives:
            return Finding(State.RUNNING)  # with a record, too: its slots are not free before
        self._taken.pop(folder, None)
        self._processes.pop(folder, None)
        if end is not None and end.code == 0:
            return Finding(State.COMPLETED)
        if end is not None and end.reason is not None:
            return Finding(State.FAILED, end.reason, end.detail)
        return Finding(State.FAILED, Status.FAILED, exit_words(end, last_line(entry)))

    def _lives(self, batch: Batch) -> bool:
        process = self._processes.get(batch.folder)
        return process.poll() is None if process else io.is_locked(lock_file(batch.folder, FIRST))

    def _recalled(self, batch: Batch) -> bool:
        begin = self._began(batch)
        if begin is None:
            return False
        if self._lives(batch):
            named = tuple(filter(None, (begin.gpus or "").split(",")))
            share = self._whole.share(batch.requests[FIRST].resources)
            self._taken[batch.folder] = Slots(share.cpus, named[: len(share.gpus)], share.mem_mb)
        return True

    def _began(self, batch: Batch) -> Begin | None:
        """A process that was started just now is waited for, so that it is not started a second time."""
        end = batch.handed.made + (STARTS_SECONDS if batch.id else MAY_START_SECONDS)
        while (begin := read_begin(batch.file(FIRST, "begin.json"))) is None and time.time() < end:
            time.sleep(0.1)
        return begin

    def _pid(self, batch: Batch) -> int | None:
        process = self._processes.get(batch.folder)
        if process is not None:
            return process.pid if process.poll() is None else None
        begin = read_begin(batch.file(FIRST, "begin.json"))
        return begin.pid if begin and self._lives(batch) else None


def _environment(batch: Batch, given: Slots) -> dict[str, str]:
    """What the job sees: GPUs of its own, or none, and what makes submitit find that it is local."""
    return {
        **os.environ,
        "CUDA_VISIBLE_DEVICES": ",".join(given.gpus),
        "SUBMITIT_EXECUTOR": "local",
        "SUBMITIT_LOCAL_JOB_ID": batch.handed.label,
    }
