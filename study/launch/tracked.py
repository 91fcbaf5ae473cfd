"""Jobs that were handed over, how each stood last, and what of it is still to be told."""

from __future__ import annotations

from collections.abc import Container

from study.launch.backend import Entry, Finding
from study.launch.batch import Batch, cancelled
from study.launch.failed import end_of_log, leave_note, remove_note
from study.launch.request import Request
from study.launch.states import Job, State, Update


class Tracked:
    """Entries by their keys, in the order in which they were handed over.

    ``ending`` are the keys of those that were cancelled: these may be submitted again. ``missed`` are ends that concern
    nobody any more, but for a log.
    """

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.ending: set[str] = set()
        self.missed: list[Update] = []
        self._last: dict[str, Finding] = {}
        self._news: dict[tuple[str, str | None], Update] = {}

    def take(self, batch: Batch) -> None:
        """Begin to track the jobs of a batch whose ends were not told."""
        stopped = cancelled(batch.folder)
        for index in batch.untold:
            key = batch.requests[index].key
            self.entries[key] = Entry(batch, index)
            if index in stopped:
                self.ending.add(key)

    def drop(self, key: str) -> Entry:
        """Track a job no longer."""
        self.ending.discard(key)
        self._last.pop(key, None)
        return self.entries.pop(key)

    def note(self, entry: Entry, finding: Finding, wanted_again: Container[str]) -> None:
        """Remember how a job stands; what changed is news, unless its key was submitted again and it is the end."""
        key = entry.request.key
        if finding == self._last.get(key):
            return
        self._last[key] = finding
        log_end = end_of_log(entry) if finding.state is State.FAILED else ""
        update = Update(self.job(entry.request), *finding, log_end)
        if finding.state.active:
            self._tell(update)
            return
        leave_note(entry.request, finding)
        entry.batch.note(told=[entry.index])
        self.drop(key)
        if key in wanted_again:
            self.missed.append(update)
        else:
            self._tell(update)

    def refuse(self, request: Request, finding: Finding) -> None:
        """Tell of a job that ended before it was handed over."""
        remove_note(request)
        leave_note(request, finding)
        self._tell(Update(self.job(request), *finding))

    def job(self, request: Request) -> Job:
        """The job of a request, with its id where it has one."""
        entry = self.entries.get(request.key)
        return Job(request.key, request.name, request.log, entry.id if entry else None)

    def set_aside_ends(self) -> None:
        """What ended up to now was missed: it is no end of what is submitted from now on."""
        self.missed += [update for update in self._news.values() if not update.state.active]
        self._news = {of: update for of, update in self._news.items() if update.state.active}

    def news(self) -> list[Update]:
        """What is to be told, once."""
        told, self._news = list(self._news.values()), {}
        return told

    @property
    def is_active(self) -> bool:
        """Whether a job goes on, or something is still to be told."""
        return bool(self.entries or self._news)

    def _tell(self, update: Update) -> None:
        self._news[update.job.key, update.job.id] = update
