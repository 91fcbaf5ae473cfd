"""Sorted runs of ids: which ids come first, and all of them as one sorted file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from study.data.ids import IDS, concatenated, in_order, positions, texts
from study.data.subset.arrays import Kept
from study.data.subset.cut import Prefix, cut, total
from study.errors import DataError
from study.io import write_whole

HALF = Prefix(0, 64)  # of an id: none of its bits
STRIDE = 4096  # ids between two of a run that are looked at to divide all into blocks
BLOCK = 1 << 20  # ids, about: what is sorted in memory at a time, 16 MB


class Run(NamedTuple):
    """The first ``length`` of sorted ids, kind ``IDS``."""

    ids: Kept
    length: int

    @classmethod
    def whole(cls, ids: Kept) -> Run:
        """All of them."""
        return cls(ids, len(ids))

    def read(self) -> np.ndarray:
        """``IDS`` (length,), not to be written to."""
        return self.ids.read(0, self.length)

    def mapped(self) -> np.ndarray:
        """The same, of which memory has what is looked at; there must be some."""
        return self.ids.mapped()[: self.length]


def first_by_uid(runs: Sequence[Run], wanted: int) -> list[Run]:
    """The smallest ``wanted`` ids of all, as runs that end earlier."""
    if wanted == sum(run.length for run in runs):
        return list(runs)
    if not wanted:
        return []
    hi = cut(lambda prefix: total((run.read()["f0"] for run in runs), prefix), HALF, wanted)
    lo = cut(lambda prefix: total((_seconds(run, hi.key) for run in runs), prefix), HALF, hi.of_equal)
    last = np.array([(hi.key, lo.key)], IDS)
    return [Run(run.ids, _until(run.read(), last)) for run in runs]


def _seconds(run: Run, first: int) -> np.ndarray:
    """The second halves of the ids with this first half."""
    ids = run.read()
    return ids["f1"][ids["f0"] == first]  # type: ignore[no-any-return]


def _until(ids: np.ndarray, last: np.ndarray) -> int:
    before = int(positions(ids, last["f0"], last["f1"])[0])
    return before + int((ids[before : before + 1] == last).sum())


def write_merged(path: Path, runs: Sequence[Run], count: int) -> None:
    """All ids as one sorted ``.npy`` file of ``IDS`` (count,), whole or not at all.

    Raises DataError when there are not so many different ones, StorageError when it cannot be written.
    """

    def write(file: BinaryIO) -> None:
        np.lib.format.write_array_header_1_0(file, {"descr": IDS.descr, "fortran_order": False, "shape": (count,)})
        for ids in _blocks([run for run in runs if run.length]):
            repeated = np.flatnonzero((ids["f0"][1:] == ids["f0"][:-1]) & (ids["f1"][1:] == ids["f1"][:-1]))
            if len(repeated):
                first = texts(ids[repeated[:1]]).decode()
                raise DataError(f"the pool has pair {first} more than once; each pair needs an id of its own")
            file.write(ids.data)

    if sum(run.length for run in runs) != count:
        raise DataError("the pool has pairs more than once; each pair needs an id of its own")
    write_whole(path, write)


def _blocks(runs: Sequence[Run]) -> Iterator[np.ndarray]:
    """All ids in order, about ``BLOCK`` at a time: what lies between two ids is a slice of each run."""
    seen = in_order(concatenated([np.array(run.mapped()[STRIDE - 1 :: STRIDE]) for run in runs]))
    edges = seen[BLOCK // STRIDE - 1 :: BLOCK // STRIDE]
    ends = [[0, *positions(run.mapped(), edges["f0"], edges["f1"]).tolist(), run.length] for run in runs]
    for block in range(len(edges) + 1):
        slices = [run.ids.read(*end[block : block + 2]) for run, end in zip(runs, ends, strict=True)]
        yield in_order(concatenated(slices))
