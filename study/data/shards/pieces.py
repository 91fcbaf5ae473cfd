"""The pairs of one shard that are in the pool, read from the files that the index has of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from study.data.index import COLUMNS, HALVES, MEMBERS, Shard
from study.errors import DataError
from study.io import read_parquet


@dataclass(frozen=True)
class ShardPiece(Shard):
    """``chosen`` has ids, scores and rows of the pairs that are in the pool, ``facts`` what is known of all samples."""

    shard: str
    place: str
    kept: int
    chosen: Path
    facts: Path

    @property
    def name(self) -> str:
        """Of the shard, from the pool's folder."""
        return self.shard

    @property
    def pairs(self) -> int:
        """As was counted when the file was written."""
        return self.kept

    @property
    def address(self) -> str:
        """Of the tar."""
        return self.place

    def read(self) -> pl.DataFrame:
        """Ids and scores."""
        return self._read(list(COLUMNS))

    def members(self) -> pl.DataFrame:
        """Ids, captions and where the images lie."""
        chosen, facts = self._read([*HALVES, "row"]), read_parquet(self.facts)
        return pl.concat([chosen.select(*HALVES), facts.select(*MEMBERS)[chosen["row"]]], how="horizontal")

    def details(self) -> pl.DataFrame:
        """Ids, captions, scores, sizes of images, and what tells images apart where it is known."""
        chosen, facts = self._read([*COLUMNS, "row"]), read_parquet(self.facts)
        described = facts.select("caption", "width", "height", "size", "image_hi", "image_lo")[chosen["row"]]
        return pl.concat([chosen.select(*COLUMNS), described], how="horizontal")

    def _read(self, columns: list[str]) -> pl.DataFrame:
        try:
            return pl.read_parquet(self.chosen, columns=columns)
        except (OSError, pl.exceptions.PolarsError) as error:
            raise DataError(f"the index file {self.chosen} cannot be read ({error}); plan again") from error
