"""The launcher: a queue before a backend, and a journal, so that a restarted process submits nothing twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from types import TracebackType

from study.errors import StorageError, SubmitError
from study.launch.backend import Backend, Entry, Finding, Opens, Say, TryLaterError, by_batch
from study.launch.batch import cancelled
from study.launch.failed import end_of_log, leave_note, remove_note
from study.launch.journal import Journal
from study.launch.request import Request
from study.launch.states import Job, State, Update
from study.records import Status


class Launcher:
    """Submits, polls and cancels; made by ``open_launcher``, ended by ``close`` or as a context. Not for many threads.

    Jobs are known by the ``key`` of their request. Those that an earlier process left in flight are here from the
    start: ``jobs`` lists them, and the first ``poll`` says how each stands. In ``missed`` are the ends of jobs that
    nobody waits for: that ended while no launcher was there, or were cancelled and their keys submitted again since.
    """

    def __init__(self, journal: Journal, opens: Opens, say: Say, held: ExitStack) -> None:
        self._journal, self._say, self._held = journal, say, held
        self._backend: Backend = opens(journal.options, say)
        held.callback(self._backend.close)
        self._waiting: dict[str, Request] = {}
        self._active: dict[str, Entry] = {}
        self._ending: set[str] = set()
        self._last: dict[str, Finding] = {}
        self._news: dict[tuple[str, str | None], Update] = {}
        self._complained = ""
        self.missed: list[Update] = []
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
            if request.key not in self._active or request.key in self._ending:
                self._waiting.setdefault(request.key, request)
        self._hand_over()
        return [self._job(request) for request in requests]

    def poll(self) -> list[Update]:
        """What changed since the last poll, one update a job. May be called as often as one likes.

        Files that the jobs wrote are looked at each time; the scheduler is asked for all jobs at once, and not more
        often than every ``query_seconds``. When it does not answer, that is said once, and jobs stay as they were.
        """
        self._look()
        self._warned(self._hand_over)
        news, self._news = self._news, {}
        return list(news.values())

    def cancel(self, jobs: Iterable[Job]) -> None:
        """Cancel jobs; a later poll says that they failed as cancelled. Those that have ended are left as they are.

        Raises SubmitError when the scheduler does not take it.
        """
        keys = [job.key for job in jobs]
        for request in filter(None, [self._waiting.pop(key, None) for key in keys]):
            self._refuse(request, Finding(State.FAILED, Status.CANCELLED, "before it was handed over"))
        if running := [self._active[key] for key in keys if key in self._active]:
            self._ending.update(entry.request.key for entry in running)
            self._backend.stop(running)

    @property
    def jobs(self) -> list[Job]:
        """Jobs that have not ended, those that were handed over first."""
        requests = [*(entry.request for entry in self._active.values()), *self._waiting.values()]
        return [self._job(request) for request in requests]

    @property
    def active(self) -> bool:
        """Whether some job has not ended, or its end was not told."""
        return bool(self._active or self._waiting or self._news)

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
            if batch not in standing:
                self._journal.withdraw(batch)
        for batch in standing:
            self._active |= {batch.requests[index].key: Entry(batch, index) for index in batch.untold}
            self._ending |= {batch.requests[index].key for index in cancelled(batch.folder)}
        self._look()
        self.missed += [update for update in self._news.values() if not update.state.active]
        self._news = {of: update for of, update in self._news.items() if update.state.active}

    def _look(self) -> None:
        entries = list(self._active.values())
        for entry, finding in zip(entries, self._backend.look(entries), strict=True):
            self._note(entry, finding)
        for batch, _ in by_batch(entries):
            self._warned(batch.save)

    def _hand_over(self) -> None:
        for requests in self._backend.admit(
            [r for r in self._waiting.values() if self._may_start(r)], len(self._active)
        ):
            batch = self._journal.write(requests)
            after = {key for request in requests for key in request.after if key in self._active}
            try:
                self._backend.start(batch, [self._active[key] for key in sorted(after)])
            except TryLaterError as error:
                self._journal.withdraw(batch)
                self._complain(str(error))
                return
            except SubmitError as error:
                self._journal.withdraw(batch)
                for request in requests:
                    self._refuse(self._waiting.pop(request.key), Finding(State.FAILED, Status.FAILED, str(error)))
            else:
                self._active |= {request.key: Entry(batch, index) for index, request in enumerate(requests)}
                for request in requests:
                    remove_note(self._waiting.pop(request.key))
                self._warned(batch.save)

    def _may_start(self, request: Request) -> bool:
        """Whether nobody is to be waited for: those whom it comes after, and its own job that is being cancelled."""
        before = self._waiting.keys() if self._backend.orders else self._waiting.keys() | self._active.keys()
        return request.key not in self._active and not before & set(request.after) - {request.key}

    def _refuse(self, request: Request, finding: Finding) -> None:
        remove_note(request)
        leave_note(request, finding)
        self._tell(Update(self._job(request), *finding))

    def _note(self, entry: Entry, finding: Finding) -> None:
        key = entry.request.key
        if finding == self._last.get(key):
            return
        self._last[key] = finding
        log_end = end_of_log(entry) if finding.state is State.FAILED else ""
        update = Update(self._job(entry.request), *finding, log_end)
        if key in self._waiting and not finding.state.active:
            self.missed.append(update)
        else:
            self._tell(update)
        if not finding.state.active:
            leave_note(entry.request, finding)
            entry.batch.note(told=[entry.index])
            self._ending.discard(key)
            del self._active[key], self._last[key]

    def _tell(self, update: Update) -> None:
        self._news[update.job.key, update.job.id] = update

    def _job(self, request: Request) -> Job:
        entry = self._active.get(request.key)
        return Job(request.key, request.name, request.log, entry.id if entry else None)

    def _warned(self, call: Callable[[], None]) -> None:
        """What cannot be written now is kept in memory, and written by a later poll."""
        try:
            call()
        except StorageError as error:
            self._complain(f"{error}; kept in memory, and tried again")

    def _complain(self, words: str) -> None:
        if words != self._complained:
            self._say(words)
        self._complained = words
