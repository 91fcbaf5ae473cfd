"""The pairs of a part of a pool, read from the file that says which of its samples are chosen."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from study.data.index import COLUMNS, HALVES, MEMBERS, Piece, Shard, ids_of
from study.data.state import state_there
from study.errors import DataError
from study.io import read_parquet


@dataclass(frozen=True)
class Picked(Piece):
    """``chosen`` has ids, scores and rows of the ``kept`` pairs that are in the pool."""

    part: str
    kept: int
    chosen: Path

    @property
    def name(self) -> str:
        """Of the part, from the pool's folder."""
        return self.part

    @property
    def pairs(self) -> int:
        """As was counted when the file was written."""
        return self.kept

    @abstractmethod
    def facts(self) -> pl.DataFrame:
        """``FACTS`` of all samples, those that are not in the pool too; raises DataError when it cannot be read."""

    def read(self) -> pl.DataFrame:
        """Ids and scores."""
        return self._read(list(COLUMNS))

    def scores(self) -> pl.Series:
        """The scores alone."""
        return self._read(["score"])["score"]

    def ids(self, rows: np.ndarray) -> np.ndarray:
        """Ids without scores."""
        return ids_of(self._read([*HALVES]))[rows]  # type: ignore[no-any-return]

    def details(self) -> pl.DataFrame:
        """Ids, captions, scores, sizes of images, and what tells images apart where it is known."""
        chosen = self._read([*COLUMNS, "row"])
        described = self.facts().select("caption", "width", "height", "size", "image_hi", "image_lo")[chosen["row"]]
        return pl.concat([chosen.select(*COLUMNS), described], how="horizontal")

    def _read(self, columns: list[str]) -> pl.DataFrame:
        try:
            return pl.read_parquet(self.chosen, columns=columns)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise self._spoilt(error) from error

    def _spoilt(self, error: Exception) -> DataError:
        return DataError(f"the index file {self.chosen} cannot be read ({error}); plan again")


@dataclass(frozen=True)
class ShardPiece(Picked, Shard):
    """Pairs of a tar, at ``place``; ``index`` is the file of what is known of all its samples."""

    place: str
    index: Path

    @property
    def address(self) -> str:
        """Of the tar."""
        return self.place

    @property
    def state(self) -> str:
        """Of the file that says which are chosen."""
        try:
            return f"{self.chosen} {state_there(self.chosen)}"
        except OSError as error:
            raise self._spoilt(error) from error

    def facts(self) -> pl.DataFrame:
        """From the index."""
        return read_parquet(self.index)

    def members(self) -> pl.DataFrame:
        """Ids, captions and where the images lie."""
        chosen = self._read([*HALVES, "row"])
        return pl.concat([chosen.select(*HALVES), self.facts().select(*MEMBERS)[chosen["row"]]], how="horizontal")
