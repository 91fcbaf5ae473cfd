"""Rows that say the same as one before them, in a pool of any size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from study.data.spill import in_key_order

Keys = tuple[np.ndarray, np.ndarray]  # the halves of 128 bits, uint64 (n,) each
_ROW = np.dtype([("f0", "<u8"), ("f1", "<u8"), ("piece", "<u4"), ("row", "<u4")])


def repeated(pieces: Iterable[Keys], rows: int, scratch: Path) -> dict[int, np.ndarray]:
    """Piece -> its rows, int64, ascending, whose key an earlier row has; ``rows`` is about how many there are."""
    drops = np.concatenate([_later(part) for part in in_key_order(_rows(pieces), rows, _ROW, scratch)])
    drops = drops[np.lexsort((drops["row"], drops["piece"]))]
    numbers, starts = np.unique(drops["piece"], return_index=True)
    found = np.split(drops["row"].astype(np.int64), starts[1:])
    return {int(number): rows for number, rows in zip(numbers, found, strict=False)}


def _rows(pieces: Iterable[Keys]) -> Iterator[np.ndarray]:
    for number, (first, last) in enumerate(pieces):
        rows = np.empty(len(first), _ROW)
        rows["f0"], rows["f1"], rows["piece"], rows["row"] = first, last, number, np.arange(len(first))
        yield rows


def _later(rows: np.ndarray) -> np.ndarray:
    """All but the first row of each key, of rows in the order of keys."""
    same = (rows["f0"][1:] == rows["f0"][:-1]) & (rows["f1"][1:] == rows["f1"][:-1])
    later: np.ndarray = rows[1:][same]
    return later
