"""Sorted arrays of ids as DataComp's tools read them: the two halves of 32 hex digits as numbers.

The format is described in https://github.com/mlfoundations/datacomp (README, "Selecting samples").
"""

from __future__ import annotations

import numpy as np
import polars as pl

IDS = np.dtype([("f0", "<u8"), ("f1", "<u8")])  # first and last 16 digits; what numpy calls "u8,u8"
HEX = 32  # digits of an id


def packed(rows: pl.DataFrame) -> np.ndarray:
    """The ids of rows with ``uid_hi`` and ``uid_lo``, sorted: ``IDS`` (n,)."""
    ids = np.empty(rows.height, IDS)
    ids["f0"], ids["f1"] = rows["uid_hi"].to_numpy(), rows["uid_lo"].to_numpy()
    return in_order(ids)


def in_order(ids: np.ndarray) -> np.ndarray:
    """The same, sorted. Numbers sort ten times faster than pairs of them, and first halves are seldom equal."""
    first = np.ascontiguousarray(ids["f0"])
    order = np.argsort(first)
    ordered = first[order]
    if (ordered[1:] == ordered[:-1]).any():
        order = np.lexsort((ids["f1"], first))
    return ids[order]


def positions(ids: np.ndarray, hi: np.ndarray, lo: np.ndarray) -> np.ndarray:
    """int64 (q,): how many of the sorted ``ids`` come before each of the asked ids, whose halves are uint64 (q,).

    A binary search of all at once, which of a memory-mapped file reads only the pages that it meets.
    """
    low, high = np.zeros(len(hi), np.int64), np.full(len(hi), len(ids), np.int64)
    while (open_ := low < high).any():
        middle = (low + high) // 2
        met = ids[np.minimum(middle, len(ids) - 1)]
        before = open_ & ((met["f0"] < hi) | ((met["f0"] == hi) & (met["f1"] < lo)))
        low, high = np.where(before, middle + 1, low), np.where(before, high, middle)
    return low


def texts(ids: np.ndarray) -> bytes:
    """All ids in hexadecimal one behind the other, ``HEX`` digits each."""
    halves = np.stack([ids["f0"], ids["f1"]], axis=1)
    return halves.astype(">u8").tobytes().hex().encode()
