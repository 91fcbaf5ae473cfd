"""A table of pairs that the user brings: CSV, TSV, JSON lines or parquet of captions and image paths or bytes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Annotated, Literal

import polars as pl
from pydantic import BeforeValidator, Field, model_validator

from study.config.fields import whole
from study.data.filtered import filtered
from study.data.filters import Filters
from study.data.pixels import MISSING, OUTSIDE, Skip
from study.data.source import Samples, Source, rows_of
from study.data.table_file import columns_of, read_columns, scores_beside
from study.errors import DataError

UID = r"^[0-9a-f]{32}$"


class Table(Source):
    """Pairs from one file; a pair without a ``uid_column`` is known by its image (path or bytes) and caption."""

    places = frozenset({"path", "root", "scores", "pairs"})

    class Config(Filters):
        """Options of a table."""

        name: Literal["table"] = "table"
        path: Path | None = Field(None, description=".csv, .tsv, .jsonl or .parquet file")
        root: Path | None = Field(None, description="folder that image paths start from; none = the file's own")
        image_column: str = Field("image", description="paths under the root, or encoded images (parquet)")
        caption_column: str = Field("caption", description="captions")
        uid_column: str | None = Field(None, description="32 hex digits a pair; none = hash of image and caption")
        score_column: str | None = Field(
            None, description="quality of a pair, higher is better; of the table or of one of scores"
        )
        scores: Path | None = Field(
            None, description="folder of tables of scores; none = NAME.scores.parquet beside the file, if it is there"
        )
        width_column: str | None = Field(None, description="pixels, for filters; none = as the images say")
        height_column: str | None = Field(None, description="pixels, for filters; none = as the images say")
        pairs: Annotated[int | None, BeforeValidator(whole)] = Field(
            None, ge=1, description="size of the pool, to plan while the file is absent"
        )

        @model_validator(mode="after")
        def _says_something(self) -> Table.Config:
            if self.path is None and self.pairs is None:
                raise ValueError("give the path of a file, or pairs to plan without one")
            return self

    def declared_pairs(self) -> int | None:
        """``pairs`` while the file is absent."""
        there = self.config.path is not None and self.config.path.exists()
        return None if there else self.config.pairs

    def pool(self) -> pl.DataFrame:
        """All pairs that have an image and a caption, repeats once."""
        return self._read[0].select("uid", "score")

    def left_out(self) -> dict[str, int]:
        """Rows without a caption or an image, and repeats."""
        return dict(self._read[1])

    def details(self) -> pl.DataFrame:
        """The captions; a table has one split and no noise labels."""
        split, noise = pl.lit("train").alias("split"), pl.lit("unknown").alias("noise")
        image = pl.col("image")
        size = image.bin.size() if self._read[0].schema["image"] == pl.Binary else pl.lit(None, pl.Int64)
        return self._read[0].select(
            "uid", split, "caption", noise, "score", pl.col("width", "height"), size.alias("bytes")
        )

    def columns(self) -> list[str]:
        """Those of the file."""
        return columns_of(self.config.path) if self.config.path else []

    def samples(self, uids: Sequence[str], cache: Path | None = None) -> Samples:
        """Pairs in the order asked for; images are read when they are decoded."""
        rows = rows_of(uids, self._read[0], str(self.config.path))
        images = rows["image"]
        return Samples(uids, rows["caption"].to_list(), lambda row: self._image(images[row]), cache)

    def _image(self, image: str | bytes) -> bytes:
        """The encoded image; Skip when there is none or its path leads out of the root, else OSError."""
        if isinstance(image, bytes):
            return image
        root: Path = (self.config.root or self.config.path.parent).resolve()
        try:
            path = (root / image).resolve()
            if not path.is_relative_to(root):
                raise Skip(OUTSIDE)
            return path.read_bytes()
        except FileNotFoundError as error:
            raise Skip(MISSING) from error
        except ValueError as error:  # a path that no file can have
            raise Skip("unreadable image") from error

    @cached_property
    def _read(self) -> tuple[pl.DataFrame, dict[str, int]]:
        """The usable pairs (uid, image, caption, score), and why others are not among them."""
        config = self.config
        if config.path is None:
            raise DataError("a table source without a path can be planned, but has no pairs to train on")
        scores = scores_beside(config.path, config.scores, config.score_column)
        rows = read_columns(config.path, self._columns(scores is None))
        full = rows.filter(pl.col("image").is_not_null(), pl.col("caption").fill_null("").str.strip_chars() != "")
        if config.uid_column is None:
            full = full.with_columns(_uids(full))
        pairs = full.unique("uid", keep="first", maintain_order=True)
        repeats = full.height - pairs.height
        self._check(pairs, repeats)
        if scores is not None:
            pairs = pairs.drop("score").join(scores, on="uid", how="left", maintain_order="left")
        counts = {"no image or no caption": rows.height - full.height, "repeated pair": repeats}
        images = pairs["image"]
        passing, left_out = filtered(pairs, config, lambda row: self._image(images[row]))
        if not passing.height:
            raise DataError(f"{config.path}: no pair passes the filters: {left_out}")
        return passing, {reason: count for reason, count in {**counts, **left_out}.items() if count}

    def _columns(self, scored: bool) -> dict[str, str | None]:
        """Our names of columns and the file's."""
        config = self.config
        return {
            "uid": config.uid_column,
            "image": config.image_column,
            "caption": config.caption_column,
            "score": config.score_column if scored else None,
            "width": config.width_column,
            "height": config.height_column,
            "image_hash": config.hash_column,
        }

    def _check(self, pairs: pl.DataFrame, repeats: int) -> None:
        path, column = self.config.path, self.config.uid_column
        if not pairs.height:
            raise DataError(f"{path} has no row with both an image and a caption")
        if column is None:
            return
        if repeats:
            raise DataError(f"{path}: column {column!r} repeats {repeats} of its ids; each pair needs an id of its own")
        bad = pairs.filter(~pl.col("uid").fill_null("").str.contains(UID))
        if bad.height:
            raise DataError(f"{path}: column {column!r} must hold 32 hex digits (0-9, a-f), got {bad['uid'][0]!r}")


def _uids(rows: pl.DataFrame) -> pl.Series:
    pairs = zip(rows["image"], rows["caption"], strict=True)
    return pl.Series("uid", [_uid(image, caption) for image, caption in pairs], pl.String)


def _uid(image: str | bytes, caption: str) -> str:
    content = image.encode() if isinstance(image, str) else image
    return blake2b(content + b"\0" + caption.encode(), digest_size=16).hexdigest()
