"""A pool of pairs in pieces: what subsets are chosen from, however many rows there are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import polars as pl

HALVES = {"uid_hi": pl.UInt64, "uid_lo": pl.UInt64}
COLUMNS = {**HALVES, "score": pl.Float32}


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


@dataclass(frozen=True)
class Index:
    """A pool as its pieces, in a fixed order."""

    pieces: Sequence[Piece]

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
        return self.pool.select(*halves(pl.col("uid")), pl.col("score").cast(pl.Float32))


def halves(uid: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """The first and the last 16 of 32 hex digits as numbers, most significant digit first."""
    parts = (uid.str.slice(0, 16), uid.str.slice(16, 16))
    named = zip(HALVES, parts, strict=True)
    return tuple(part.str.to_integer(base=16, dtype=pl.UInt64).alias(name) for name, part in named)  # type: ignore[return-value]
