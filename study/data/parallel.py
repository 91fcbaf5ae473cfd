"""The same work on many items, over processes where there are several, with a line of progress now and then."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import TypeVar

from study.errors import DataError

T = TypeVar("T")
R = TypeVar("R")
EVERY = 10  # seconds between lines of progress


def silent(line: str) -> None:
    """Tell nobody of progress."""


class Workers:
    """Processes that stay for several kinds of work; fewer than two are this process itself."""

    def __init__(self, processes: int) -> None:
        alone = ("POLARS_MAX_THREADS", "1")  # of each process, set before polars is imported there
        several = processes > 1
        self._pool = ProcessPoolExecutor(processes, get_context("spawn"), os.putenv, alone) if several else None

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def each(self, work: Callable[[T], R], items: Sequence[T], what: str, say: Callable[[str], None]) -> list[R]:
        """What ``work`` gives of each item, in order; ``work`` and the items must be fit to be sent to a process.

        Raises what ``work`` raises first, and DataError when a process was killed.
        """
        try:
            results = map(work, items) if self._pool is None else self._pool.map(work, items)
            return list(_told(results, len(items), what, say))
        except BrokenProcessPool as error:
            raise DataError(f"{what}: a process was killed, perhaps for its memory; run it again to go on") from error


def each(work: Callable[[T], R], items: Sequence[T], processes: int, what: str, say: Callable[[str], None]) -> list[R]:
    """``Workers.each`` by so many processes at most, which end with it."""
    with Workers(min(processes, len(items))) as workers:
        return workers.each(work, items, what, say)


def _told(results: Iterable[R], total: int, what: str, say: Callable[[str], None]) -> Iterator[R]:
    heard = time.monotonic()
    for done, result in enumerate(results, start=1):
        yield result
        if time.monotonic() - heard > EVERY:
            heard = time.monotonic()
            say(f"{what}: {done:,} of {total:,}")
