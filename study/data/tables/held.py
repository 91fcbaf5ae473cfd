"""The pairs of a table that memory holds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from study.data.filtered import filtered
from study.data.filters import Filters, counts
from study.data.fingerprint import fingerprint
from study.data.index import Index, Piece, Whole
from study.data.samples import rows_of
from study.data.tables.file import TableFile
from study.data.tables.rows import check_repeats, image_of, with_ids, with_problems
from study.errors import DataError


class Held:
    """Reads all of the table when it is made; paths of images start from ``root``."""

    def __init__(self, table: TableFile, filters: Filters, root: Path) -> None:
        scores = table.scores()
        rows = (table if scores is None else table.unscored()).rows()
        rows = with_problems(rows, table.path, table.names["uid"])
        full = with_ids(rows.filter(pl.col("problem").is_null()).drop("problem"), table.names["uid"])
        if not full.height:
            raise DataError(f"{table.path} has no row with both an image and a caption")
        pairs = full.unique("uid", keep="first", maintain_order=True)
        check_repeats(full.height - pairs.height, table.path, table.names["uid"])
        if scores is not None:
            known = scores.read().unique("uid", keep="first", maintain_order=True)
            pairs = pairs.drop("score").join(known, on="uid", how="left", maintain_order="left")
        images = pairs["image"]
        self.pairs, left_out = filtered(pairs, filters, lambda row: image_of(images[row], root))
        if not self.pairs.height:
            raise DataError(f"{table.path}: no pair passes the filters: {left_out}")
        found = {**counts(rows["problem"]), "repeated pair": full.height - pairs.height, **left_out}
        self.left_out = {reason: count for reason, count in found.items() if count}
        self.table = table

    def index(self) -> Index:
        """One piece."""
        return Index([Whole(self.pairs.select("uid", "score"))], self.pairs["score"].null_count() < self.pairs.height)

    def fingerprint(self) -> str:
        """Of ids and scores."""
        return fingerprint(self.pairs)

    def details(self) -> pl.DataFrame:
        """All pairs."""
        split, noise = pl.lit("train").alias("split"), pl.lit("unknown").alias("noise")
        image = pl.col("image")
        size = image.bin.size() if self.pairs.schema["image"] == pl.Binary else pl.lit(None, pl.Int64)
        return self.pairs.select(
            "uid", split, "caption", noise, "score", pl.col("width", "height"), size.alias("bytes")
        )

    def rows(self, uids: Sequence[str], within: Piece | None = None) -> pl.DataFrame:
        """``image`` and ``caption`` of these pairs, in this order; raises DataError for one that is not there."""
        return rows_of(uids, self.pairs, str(self.table.path))
