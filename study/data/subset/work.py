"""Long work on many items in steps: each item's result is a file, so that it goes on where it stopped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeVar

import numpy as np

from study.data.parallel import Workers
from study.io import write_whole

T = TypeVar("T")
Make = Callable[[T], tuple[np.ndarray, ...]]


class Work:
    """A folder of results, the processes that make them, and who hears of progress."""

    def __init__(self, folder: Path, workers: Workers, say: Callable[[str], None]) -> None:
        self.folder, self.workers, self.say = folder, workers, say

    def each(self, names: tuple[str, ...], make: Make[T], items: Mapping[str, T]) -> list[tuple[Path, ...]]:
        """The files of the arrays that ``make`` gives of each item, one of each name, in the items' order.

        An item whose files are there is not made again. ``make`` and the items must be fit to be sent to a process.
        """
        paths = {key: tuple(self.folder / name / key for name in names) for key in items}
        missing = [(item, paths[key]) for key, item in items.items() if not all(path.exists() for path in paths[key])]
        self.workers.each(partial(_write, make), missing, f"subset, {names[0]}", self.say)
        return list(paths.values())


def _write(make: Make[T], missing: tuple[T, tuple[Path, ...]]) -> None:
    item, paths = missing
    for path, array in zip(paths, make(item), strict=True):
        write_whole(path, partial(_put, np.ascontiguousarray(array)))


def _put(array: np.ndarray, file: BinaryIO) -> None:
    file.write(array.data)
