"""Scores by id that are kept apart from the shards: one sorted file, of which each shard looks up its own."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

import numpy as np
import polars as pl

from study.data.ids import positions
from study.data.index import SCORED, scored_ids
from study.data.spill import in_key_order
from study.io import write_whole


def write_scores(path: Path, tables: Iterable[pl.DataFrame], rows: int) -> None:
    """Write the tables' ``uid_hi``, ``uid_lo`` and ``score`` by id; ``rows`` is about how many there are."""
    parts = in_key_order(map(scored_ids, tables), rows, SCORED, path.parent)

    def write(file: BinaryIO) -> None:
        _write_header(file, 0)
        written = 0
        for part in parts:
            file.write(part.tobytes())
            written += len(part)
        file.seek(0)
        _write_header(file, written)

    write_whole(path, write)


def _write_header(file: BinaryIO, rows: int) -> None:
    """As long for any number of rows, since numpy leaves room for the largest."""
    header = {"descr": np.lib.format.dtype_to_descr(SCORED), "fortran_order": False, "shape": (rows,)}
    np.lib.format.write_array_header_2_0(file, header)


def scores_of(path: Path, facts: pl.DataFrame) -> pl.Series:
    """``score`` of each row by its id; null for one that the file does not have."""
    entries = np.load(path, mmap_mode="r")
    first, last = (facts[name].fill_null(0).to_numpy() for name in ("uid_hi", "uid_lo"))
    if not len(entries):
        return pl.Series("score", [None] * facts.height, pl.Float32)
    met = entries[np.minimum(positions(entries, first, last), len(entries) - 1)]
    there = (met["f0"] == first) & (met["f1"] == last)
    return pl.Series("score", np.where(there, met["score"], np.nan).astype(np.float32)).fill_nan(None)
