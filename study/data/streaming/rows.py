"""Which pairs of each shard are in the subset, and where they lie in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from hashlib import blake2b
from threading import Lock
from typing import NamedTuple

import numpy as np
import polars as pl

from study.data.index import Shard
from study.data.subset import Subset
from study.io import lock, write_whole


class Row(NamedTuple):
    """A pair of a shard: ``size`` bytes of its image from ``offset`` on, and its caption."""

    offset: int
    size: int
    caption: str


class Rows:
    """The chosen pairs of all shards; the tables of ``held`` shards are in memory."""

    def __init__(self, shards: Sequence[Shard], subset: Subset, held: int) -> None:
        self.shards, self.subset = shards, subset
        self._lock = Lock()
        self._table: Callable[[int], pl.DataFrame] = lru_cache(maxsize=held)(self._chosen)

    def counts(self) -> np.ndarray:
        """Chosen pairs of each shard, int64; found once for a state of the shards, and kept beside the subset.

        Raises DataError when a shard's index cannot be read.
        """
        every = [shard.pairs for shard in self.shards]
        if sum(every) == len(self.subset):
            return np.array(every, np.int64)
        what = "\n".join(f"{shard.name} {shard.pairs} {shard.state}" for shard in self.shards)
        path = self.subset.path.with_suffix(f".{blake2b(what.encode(), digest_size=6).hexdigest()}.counts")
        with lock(path.parent / f".{path.name}.lock", wait=True):
            if not path.exists():
                counts = np.array([int(self._inside(shard.read()).sum()) for shard in self.shards], np.int64)
                write_whole(path, lambda file: np.save(file, counts))
        counted: np.ndarray = np.load(path, allow_pickle=False)
        return counted

    def row(self, shard: int, row: int) -> Row:
        """The chosen pair number ``row`` of a shard; raises DataError when the index cannot be read."""
        return Row(*self.table(shard).row(row))

    def table(self, shard: int) -> pl.DataFrame:
        """The chosen pairs of a shard: ``offset``, ``size``, ``caption``."""
        with self._lock:  # threads that begin a window together read its tables once
            return self._table(shard)

    def share(self, shard: int) -> float:
        """Chosen pairs over all that the index has of a shard."""
        return self.table(shard).height / max(1, self.shards[shard].pairs)

    def _chosen(self, shard: int) -> pl.DataFrame:
        members = self.shards[shard].members()
        return members.filter(self._inside(members)).select("offset", "size", "caption")

    def _inside(self, rows: pl.DataFrame) -> pl.Series:
        return pl.Series(self.subset.contains(rows["uid_hi"].to_numpy(), rows["uid_lo"].to_numpy()), dtype=pl.Boolean)
