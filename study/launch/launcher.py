"""The launcher: a queue before a backend, and a journal, so that a restarted process submits nothing twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from types import TracebackType

from study.launch.backend import Backend, Finding, Opens, Say, by_batch
from study.launch.journal import Journal
from study.launch.once import Once
from study.launch.request import Request
from study.launch.states import Job, State, Update
from study.launch.tracked import Tracked
from study.launch.waiting import Waiting
from study.records import Status


class Launcher:
    """Submits, polls and cancels; made by ``open_launcher``, ended by ``close`` or as a context. Not for many threads.

    Jobs are known by the ``key`` of their request. Those that an earlier process left in flight are here from the
    start: ``jobs`` lists them, and the first ``poll`` says how each stands. In ``missed`` are the ends of jobs that
    nobody waits for: that ended while no launcher was there, or were cancelled and their keys submitted again since.
    """

    def __init__(self, journal: Journal, opens: Opens, say: Say, held: ExitStack) -> None:
        self._journal, self._once, self._held = journal, Once(say), held
        self._backend: Backend = opens(journal.options, say)
        held.callback(self._backend.close)
        self._tracked = Tracked()
        self._waiting = Waiting(journal, self._backend, self._tracked, self._once)
        self._recall()

    def submit(self, requests: Sequence[Request]) -> list[Job]:
        """Take requests; give their jobs in the same order.

        A request whose key is in flight already is that job. Jobs over the limit ``in_flight``, or without a free slot
        on this machine, are held back and handed over by later polls. A job that the scheduler refuses is told, in
        its own words, as failed by the next poll; the others are not kept by it.

        Raises SubmitError when a request can never be met here; then none is taken. Raises StorageError when the
        journal cannot be written: what it lacks was not handed over, and is by a later poll.
        """
        for request in requests:
            self._backend.check(request)
        for request in requests:
            if request.key not in self._tracked.entries or request.key in self._tracked.ending:
                self._waiting.add(request)
        self._waiting.hand_over()
        return [self._tracked.job(request) for request in requests]

    def poll(self) -> list[Update]:
        """What changed since the last poll, one update a job. May be called as often as one likes.

        Files that the jobs wrote are looked at each time; the scheduler is asked for all jobs at once, and not more
        often than every ``query_seconds``. When it does not answer, that is said once, and jobs stay as they were.
        """
        self._look()
        self._once.warn(self._waiting.hand_over)
        return self._tracked.news()

    def cancel(self, jobs: Iterable[Job]) -> None:
        """Cancel jobs; a later poll says that they failed as cancelled. Those that have ended are left as they are.

        Raises SubmitError when the scheduler does not take it.
        """
        keys = [job.key for job in jobs]
        for request in self._waiting.drop(keys):
            self._tracked.refuse(request, Finding(State.FAILED, Status.CANCELLED, "before it was handed over"))
        if running := [self._tracked.entries[key] for key in keys if key in self._tracked.entries]:
            self._tracked.ending.update(entry.request.key for entry in running)
            self._backend.stop(running)

    @property
    def may_leave(self) -> bool:
        """Whether all that was handed over is started and ended without this process."""
        return self._backend.orders

    @property
    def jobs(self) -> list[Job]:
        """Jobs that have not ended, those that were handed over first."""
        handed = [entry.request for entry in self._tracked.entries.values()]
        return [self._tracked.job(request) for request in [*handed, *self._waiting.requests]]

    @property
    def missed(self) -> list[Update]:
        """Ends of jobs that nobody waits for."""
        return self._tracked.missed

    @property
    def active(self) -> bool:
        """Whether some job has not ended, or its end was not told."""
        return bool(self._waiting.requests) or self._tracked.is_active

    def close(self) -> None:
        """Let go of the folder; jobs go on or end with this process as the options say."""
        self._held.close()

    def __enter__(self) -> Launcher:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _recall(self) -> None:
        """Take over what an earlier launcher left."""
        written = self._journal.in_flight()
        standing = self._backend.recall(written)
        for batch in written:
            if batch in standing:
                self._tracked.take(batch)
            else:
                self._journal.withdraw(batch)
        self._look()
        self._tracked.set_aside_ends()

    def _look(self) -> None:
        entries = list(self._tracked.entries.values())
        for entry, finding in zip(entries, self._backend.look(entries), strict=True):
            if finding is not None:
                self._tracked.note(entry, finding, self._waiting.keys)
            elif entry.request.key in self._tracked.entries:
                self._waiting.take_back(entry.batch)
        for batch, _ in by_batch(entries):
            self._once.warn(batch.save)
