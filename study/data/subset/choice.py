"""Which pairs of a pool are chosen, exactly, however many there are: memory holds a piece of the pool at a time.

The scores are read to find the one that the last kept pair has, by counting their bits; once more with the ids, to
write those of each piece that are kept; what follows works on these files. Equal scores go by uid.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from hashlib import blake2b
from itertools import accumulate, groupby
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl

from study.data.index import Index, Piece
from study.data.parallel import Workers
from study.data.source import silent
from study.data.subset.cut import BITS, Cut, Prefix, cut, total
from study.data.subset.ids import packed
from study.data.subset.keys import UNKNOWN, placements, score_keys, score_of
from study.data.subset.runs import Run, first_by_uid, write_merged
from study.data.subset.sizes import subset_size
from study.data.subset.stored import Subset
from study.data.subset.work import Work
from study.errors import DataError
from study.hardware.machine import cpu_threads

ALONE = 1 << 24  # pairs that are chosen from in about the time that processes take to start
BATCH = 1 << 19  # pairs, about: what is in a process's memory at a time
SCORE_BITS, PLACE_BITS = 32, 64
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
        runs = _best(index, kept, work)
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
        last = _last_score(index, kept, work)
        known = kept - last.of_equal if last.key == UNKNOWN else kept
        return score_of(_last_score(index, known, work).key) if known else None


def _processes(index: Index) -> int:
    return min(cpu_threads(), -(-index.pairs // BATCH)) if index.pairs >= ALONE else 1


def _batches(index: Index) -> dict[str, list[Piece]]:
    """Pieces in order, as many together as have about ``BATCH`` pairs, by a name that is that of no other batch."""
    starts = accumulate((piece.pairs for piece in index.pieces), initial=0)
    grouped = groupby(zip(starts, index.pieces, strict=False), key=lambda pair: pair[0] // BATCH)
    batches = ([piece for _, piece in group] for _, group in grouped)
    return {_name(batch): batch for batch in batches}


def _name(batch: Sequence[Piece]) -> str:
    digest = blake2b(digest_size=16)
    for piece in batch:
        digest.update(f"{piece.pairs} {piece.name}\n".encode())
    return digest.hexdigest()


def _best(index: Index, kept: int, work: Work) -> list[Run]:
    """The ids of the best pairs, in sorted runs."""
    last = _last_score(index, kept, work).key if kept < index.pairs else UNKNOWN
    found = work.each(("better", "equal"), partial(_split, last), _batches(index))
    better, equal = ([Run.whole(paths[kind]) for paths in found] for kind in (0, 1))
    return [*better, *first_by_uid(equal, kept - sum(run.length for run in better))]


def _last_score(index: Index, kept: int, work: Work) -> Cut:
    def count(prefix: Prefix) -> np.ndarray:
        found = work.each((f"scores-{prefix.rest}-{prefix.value}",), partial(_counted, prefix), _batches(index))
        total = np.zeros(1 << BITS, np.int64)
        for (path,) in found:
            digits, here = np.fromfile(path, np.int64).reshape(2, -1)
            total[digits] += here
        return total

    last = cut(count, SCORE_BITS, kept)
    if kept < index.pairs and last == Cut(UNKNOWN, kept):
        raise DataError(
            f"quality {kept / index.pairs:g} needs scores, and no pair of the pool has one; use quality 1, or name "
            "the source's score column"
        )
    return last


def _at_random(runs: list[Run], count: int, work: Work) -> list[Run]:
    """Of the ids, the first by their placement."""
    named = {f"{run.path.parent.name}-{run.path.name}": run for run in runs}
    placed = [path for (path,) in work.each(("placed",), _placed, named)]
    last = cut(lambda prefix: total((np.fromfile(path, np.uint64) for path in placed), prefix), PLACE_BITS, count)
    pairs = {name: (run, path) for (name, run), path in zip(named.items(), placed, strict=True)}
    return [Run.whole(path) for (path,) in work.each(("taken",), partial(_taken, last.key), pairs)]


def _counted(prefix: Prefix, batch: Sequence[Piece]) -> tuple[np.ndarray]:
    """The digits that follow the prefix in the scores, and how often: int64 (2, digits)."""
    here = total((_keys(piece.scores(), piece) for piece in batch), prefix)
    digits = np.flatnonzero(here)
    return (np.stack([digits, here[digits]]),)


def _split(last: int, batch: Sequence[Piece]) -> tuple[np.ndarray, np.ndarray]:
    """Sorted ids of the pairs with better scores than the last, and of those with the same."""
    better, equal = [], []
    for piece in batch:
        keys = _keys(piece.scores(), piece)
        kept = keys <= last
        rows, is_last = piece.ids(kept), keys[kept] == last
        better.append(rows.filter(~is_last))
        equal.append(rows.filter(is_last))
    return packed(pl.concat(better)), packed(pl.concat(equal))


def _keys(scores: pl.Series, piece: Piece) -> np.ndarray:
    if len(scores) != piece.pairs:
        raise DataError(f"{piece.name} has {len(scores)} pairs where {piece.pairs} were counted; plan again")
    return score_keys(scores)


def _placed(run: Run) -> tuple[np.ndarray]:
    return (placements(run.read()),)


def _taken(last: int, pair: tuple[Run, Path]) -> tuple[np.ndarray]:
    run, places = pair
    return (run.read()[np.fromfile(places, np.uint64) <= last],)
