"""Some rows of a table, and the pairs among them that are in the pool."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from pathlib import Path

import polars as pl

from study.data.filtered import content_of, measured
from study.data.filters import Filters
from study.data.index import HALVES, halves
from study.data.shards.fields import FACTS, image_halves
from study.data.shards.listing import Located
from study.data.shards.pieces import Picked
from study.data.tables.file import TableFile
from study.data.tables.formats import KINDS
from study.data.tables.rows import image_of, with_ids, with_problems


@dataclass(frozen=True)
class TablePart:
    """``count`` rows of a table from ``start`` on; paths of images start from ``root``."""

    shard: Located
    table: TableFile
    root: Path
    start: int
    count: int

    def rows(self, wanted: Sequence[str] = tuple(KINDS)) -> pl.DataFrame:
        """As ``TableFile.rows``."""
        return self.table.rows(wanted, self.start, self.count)

    def known(self, filters: Filters) -> tuple[str, pl.DataFrame]:
        """No index file, and ``FACTS``."""
        own_ids = self.table.names["uid"]
        rows = with_problems(self.rows(), self.table.path, own_ids).with_row_index("at")
        pairs = with_ids(rows.filter(pl.col("problem").is_null()), own_ids)
        told = pairs.select("at", "caption", "score", "width", "height")
        found = pl.concat([told, halves(pairs["uid"]), *self._images(pairs, filters)], how="horizontal")
        if filters.needs_sizes and found["width"].has_nulls():
            found = found.with_columns(measured(pairs.height, partial(self._image, pairs["image"])))
        facts = rows.select("at", "problem").join(found, on="at", how="left", maintain_order="left")
        return "", pl.concat([pl.DataFrame(schema=FACTS), facts.drop("at")], how="diagonal_relaxed")

    def piece(self, kept: int, chosen: Path, known: str) -> TablePiece:
        """Its pairs that are in the pool."""
        return TablePiece(self.shard.name, kept, chosen, self)

    def _images(self, pairs: pl.DataFrame, filters: Filters) -> list[pl.DataFrame]:
        """What tells images apart, where they are compared: a column, or their bytes if they can be read."""
        if filters.unique != "image":
            return []
        if filters.hash_column is not None:
            return [image_halves(pairs["image_hash"])]
        contents = (content_of(row, partial(self._image, pairs["image"])) for row in range(pairs.height))
        known = [None if content is None else blake2b(content, digest_size=16).hexdigest() for content in contents]
        return [image_halves(pl.Series(known, dtype=pl.String))]

    def _image(self, images: pl.Series, row: int) -> bytes:
        return image_of(images[row], self.root)


@dataclass(frozen=True)
class TablePiece(Picked):
    """The pairs of a part of a table that are in the pool."""

    rows: TablePart

    def facts(self) -> pl.DataFrame:
        """From the table, but for sizes that it does not say."""
        found = self.rows.rows(("caption", "width", "height"))
        return pl.concat([pl.DataFrame(schema=FACTS), found], how="diagonal_relaxed")

    def of(self, asked: pl.DataFrame) -> pl.DataFrame:
        """``uid``, ``image`` and ``caption`` of its pairs with the ``uid`` and ``HALVES`` asked for."""
        chosen = self._read([*HALVES, "row"]).join(asked, on=list(HALVES), how="inner", maintain_order="left")
        if not chosen.height:
            return pl.DataFrame(schema={"uid": pl.String})
        return pl.concat([chosen.select("uid"), self.rows.rows(("image", "caption"))[chosen["row"]]], how="horizontal")
