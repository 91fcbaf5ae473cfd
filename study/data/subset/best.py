"""The best pairs of a pool by score: the scores are read twice, and once the ids of the pairs that may be kept.

The first time the leading bits of the scores are counted, which tells the pairs that are kept from those that are not,
but for some whose scores begin as that of the last one kept: these are few, and are told apart once they are written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from study.data.ids import IDS, concatenated, in_order, order
from study.data.index import Index, Piece
from study.data.subset.arrays import Kept
from study.data.subset.batches import batches
from study.data.subset.cut import BITS, Cut, Prefix, counts, cut, narrowed, total
from study.data.subset.keys import UNKNOWN, score_keys
from study.data.subset.runs import Run, first_by_uid
from study.data.subset.work import Work
from study.errors import DataError

KEYS, COUNTS = np.dtype(np.uint32), np.dtype(np.int64)
SCORE = Prefix(0, 32)  # of a score's key: none of its bits


def best(index: Index, kept: int, work: Work) -> list[Run]:
    """The ids of the best pairs, in sorted runs; raises DataError when it takes scores and there are none."""
    parts = batches(index)
    if kept == index.pairs:
        return [Run.whole(ids) for (ids,) in work.each({"all": IDS}, _all, parts)]
    start, wanted = narrowed(_counts(parts, work, SCORE), SCORE, kept)
    _check(start, wanted, index, kept)
    found = work.each({"better": IDS, "open": IDS, "keys": KEYS}, partial(_split, start), parts)
    last = cut(lambda prefix: total((keys.read() for _, _, keys in found), prefix), start, wanted)
    still_open = {name: (ids, keys) for name, (_, ids, keys) in zip(parts, found, strict=True)}
    divided = work.each({"closer": IDS, "equal": IDS}, partial(_divided, last.key), still_open)
    better = [Run.whole(arrays[0]) for arrays in (*found, *divided)]
    return [*better, *first_by_uid([Run.whole(equal) for _, equal in divided], last.of_equal)]


def last_kept(index: Index, kept: int, work: Work) -> Cut:
    """The score key of the last of the best pairs, and how many of them have it; raises DataError as ``best`` does."""
    parts = batches(index)
    last = cut(partial(_counts, parts, work), SCORE, kept)
    _check(Prefix(last.key, 0), last.of_equal, index, kept)
    return last


def _check(start: Prefix, wanted: int, index: Index, kept: int) -> None:
    """No other key begins as that of no score does."""
    if kept < index.pairs and start.value == UNKNOWN >> start.rest and wanted == kept:
        raise DataError(
            f"quality {kept / index.pairs:g} needs scores, and no pair of the pool has one; use quality 1, or name "
            "the source's score column"
        )


def _counts(parts: Mapping[str, Sequence[Piece]], work: Work, prefix: Prefix) -> np.ndarray:
    """``counts`` of all scores after the prefix."""
    name = f"{prefix.rest}-{prefix.value}"
    found = work.each({f"digits-{name}": COUNTS, f"counts-{name}": COUNTS}, partial(_counted, prefix), parts)
    added = np.zeros(1 << BITS, np.int64)
    for digits, here in found:
        added[digits.read()] += here.read()
    return added


def _counted(prefix: Prefix, batch: Sequence[Piece]) -> tuple[np.ndarray, np.ndarray]:
    """The digits that follow the prefix in the scores, and how often."""
    here = counts(np.concatenate([_keys(piece) for piece in batch]), prefix)
    digits = np.flatnonzero(here)
    return digits, here[digits]


def _all(batch: Sequence[Piece]) -> tuple[np.ndarray]:
    return (in_order(concatenated([piece.ids(np.ones(len(_keys(piece)), bool)) for piece in batch])),)


def _split(start: Prefix, batch: Sequence[Piece]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sorted ids of the pairs that are kept, and of those whose scores begin as the last, with these scores' keys."""
    least, most = start.value << start.rest, ((start.value + 1) << start.rest) - 1
    better, still_open, keys = [], [], []
    for piece in batch:
        here = _keys(piece)
        kept = here <= most
        ids, here = piece.ids(kept), here[kept]
        is_better = here < least
        better.append(ids.take(np.flatnonzero(is_better)))
        rest = np.flatnonzero(~is_better)
        still_open.append(ids.take(rest))
        keys.append(here.take(rest))
    ids = concatenated(still_open)
    rows = order(ids["f0"], ids["f1"])
    return in_order(concatenated(better)), ids[rows], np.concatenate(keys)[rows]


def _divided(last: int, pair: tuple[Kept, Kept]) -> tuple[np.ndarray, np.ndarray]:
    """Of sorted ids, those with better scores than the last, and those with the same."""
    ids, keys = (array.read() for array in pair)
    return ids[keys < last], ids[keys == last]


def _keys(piece: Piece) -> np.ndarray:
    scores = piece.scores()
    if len(scores) != piece.pairs:
        raise DataError(f"{piece.name} has {len(scores)} pairs where {piece.pairs} were counted; plan again")
    return score_keys(scores)
