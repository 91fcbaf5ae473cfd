"""Files of DataComp's metadata: a row a pair, with its id, caption, scores and the size of its image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from io import BytesIO
from pathlib import Path

import polars as pl

from study.data.index import halves
from study.data.shards.address import fault, is_remote, read_all
from study.data.shards.fields import FACTS, Fields
from study.data.shards.listing import Located
from study.errors import DataError
from study.io import read_parquet, write_parquet
from study.registry import unknown_name

UID = r"^[0-9a-f]{32}$"


@dataclass(frozen=True)
class Metadata:
    """A file of metadata as a part of a pool, whose images are not here; ``file`` is that of its index."""

    shard: Located
    fields: Fields
    file: Path

    def known(self) -> tuple[str, pl.DataFrame]:
        """The name of the index file and its ``FACTS``: all but where images lie."""
        if not self.file.exists():
            write_parquet(self.file, self._facts())
        return self.file.name, read_parquet(self.file)

    def rows(self) -> int:
        """How many pairs there are."""
        return int(pl.scan_parquet(self._content()).select(pl.len()).collect().item())

    def columns(self) -> list[str]:
        """All names; raises DataError when the file cannot be read."""
        try:
            return list(pl.read_parquet_schema(self._content()))
        except DataError:
            raise
        except Exception as error:  # broad: polars tells of damage by errors of many kinds
            raise fault(self.shard.address, error) from error

    def _content(self) -> Path | BytesIO:
        address = self.shard.address
        return BytesIO(read_all(address)) if is_remote(address) else Path(address)

    def scores(self) -> pl.DataFrame:
        """The halves of each id, and the score, null where it is not known."""
        fields = self.fields
        table = self._columns([name for name in (fields.uid, fields.score) if name])
        return table.select(*halves(pl.col(fields.uid or "")), self._score(table))

    def _facts(self) -> pl.DataFrame:
        fields = self.fields
        sides = fields.sides or ()
        named = [*fields.named(), *sides]
        table = self._columns(named)
        image = [None if value is None else blake2b(str(value).encode(), digest_size=16).hexdigest()
                 for value in (table[fields.hash] if fields.hash else [])]  # fmt: skip
        hashed = pl.Series("image", image or [None] * table.height, pl.String)
        caption = pl.col(fields.caption or "").cast(pl.String)
        blank = caption.fill_null("").str.strip_chars() == ""
        width, height = (pl.col(side).cast(pl.UInt32, strict=False) for side in sides)
        facts = table.with_columns(hashed).select(
            *halves(pl.col(fields.uid or "")), caption.alias("caption"), width.alias("width"), height.alias("height"),
            self._score(table), *(part.alias(f"image_{half}") for part, half in
                                  zip(halves(pl.col("image")), ("hi", "lo"), strict=True)),
            pl.when(blank).then(pl.lit("no caption")).alias("problem"),
        )  # fmt: skip
        return pl.concat([pl.DataFrame(schema=FACTS), facts], how="diagonal")

    def _score(self, table: pl.DataFrame) -> pl.Expr:
        name = self.fields.score
        if name is None:
            return pl.lit(None, pl.Float32).alias("score")
        if not table[name].dtype.is_numeric():
            raise DataError(f"{self.shard.address}: column {name!r} must hold numbers, not {table[name].dtype}")
        return pl.col(name).cast(pl.Float32).fill_nan(None).alias("score")

    def _columns(self, wanted: Sequence[str]) -> pl.DataFrame:
        known = self.columns()
        missing = [name for name in wanted if name not in known]
        if missing:
            raise DataError(f"{self.shard.address}: {unknown_name('column', missing[0], known)}")
        try:
            table = pl.read_parquet(self._content(), columns=list(dict.fromkeys(wanted)))
        except Exception as error:  # broad: polars tells of damage by errors of many kinds
            raise fault(self.shard.address, error) from error
        ids = table[self.fields.uid or ""]
        if not (ids.dtype == pl.String and ids.fill_null("").str.contains(UID).all()):
            raise DataError(f"{self.shard.address}: column {self.fields.uid!r} must hold 32 hex digits")
        return table
