"""The launcher, for two threads: Snakemake's scheduler submits and cancels, the executor's own thread polls."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from study.errors import StorageError, SubmitError
from study.launch import Job, Launcher, Request, State, Update
from study.launch.backend import Say


class Jobs:
    """What this Snakemake asked for, and the ends of it that were not taken note of yet."""

    def __init__(self, launcher: Launcher, say: Say) -> None:
        self._launcher, self._say = launcher, say
        self._one_at_a_time = threading.Lock()
        self._asked: set[str] = set()
        self._ends: dict[str, Update] = {}
        self._done_before = {update.job.key: update for update in launcher.missed if update.state is State.COMPLETED}

    @property
    def left(self) -> int:
        """Jobs of an earlier process that still run."""
        return sum(job.key not in self._asked for job in self._launcher.jobs)

    def submit(self, requests: Sequence[Request]) -> dict[str, Job | SubmitError]:
        """Hand requests over; by key their jobs, or why one can never be."""
        with self._one_at_a_time:
            self._asked |= {request.key for request in requests}
            try:
                return self._submit(requests)
            except SubmitError:  # of one at least, and none was taken
                alone: dict[str, Job | SubmitError] = {}
                for request in requests:
                    try:
                        alone |= self._submit([request])
                    except SubmitError as error:
                        alone[request.key] = error
                return alone

    def _submit(self, requests: Sequence[Request]) -> dict[str, Job | SubmitError]:
        try:
            return {job.key: job for job in self._launcher.submit(requests)}
        except StorageError as error:
            self._say(f"{error}; tried again")  # they are taken, and handed over by a later poll
            return {request.key: Job(request.key, request.name, request.log) for request in requests}

    def poll(self) -> list[Update]:
        """Look for what changed; ends are kept until they are taken."""
        with self._one_at_a_time:
            news = self._launcher.poll()
            self._ends |= {update.job.key: update for update in news if not update.state.active}
        return news

    def done_before(self, request: Request) -> Job | None:
        """The job, if it was submitted earlier and did what it should while nobody looked; ``take_end`` has its end."""
        end = self._done_before.pop(request.key, None)
        if end is not None:
            self._ends[request.key] = end
        return end.job if end else None

    def take_end(self, key: str) -> Update | None:
        """How a job ended, once; none while it goes on."""
        return self._ends.pop(key, None)

    def cancel(self) -> None:
        """Cancel what was asked for; raises SubmitError."""
        with self._one_at_a_time:
            self._launcher.cancel(job for job in self._launcher.jobs if job.key in self._asked)

    def running(self) -> int:
        """How many of those that were asked for go on."""
        with self._one_at_a_time:
            return sum(job.key in self._asked for job in self._launcher.jobs)

    def close(self) -> None:
        """Let go of the launcher's folder."""
        with self._one_at_a_time:
            self._launcher.close()
