"""A pool of pairs in pieces: what subsets are chosen from, however many rows there are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b

import numpy as np
import polars as pl

HALVES = {"uid_hi": pl.UInt64, "uid_lo": pl.UInt64}
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

    def ids(self, rows: np.ndarray) -> pl.DataFrame:
        """``HALVES`` of the rows where ``rows``, bool (pairs,), is true; a piece that saves by it has its own."""
        return self.read().select(*HALVES).filter(rows)


class Shard(Piece):
    """A piece whose images lie in one file, to be read by ranges of bytes."""

    @property
    @abstractmethod
    def address(self) -> str:
        """Of the file: a local path or an address that fsspec knows; study.data.shards.address opens it."""

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
        return self.pool.select(*halves(pl.col("uid")), pl.col("score").cast(pl.Float32))

    def scores(self) -> pl.Series:
        """As they are."""
        return self.pool["score"].cast(pl.Float32)


def halves(uid: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """The first and the last 16 of 32 hex digits as numbers, most significant digit first."""
    parts = (uid.str.slice(0, 16), uid.str.slice(16, 16))
    named = zip(HALVES, parts, strict=True)
    return tuple(part.str.to_integer(base=16, dtype=pl.UInt64).alias(name) for name, part in named)  # type: ignore[return-value]


def fingerprint_sum(rows: pl.DataFrame) -> int:
    """The sum modulo 2**128 of BLAKE2b over (uid, score) of each row of ``COLUMNS``; no score is NaN.

    Sums of pieces add up to that of their pool in whatever order and pieces its rows come.
    """
    packed = np.empty(rows.height, [("hi", "<u8"), ("lo", "<u8"), ("score", "<f4")])
    packed["hi"], packed["lo"] = rows["uid_hi"].to_numpy(), rows["uid_lo"].to_numpy()
    packed["score"] = rows["score"].fill_null(float("nan")).to_numpy()
    width, content = packed.itemsize, packed.tobytes()
    starts = range(0, len(content), width)
    digests = (blake2b(content[start : start + width], digest_size=16).digest() for start in starts)
    return sum(int.from_bytes(digest, "big") for digest in digests) % 2**128


def fingerprint_of(pairs: int, sums: Iterable[int]) -> str:
    """12 hex digits over a pool's size and the sums of its pieces."""
    total = sum(sums) % 2**128
    return blake2b(pairs.to_bytes(8, "big") + total.to_bytes(16, "big"), digest_size=6).hexdigest()


def uids(rows: pl.DataFrame) -> list[str]:
    """The ids of rows with ``HALVES``, 32 hex digits each."""
    return [f"{hi:016x}{lo:016x}" for hi, lo in zip(rows["uid_hi"], rows["uid_lo"], strict=True)]
