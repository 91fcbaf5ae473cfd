"""Long work on many items in steps: each item's results are files, so that it goes on where it stopped.

What takes a second or two is done in memory instead, by threads.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeVar

import numpy as np

from study.data.parallel import Workers
from study.data.subset.arrays import Filed, Held, Kept
from study.io import write_whole

T = TypeVar("T")
Make = Callable[[T], tuple[np.ndarray, ...]]
Kinds = Mapping[str, np.dtype]  # what is made of an item: its name, unique in the work, and its kind


class Work(ABC):
    """Where results are, and who makes them."""

    @abstractmethod
    def each(self, kinds: Kinds, make: Make[T], items: Mapping[str, T]) -> Sequence[tuple[Kept, ...]]:
        """The arrays, of one dimension and of these kinds, that ``make`` gives of each item, in the items' order."""


class InMemory(Work):
    """Forgotten when it is stopped."""

    def __init__(self, threads: int) -> None:
        self.threads = threads

    def each(self, kinds: Kinds, make: Make[T], items: Mapping[str, T]) -> Sequence[tuple[Kept, ...]]:
        """``make`` must be fit to be called by several threads."""
        made = self._made(make, list(items.values()))
        named = zip(items, made, strict=True)
        return [tuple(map(Held, (f"{kind}-{key}" for kind in kinds), arrays)) for key, arrays in named]

    def _made(self, make: Make[T], items: list[T]) -> list[tuple[np.ndarray, ...]]:
        threads = min(self.threads, len(items))
        if threads < 2:
            return list(map(make, items))
        pool = ThreadPoolExecutor(threads)
        try:
            return list(pool.map(make, items))
        finally:
            pool.shutdown(cancel_futures=True)


class InFiles(Work):
    """A folder of results, the processes that make them, and who hears of progress."""

    def __init__(self, folder: Path, workers: Workers, say: Callable[[str], None]) -> None:
        self.folder, self.workers, self.say = folder, workers, say

    def each(self, kinds: Kinds, make: Make[T], items: Mapping[str, T]) -> Sequence[tuple[Kept, ...]]:
        """An item whose files are there is not made again; ``make`` and items must be fit to be sent to a process."""
        made = [
            tuple(Filed(f"{kind}-{key}", self.folder / kind / key, dtype) for kind, dtype in kinds.items())
            for key in items
        ]
        both = zip(items.values(), made, strict=True)
        missing = [(item, arrays) for item, arrays in both if not all(array.path.exists() for array in arrays)]
        self.workers.each(partial(_write, make), missing, f"subset, {next(iter(kinds))}", self.say)
        return made


def _write(make: Make[T], missing: tuple[T, tuple[Filed, ...]]) -> None:
    item, filed = missing
    for one, array in zip(filed, make(item), strict=True):
        write_whole(one.path, partial(_put, np.ascontiguousarray(array, one.dtype)))


def _put(array: np.ndarray, file: BinaryIO) -> None:
    file.write(array.data)
