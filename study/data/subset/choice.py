"""Which pairs of a pool are chosen, exactly, however many there are: memory holds a piece of the pool at a time.

Ids are sorted run by run: those of the best pairs, then those that are taken of these at random. Equal scores go by
uid. Runs are files, but for pools that are chosen from in a second or two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from shutil import rmtree

import numpy as np

from study.data.ids import IDS
from study.data.index import Index
from study.data.parallel import Workers, silent
from study.data.subset.arrays import Kept
from study.data.subset.batches import BATCH
from study.data.subset.best import best, last_kept
from study.data.subset.cut import Prefix, cut, total
from study.data.subset.keys import UNKNOWN, placements, score_of
from study.data.subset.runs import Run, write_merged
from study.data.subset.sizes import subset_size
from study.data.subset.stored import Subset
from study.data.subset.work import InFiles, InMemory, Work
from study.io import scratch_folder

AT_ONCE = 1 << 24  # pairs that are chosen from in about the time that processes take to start; 16 bytes each
PLACE, PLACES = Prefix(0, 64), np.dtype(np.uint64)  # of a placement: none of its bits, and all
Say = Callable[[str], None]


def choose(
    index: Index, quality: float, pairs: int | None, path: Path, say: Say = silent, processes: int = 0
) -> Subset:
    """The best ``round(quality * n)`` pairs by score, of these ``pairs`` at random (all if none), as the file ``path``.

    Of equal scores the smaller uids are better, and unknown scores come last. A smaller number of pairs is always
    inside a larger one. Of more than ``AT_ONCE`` pairs parts are kept in a folder beside ``path`` until it is whole:
    the same call takes them up again, so a path must stand for one pool and one choice. As many processes as help work
    on these if none are given. Raises DataError for a subset that the pool cannot give, StorageError when it cannot be
    written.
    """
    count, kept = subset_size(index.pairs, quality, pairs), subset_size(index.pairs, quality, None)
    with _work(index, path.with_name(f".{path.name}.parts"), say, processes) as work:
        runs = best(index, kept, work)
        if count < kept:
            runs = _at_random(runs, count, work)
        write_merged(path, runs, count)
    return Subset(path)


def lowest_kept(index: Index, quality: float, say: Say = silent) -> float | None:
    """The lowest score of the pairs kept, none where all are unknown; raises DataError as ``choose`` does."""
    with scratch_folder() as folder, _work(index, folder, say) as work:
        kept = subset_size(index.pairs, quality, None)
        last = last_kept(index, kept, work)
        known = kept - last.of_equal if last.key == UNKNOWN else kept
        return score_of(last_kept(index, known, work).key) if known else None


@contextmanager
def _work(index: Index, folder: Path, say: Say, processes: int = 0) -> Iterator[Work]:
    """The folder is removed when all is done, and stays when it is stopped."""
    if index.pairs <= AT_ONCE:
        yield InMemory(_cpus(index))
        return
    with Workers(processes or _cpus(index)) as workers:
        yield InFiles(folder, workers, say)
    rmtree(folder, ignore_errors=True)


def _cpus(index: Index) -> int:
    if index.pairs <= BATCH:
        return 1
    from study.hardware.machine import cpu_threads  # loads what small pools have no use for

    return min(cpu_threads(), -(-index.pairs // BATCH))


def _at_random(runs: list[Run], count: int, work: Work) -> list[Run]:
    """Of the ids, the first by their placement."""
    named = {run.ids.name: run for run in runs}
    placed = [places for (places,) in work.each({"placed": PLACES}, _placed, named)]
    last = cut(lambda prefix: total((places.read() for places in placed), prefix), PLACE, count)
    pairs = {name: (run, places) for (name, run), places in zip(named.items(), placed, strict=True)}
    return [Run.whole(ids) for (ids,) in work.each({"taken": IDS}, partial(_taken, last.key), pairs)]


def _placed(run: Run) -> tuple[np.ndarray]:
    return (placements(run.read()),)


def _taken(last: int, pair: tuple[Run, Kept]) -> tuple[np.ndarray]:
    run, places = pair
    return (run.read()[places.read() <= last],)
