"""Which pairs of a pool are chosen, exactly, however many there are: memory holds a piece of the pool at a time.

Ids are written to files of sorted runs: those of the best pairs, then those that are taken of these at random. Equal
scores go by uid.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory

import numpy as np

from study.data.index import Index
from study.data.parallel import Workers, silent
from study.data.subset.batches import BATCH
from study.data.subset.best import best, last_kept
from study.data.subset.cut import Prefix, cut, total
from study.data.subset.keys import UNKNOWN, placements, score_of
from study.data.subset.runs import Run, write_merged
from study.data.subset.sizes import subset_size
from study.data.subset.stored import Subset
from study.data.subset.work import Work

ALONE = 1 << 24  # pairs that are chosen from in about the time that processes take to start
PLACE = Prefix(0, 64)  # of a placement: none of its bits
Say = Callable[[str], None]


def choose(
    index: Index, quality: float, pairs: int | None, path: Path, say: Say = silent, processes: int = 0
) -> Subset:
    """The best ``round(quality * n)`` pairs by score, of these ``pairs`` at random (all if none), as the file ``path``.

    Of equal scores the smaller uids are better, and unknown scores come last. A smaller number of pairs is always
    inside a larger one. Parts are kept in a folder beside ``path`` until it is whole: the same call takes them up
    again, so a path must stand for one pool and one choice. As many processes as help are used if none are given.
    Raises DataError for a subset that the pool cannot give, StorageError when it cannot be written.
    """
    count, kept = subset_size(index.pairs, quality, pairs), subset_size(index.pairs, quality, None)
    folder = path.with_name(f".{path.name}.parts")
    with Workers(processes or _processes(index)) as workers:
        work = Work(folder, workers, say)
        runs = best(index, kept, work)
        if count < kept:
            runs = _at_random(runs, count, work)
        write_merged(path, runs, count)
    rmtree(folder, ignore_errors=True)
    return Subset(path)


def lowest_kept(index: Index, quality: float, say: Say = silent) -> float | None:
    """The lowest score of the pairs kept, none where all are unknown; raises DataError as ``choose`` does."""
    with TemporaryDirectory() as folder, Workers(_processes(index)) as workers:
        work = Work(Path(folder), workers, say)
        kept = subset_size(index.pairs, quality, None)
        last = last_kept(index, kept, work)
        known = kept - last.of_equal if last.key == UNKNOWN else kept
        return score_of(last_kept(index, known, work).key) if known else None


def _processes(index: Index) -> int:
    if index.pairs < ALONE:
        return 1
    from study.hardware.machine import cpu_threads  # loads what small pools have no use for

    return min(cpu_threads(), -(-index.pairs // BATCH))


def _at_random(runs: list[Run], count: int, work: Work) -> list[Run]:
    """Of the ids, the first by their placement."""
    named = {f"{run.path.parent.name}-{run.path.name}": run for run in runs}
    placed = [path for (path,) in work.each(("placed",), _placed, named)]
    last = cut(lambda prefix: total((np.fromfile(path, np.uint64) for path in placed), prefix), PLACE, count)
    pairs = {name: (run, path) for (name, run), path in zip(named.items(), placed, strict=True)}
    return [Run.whole(path) for (path,) in work.each(("taken",), partial(_taken, last.key), pairs)]


def _placed(run: Run) -> tuple[np.ndarray]:
    return (placements(run.read()),)


def _taken(last: int, pair: tuple[Run, Path]) -> tuple[np.ndarray]:
    run, places = pair
    return (run.read()[np.fromfile(places, np.uint64) <= last],)
