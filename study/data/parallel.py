"""The same work on many items, over processes where there are several, with a line of progress now and then."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import TypeVar

from study.errors import DataError
from study.hardware import cpu_threads

T = TypeVar("T")
R = TypeVar("R")
EVERY = 10  # seconds between lines of progress


def each(work: Callable[[T], R], items: Sequence[T], what: str, say: Callable[[str], None]) -> list[R]:
    """What ``work`` gives of each item, in order; ``work`` and the items must be fit to be sent to a process.

    Raises what ``work`` raises first, and DataError when a process was killed.
    """
    processes = min(cpu_threads(), len(items))
    if processes < 2:
        return list(_told(map(work, items), len(items), what, say))
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        try:
            return list(_told(pool.map(work, items), len(items), what, say))
        except BrokenProcessPool as error:
            raise DataError(f"{what}: a process was killed, perhaps for its memory; run it again to go on") from error
        finally:
            pool.shutdown(cancel_futures=True)


def _told(results: Iterable[R], total: int, what: str, say: Callable[[str], None]) -> Iterator[R]:
    heard = time.monotonic()
    for done, result in enumerate(results, start=1):
        yield result
        if time.monotonic() - heard > EVERY:
            heard = time.monotonic()
            say(f"{what}: {done:,} of {total:,}")
