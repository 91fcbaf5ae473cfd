"""Requests that were taken and not handed over yet, and handing them over when their time has come."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from study.errors import StorageError, SubmitError
from study.launch.backend import Backend, Finding, TooManyError, TryLaterError
from study.launch.batch import Batch
from study.launch.failed import remove_note
from study.launch.journal import Journal
from study.launch.once import Once
from study.launch.request import Request
from study.launch.states import State
from study.launch.tracked import Tracked
from study.records import Status


class Waiting:
    """The queue before a backend; what leaves it is in the journal first, and tracked from then on."""

    def __init__(self, journal: Journal, backend: Backend, tracked: Tracked, once: Once) -> None:
        self._journal, self._backend, self._tracked, self._once = journal, backend, tracked, once
        self._requests: dict[str, Request] = {}
        self._most: int | None = None  # jobs at once, since the scheduler refused more

    @property
    def requests(self) -> list[Request]:
        """The first first."""
        return list(self._requests.values())

    @property
    def keys(self) -> Collection[str]:
        """Of the requests."""
        return self._requests.keys()

    def add(self, request: Request) -> None:
        """Take a request, unless one with its key waits."""
        self._requests.setdefault(request.key, request)

    def drop(self, keys: Iterable[str]) -> list[Request]:
        """Forget those with these keys; they are given back."""
        return [self._requests.pop(key) for key in keys if key in self._requests]

    def hand_over(self) -> None:
        """Hand over what may start; raises StorageError when the journal cannot be written."""
        ready = [request for request in self._requests.values() if self._may_start(request)]
        try:
            for requests in self._backend.admit(ready, len(self._tracked.entries)) if ready else []:
                self._in_parts(requests)
        except TryLaterError as error:
            self._once.complain(str(error))

    def take_back(self, batch: Batch) -> None:
        """Of a batch that was not taken: its jobs wait again, before all others."""
        self._journal.withdraw(batch)
        for request in batch.requests:
            self._tracked.drop(request.key)
        self._requests = {request.key: request for request in batch.requests} | self._requests

    def _in_parts(self, requests: Sequence[Request]) -> None:
        """Together, unless this user may not have so many jobs: then half of them, and twice as many once it may."""
        left = list(requests)
        while left:
            part = left[: self._most]
            try:
                self._together(part)
            except TooManyError:
                if len(part) == 1:
                    raise
                self._most = len(part) // 2
            else:
                left = left[len(part) :]
                self._most = self._most and 2 * self._most

    def _together(self, requests: Sequence[Request]) -> None:
        before = sorted({key for request in requests for key in request.after})
        after = [self._tracked.entries[key] for key in before if key in self._tracked.entries]
        batch = self._journal.write(requests)
        self._tracked.take(batch)  # before it is known whether it was taken: whatever ends this call, it is not twice
        for request in requests:
            remove_note(self._requests.pop(request.key))
        try:
            self._backend.start(batch, after)
        except (TryLaterError, StorageError):
            self.take_back(batch)
            raise
        except SubmitError as error:
            self._journal.withdraw(batch)
            for request in requests:
                self._tracked.drop(request.key)
                self._tracked.refuse(request, Finding(State.FAILED, Status.FAILED, str(error)))
        else:
            self._once.warn(batch.save)

    def _may_start(self, request: Request) -> bool:
        """Whether nobody is to be waited for: those whom it comes after, and its own job that is being cancelled."""
        handed = self._tracked.entries
        waits = any(key in self._requests or (key in handed and not self._backend.orders) for key in request.after)
        return not waits and request.key not in handed
