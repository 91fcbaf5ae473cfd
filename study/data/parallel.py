"""The same work on many items, over processes where there are several, with a line of progress now and then."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from multiprocessing.connection import wait
from typing import Any, TypeVar

from study.data.apart.child import TRIES, Child, EndedError
from study.errors import DataError

T = TypeVar("T")
R = TypeVar("R")
Lost = Callable[[T, EndedError], R]  # what stands for an item that ends the process that works on it
EVERY = 10  # seconds between lines of progress
ALONE = {"POLARS_MAX_THREADS": "1"}  # of each process, set before polars is imported there


def silent(line: str) -> None:
    """Tell nobody of progress."""


class Workers:
    """Processes that stay for several kinds of work; fewer than two are this process itself."""

    def __init__(self, processes: int) -> None:
        self._processes = processes if processes > 1 else 0
        self._idle: list[Child] = []
        self._busy: dict[int, Child] = {}  # by the number of the item that it is on

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        children = [*self._idle, *self._busy.values()]
        for child in children if kind is not None else ():
            child.interrupt()
        for child in children:
            child.end()

    def each(
        self,
        work: Callable[[T], R],
        items: Sequence[T],
        what: str,
        say: Callable[[str], None],
        lost: Lost[T, R] | None = None,
    ) -> list[R]:
        """What ``work`` gives of each item, in order; ``work`` and the items must be fit to be sent to a process.

        Raises what ``work`` raises first, and DataError for an item on which processes end, where nothing is ``lost``
        that stands for it.
        """
        done = self._spread(work, items, what, lost) if self._processes else enumerate(map(work, items))
        found = dict(_told(done, len(items), what, say))
        return [found[number] for number in range(len(items))]

    def _spread(
        self, work: Callable[[T], R], items: Sequence[T], what: str, lost: Lost[T, R] | None
    ) -> Iterator[tuple[int, R]]:
        """The number of an item and its result, as they are done."""
        waiting, tries = deque(range(len(items))), [TRIES] * len(items)
        while waiting or self._busy:
            while waiting and len(self._busy) < self._processes:
                number = waiting.popleft()
                self._busy[number] = self._started(partial(_one, work), items[number])
            for number in self._answered():
                try:
                    yield number, self._result(number)
                except EndedError as error:
                    tries[number] -= 1
                    if tries[number]:
                        waiting.appendleft(number)
                    else:
                        yield number, _instead(lost, items[number], what, error)

    def _started(self, work: Callable[[T], Iterator[R]], item: T) -> Child:
        child = self._idle.pop() if self._idle else Child(ALONE)
        child.start(work, item)
        return child

    def _answered(self) -> list[int]:
        there = {*wait([child.connection for child in self._busy.values()])}
        return [number for number, child in self._busy.items() if child.connection in there]

    def _result(self, number: int) -> Any:
        child = self._busy.pop(number)
        [result] = child.results()
        self._idle.append(child)
        return result


def each(
    work: Callable[[T], R],
    items: Sequence[T],
    processes: int,
    what: str,
    say: Callable[[str], None],
    lost: Lost[T, R] | None = None,
) -> list[R]:
    """``Workers.each`` by so many processes at most, which end with it."""
    with Workers(min(processes, len(items))) as workers:
        return workers.each(work, items, what, say, lost)


def _one(work: Callable[[T], R], item: T) -> Iterator[R]:
    yield work(item)


def _instead(lost: Lost[T, R] | None, item: T, what: str, error: EndedError) -> R:
    if lost is None:
        raise DataError(f"{what}: {error}, perhaps for its memory; run it again to go on") from error
    return lost(item, error)


def _told(results: Iterable[R], total: int, what: str, say: Callable[[str], None]) -> Iterator[R]:
    heard = time.monotonic()
    for done, result in enumerate(results, start=1):
        yield result
        if time.monotonic() - heard > EVERY:
            heard = time.monotonic()
            say(f"{what}: {done:,} of {total:,}")
