"""The pairs of each piece that belong to a subset, with what is written of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import polars as pl

from study.data.index import Piece, uids
from study.data.piece_pairs import pairs_of
from study.data.samples import Samples
from study.data.source import Source
from study.data.subset import Subset


class Kept(NamedTuple):
    """Pairs of one piece: their scores, Float32, and the pairs themselves."""

    scores: pl.Series
    samples: Samples


def rows_kept(piece: Piece, subset: Subset) -> pl.DataFrame:
    """The piece's rows that are in the subset, in its order."""
    rows = piece.read()
    return rows.filter(subset.contains(rows["uid_hi"].to_numpy(), rows["uid_lo"].to_numpy()))


class Pieces:
    """Opens pieces when they are asked for and keeps the last ``window`` of them."""

    def __init__(self, source: Source, pieces: Sequence[Piece], subset: Subset, window: int) -> None:
        self.source, self.pieces, self.subset = source, pieces, subset
        self.kept = lru_cache(maxsize=window)(self._kept)
        self.uids = lru_cache(maxsize=window)(self._uids)

    def _kept(self, number: int) -> Kept:
        rows = rows_kept(self.pieces[number], self.subset)
        return Kept(rows["score"], pairs_of(self.source, self.pieces[number], uids(rows)))

    def _uids(self, number: int) -> list[str]:
        return uids(rows_kept(self.pieces[number], self.subset))
