"""Scores by id that are kept apart from the shards: one sorted file, of which each shard looks up its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from study.data.subset.ids import positions

ENTRY = np.dtype([("f0", "<u8"), ("f1", "<u8"), ("score", "<f4")])


def scores_of(path: Path, facts: pl.DataFrame) -> pl.Series:
    """``score`` of each row by its id; null for one that the file does not have."""
    entries = np.load(path, mmap_mode="r")
    hi, lo = facts["uid_hi"].fill_null(0).to_numpy(), facts["uid_lo"].fill_null(0).to_numpy()
    if not len(entries):
        return pl.Series("score", [None] * facts.height, pl.Float32)
    met = entries[np.minimum(positions(entries, hi, lo), len(entries) - 1)]
    there = (met["f0"] == hi) & (met["f1"] == lo)
    return pl.Series("score", np.where(there, met["score"], np.nan).astype(np.float32)).fill_nan(None)
