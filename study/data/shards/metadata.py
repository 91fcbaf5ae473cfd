"""Files of DataComp's metadata: a row a pair, with its id, caption, scores and the size of its image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from study.data.filters import Filters
from study.data.index import halves
from study.data.parquet import Parquet
from study.data.shards.address import is_remote, read_all, readable
from study.data.shards.fields import FACTS, Fields, image_halves
from study.data.shards.listing import Located
from study.data.shards.pieces import Picked
from study.data.shards.row import LONGEST, SIDES, TOO_LONG
from study.data.shards.scan import LacksColumnError
from study.errors import DataError
from study.registry import unknown_name


@dataclass(frozen=True)
class Metadata:
    """A file of metadata as a part of a pool, whose images are not here: all that is known of them is read from it."""

    shard: Located
    fields: Fields

    def known(self, filters: Filters) -> tuple[str, pl.DataFrame]:
        """No index file, and of the ``FACTS`` what the filters ask for."""
        sides = self.fields.sides if filters.needs_sizes else None
        image = self.fields.hash if filters.unique == "image" else None
        return "", replace(self, fields=replace(self.fields, sides=sides, hash=image)).facts()

    def piece(self, kept: int, chosen: Path, known: str) -> MetadataPiece:
        """Its pairs that are in the pool."""
        return MetadataPiece(self.shard.name, kept, chosen, self)

    def rows(self) -> int:
        """How many pairs there are; raises DataError when the file cannot be read."""
        with readable(self.shard.address):
            return self._table().height()

    def columns(self) -> list[str]:
        """All names; raises DataError when the file cannot be read."""
        with readable(self.shard.address):
            return self._table().columns()

    def _table(self) -> Parquet:
        address = self.shard.address
        return Parquet((read_all(address) if is_remote(address) else Path(address),))

    def scores(self) -> pl.DataFrame:
        """The halves of each id, and the score, null where it is not known."""
        fields = self.fields
        table = self._columns([name for name in (fields.uid, fields.score) if name])
        return self._ids(table).with_columns(table.with_columns(self._score(table))["score"])

    def facts(self) -> pl.DataFrame:
        """``FACTS``: all but where images lie; raises DataError when the file is not of the promised form."""
        fields, sides = self.fields, dict(zip(SIDES, self.fields.sides or (), strict=False))
        table = self._columns([*fields.named(), *sides.values()])
        caption = pl.col(fields.caption or "").cast(pl.String)
        blank = caption.fill_null("").str.strip_chars() == ""
        with readable(self.shard.address):  # a column may be of another kind than it should be
            said = table.select(
                caption.alias("caption"),
                self._score(table),
                *(pl.col(theirs).cast(pl.UInt32, strict=False).alias(ours) for ours, theirs in sides.items()),
                pl.when(blank)
                .then(pl.lit("no caption"))
                .when(caption.str.len_bytes() > LONGEST)
                .then(pl.lit(TOO_LONG))
                .alias("problem"),
            )
        nested = next((name for name, kind in said.schema.items() if kind.is_nested()), None)
        if nested is not None:  # polars casts what is inside of them
            raise DataError(f"{self.shard.shown}: the column of {nested} holds {said.schema[nested]}")
        images = [image_halves(table[fields.hash])] if fields.hash else []
        found = pl.concat([self._ids(table), said, *images], how="horizontal")
        return pl.concat([pl.DataFrame(schema=FACTS), found], how="diagonal")

    def _ids(self, table: pl.DataFrame) -> pl.DataFrame:
        name = self.fields.uid or ""
        wrong = f"{self.shard.shown}: column {name!r} must hold 32 hex digits"
        if table.schema[name] != pl.String or table[name].has_nulls():
            raise DataError(wrong)
        try:
            return halves(table[name])
        except ValueError as error:
            raise DataError(wrong) from error

    def _score(self, table: pl.DataFrame) -> pl.Expr:
        name = self.fields.score
        if name is None:
            return pl.lit(None, pl.Float32).alias("score")
        if not table[name].dtype.is_numeric():
            raise DataError(f"{self.shard.shown}: column {name!r} must hold numbers, not {table[name].dtype}")
        return pl.col(name).cast(pl.Float32).fill_nan(None).alias("score")

    def _columns(self, wanted: Sequence[str]) -> pl.DataFrame:
        known = self.columns()
        missing = [name for name in wanted if name not in known]
        if missing:
            raise LacksColumnError(f"{self.shard.shown}: {unknown_name('column', missing[0], known)}")
        with readable(self.shard.address):
            return self._table().read(wanted)


@dataclass(frozen=True)
class MetadataPiece(Picked):
    """The pairs of a file of metadata that are in the pool."""

    metadata: Metadata

    def facts(self) -> pl.DataFrame:
        """From the metadata itself."""
        return self.metadata.facts()
