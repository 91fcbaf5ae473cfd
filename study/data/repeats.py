"""Rows that say the same as one before them, in a pool of any size."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from study.data.spill import divided, in_key_order

Keys = tuple[np.ndarray, np.ndarray]  # the halves of 128 bits, uint64 (n,) each
_ROW = np.dtype([("f0", "<u8"), ("f1", "<u8"), ("piece", "<u4"), ("row", "<u4")])
_HALF = np.dtype([("f0", "<u8")])
HALVES_AT_A_TIME = 1 << 22  # 32 MB


def repeated(pieces: Callable[[], Iterable[Keys]], rows: int, scratch: Path) -> dict[int, np.ndarray]:
    """Piece -> its rows, int64, ascending, whose key an earlier row has; ``rows`` is about how many there are.

    Pieces are read again only where first halves are met twice, which of hashes is where keys are.
    """
    twice = _met_twice(pieces(), rows, scratch)
    if not len(twice):
        return {}
    suspects = _rows(pieces(), twice)
    drops = np.concatenate([_later(part) for part in in_key_order(suspects, rows, _ROW, scratch)])
    drops = drops[np.lexsort((drops["row"], drops["piece"]))]
    numbers, starts = np.unique(drops["piece"], return_index=True)
    found = np.split(drops["row"].astype(np.int64), starts[1:])
    return {int(number): rows for number, rows in zip(numbers, found, strict=False)}


def _met_twice(pieces: Iterable[Keys], rows: int, scratch: Path) -> np.ndarray:
    """uint64 (n,), ascending: first halves that several rows have."""
    found = []
    for part in divided((first.view(_HALF) for first, _ in pieces), rows, _HALF, scratch, HALVES_AT_A_TIME):
        halves = part.view(np.uint64)
        halves.sort()
        found.append(np.unique(halves[1:][halves[1:] == halves[:-1]]))
    return np.concatenate(found)


def _rows(pieces: Iterable[Keys], suspects: np.ndarray) -> Iterator[np.ndarray]:
    """Those whose first half is among the suspects."""
    for number, (first, last) in enumerate(pieces):
        at = np.searchsorted(suspects, first)
        row = np.flatnonzero(suspects[np.minimum(at, len(suspects) - 1)] == first)
        rows = np.empty(len(row), _ROW)
        rows["f0"], rows["f1"], rows["piece"], rows["row"] = first[row], last[row], number, row
        yield rows


def _later(rows: np.ndarray) -> np.ndarray:
    """All but the first row of each key, of rows in the order of keys."""
    same = (rows["f0"][1:] == rows["f0"][:-1]) & (rows["f1"][1:] == rows["f1"][:-1])
    later: np.ndarray = rows[1:][same]
    return later
