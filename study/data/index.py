"""A pool of pairs in pieces: what subsets are chosen from, however many rows there are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from study.data.ids import IDS, joined, listed, parsed

HALVES = {"uid_hi": pl.UInt64, "uid_lo": pl.UInt64}
SCORED = np.dtype([*IDS.descr, ("score", "<f4")])  # a row of ``COLUMNS`` as a record, NaN for no score
COLUMNS = {**HALVES, "score": pl.Float32}
# Where an encoded image lies in its file, in bytes, and the caption that belongs to it.
MEMBERS = {"offset": pl.UInt64, "size": pl.UInt64, "caption": pl.String}


class Piece(ABC):
    """A part of a pool that fits into memory; it can be sent to another process, which reads it there."""

    @property
    @abstractmethod
    def name(self) -> str:
        """Unique in the pool, and the same wherever the data lies."""

    @property
    @abstractmethod
    def pairs(self) -> int:
        """Rows of the pool in it, known without reading them."""

    @abstractmethod
    def read(self) -> pl.DataFrame:
        """``COLUMNS`` of its rows in their order: the halves of the uid, and the score, null where not known.

        Raises DataError when it cannot be read.
        """

    def scores(self) -> pl.Series:
        """The score alone, for who reads the ids of few rows later; a piece that saves by it has its own."""
        return self.read()["score"]

    def ids(self, rows: np.ndarray) -> np.ndarray:
        """``IDS`` of the rows where ``rows``, bool (pairs,), is true; a piece that saves by it has its own."""
        return ids_of(self.read())[rows]  # type: ignore[no-any-return]


class Shard(Piece):
    """A piece whose images lie in one file, to be read by ranges of bytes."""

    @property
    @abstractmethod
    def address(self) -> str:
        """Of the file: a local path or an address that fsspec knows; study.data.shards.address opens it."""

    @property
    @abstractmethod
    def state(self) -> str:
        """Another one when there are other pairs in it, told without reading them; raises DataError as ``read``."""

    @abstractmethod
    def members(self) -> pl.DataFrame:
        """``HALVES`` and ``MEMBERS`` of its rows, in the order of ``read``; raises DataError when it cannot be read."""


@dataclass(frozen=True)
class Index:
    """A pool as its pieces, in a fixed order; ``scored`` is whether any pair has a score."""

    pieces: Sequence[Piece]
    scored: bool = True

    @cached_property
    def pairs(self) -> int:
        """Size of the pool."""
        return sum(piece.pairs for piece in self.pieces)


@dataclass(frozen=True)
class Whole(Piece):
    """A pool that is in memory: ``uid`` (32 hex digits) and ``score``."""

    pool: pl.DataFrame

    @property
    def name(self) -> str:
        """There is one."""
        return "all"

    @property
    def pairs(self) -> int:
        """All rows."""
        return self.pool.height

    def read(self) -> pl.DataFrame:
        """The pool with its ids in halves."""
        return halves(self.pool["uid"]).with_columns(self.scores())

    def scores(self) -> pl.Series:
        """As they are."""
        return self.pool["score"].cast(pl.Float32)


def halves(uids: pl.Series) -> pl.DataFrame:
    """``HALVES`` of ids of 32 hex digits, null where there is none; raises ValueError for anything else."""
    known = parsed(uids.drop_nulls())
    columns = {"uid_hi": np.ascontiguousarray(known["f0"]), "uid_lo": np.ascontiguousarray(known["f1"])}
    found = pl.DataFrame(columns, schema=HALVES)
    if found.height == len(uids):
        return found
    there = uids.is_not_null()
    return found.select(pl.all().gather(pl.when(there).then(there.cum_sum() - 1)))


def ids_of(rows: pl.DataFrame) -> np.ndarray:
    """``IDS`` (n,) of rows with ``HALVES``, in their order."""
    return joined(rows["uid_hi"].to_numpy(), rows["uid_lo"].to_numpy())


def scored_ids(rows: pl.DataFrame) -> np.ndarray:
    """``SCORED`` (n,) of rows with ``COLUMNS``, in their order."""
    records = np.empty(rows.height, SCORED)
    records["f0"], records["f1"] = rows["uid_hi"].to_numpy(), rows["uid_lo"].to_numpy()
    records["score"] = rows["score"].fill_null(float("nan")).to_numpy()
    return records


def uids(rows: pl.DataFrame) -> list[str]:
    """The ids of rows with ``HALVES``, 32 hex digits each."""
    return listed(ids_of(rows))


def pool_of(index: Index) -> pl.DataFrame:
    """All ``uid`` (32 hex digits) and ``score``, in memory."""
    rows = pl.concat([piece.read() for piece in index.pieces])
    return pl.DataFrame({"uid": uids(rows), "score": rows["score"]}, schema={"uid": pl.String, "score": pl.Float32})
