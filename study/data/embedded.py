"""The embedded data: emoji by eight artists with CLDR's words (scripts/build_embedded.py made it, NOTICE credits it).

Splits are by artist and by concept. The training pool is six artists' drawings of nine tenths of the concepts;
``test`` and ``validation`` are the same concepts by two artists never trained on; ``unseen`` is the held-out concepts
in a style that training knows, so that each set asks one question.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from hashlib import blake2b
from importlib.resources import files
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl
from pydantic import Field

from study.data.evaluation_set import EvaluationSet
from study.data.filtered import filtered
from study.data.filters import Filters
from study.data.samples import Samples, rows_of
from study.data.source import Source
from study.io import read_parquet
from study.registry import unknown_name

FOLDS = 4
TEMPLATES = ("{}", "an icon of {}")
PROBE_ARTIST = "noto"  # draws every concept: one labelled image each is a probe that takes seconds
# Two renderings, or two versions, of one design: a fold leaves them out together.
SAME_DESIGN = {"fluent-emoji-flat": "fluent-emoji", "noto-v1": "noto"}
SETS = ("embedded/test", "embedded/validation", "embedded/unseen", "embedded/category")


def parquet_path() -> Path:
    """Where the pairs lie in the package."""
    return Path(str(files("study") / "data" / "embedded" / "pairs.parquet"))


class Embedded(Source):
    """Emoji; a ``fold`` leaves a quarter of the pool out and hides the scores, to earn these by cross-fitting."""

    stands_alone = True

    class Config(Filters):
        """Options of the embedded data."""

        name: Literal["embedded"] = "embedded"
        fold: int | None = Field(
            None, ge=0, lt=FOLDS, description="quarter of the pool to leave out; none = train on all of it"
        )

    def pool(self) -> pl.DataFrame:
        """The pairs to train on; a fold's pool has no scores."""
        trained = self._filtered[0]
        if self.config.fold is None:
            return trained.select("uid", "score")
        folds = pl.Series([fold_of(*pair) for pair in trained.select("artist", "family").iter_rows()])
        kept = trained.filter(folds != self.config.fold)
        return kept.select("uid", pl.lit(None, dtype=pl.Float32).alias("score"))

    def left_out(self) -> dict[str, int]:
        """Pairs that the filters leave out."""
        return self._filtered[1]

    def samples(self, uids: Sequence[str], cache: Path | None = None) -> Samples:
        """Pairs of any split, with the captions to train on."""
        return self._samples(rows_of(uids, self._rows, "the embedded data"), cache)

    def details(self) -> pl.DataFrame:
        """All pairs of all splits."""
        size = pl.col("image").bin.size().alias("bytes")
        return self._table.select("uid", "split", "caption", "noise", "score", size, pl.col("image").hash())

    def size_bytes(self) -> int:
        """Of the file in the package."""
        return parquet_path().stat().st_size

    def columns(self) -> list[str]:
        """All but the images."""
        return self._rows.columns

    def evaluation_sets(self) -> tuple[str, ...]:
        """``test``, ``validation``, ``unseen``; ``category`` has a training split for probes."""
        return SETS

    def evaluation_set(self, name: str) -> EvaluationSet:
        """Names of concepts as classes and one clean caption an image; ``category`` has 8 classes, no captions."""
        if name not in SETS:
            raise unknown_name("evaluation set", name, list(SETS))
        if name == "embedded/category":
            return self._by_category(name)
        rows = self._rows.filter(pl.col("split") == name.partition("/")[2])
        labels = np.arange(rows.height)  # one drawing a concept
        captions = [[caption] for caption in rows["clean_caption"]]
        return EvaluationSet(name, self._samples(rows), rows["name"].to_list(), labels, TEMPLATES, captions)

    def _by_category(self, name: str) -> EvaluationSet:
        rows = self._rows.filter(pl.col("split") == "test")
        train = self._rows.filter((pl.col("split") == "train") & (pl.col("artist") == PROBE_ARTIST))
        classes = sorted(rows["category"].unique())
        labels, train_labels = (
            np.array([classes.index(category) for category in part["category"]]) for part in (rows, train)
        )
        return EvaluationSet(
            name, self._samples(rows), classes, labels, TEMPLATES, [], self._samples(train), train_labels
        )

    def _samples(self, rows: pl.DataFrame, cache: Path | None = None) -> Samples:
        uids = rows["uid"].to_list()
        wanted = pl.DataFrame({"uid": uids}, schema={"uid": pl.String})
        images = wanted.join(self._images, on="uid", how="left", maintain_order="left")["image"]
        return Samples(uids, rows["caption"].to_list(), lambda row: bytes(images[row]), cache)

    @cached_property
    def _filtered(self) -> tuple[pl.DataFrame, dict[str, int]]:
        """The training pairs that pass the filters, and why others do not."""
        trained = self._table.filter(pl.col("split") == "train")
        return filtered(trained.drop("image"), self.config, lambda row: bytes(trained["image"][row]))

    @cached_property
    def _table(self) -> pl.DataFrame:
        return read_parquet(parquet_path())

    @property
    def _rows(self) -> pl.DataFrame:
        return self._table.drop("image")

    @property
    def _images(self) -> pl.DataFrame:
        return self._table.select("uid", "image")


def fold_of(artist: str, family: str) -> int:
    """Which quarter a drawing belongs to: one design's drawings of close relatives are left out together.

    Other artists' drawings of the concept stay in: their captions were spoilt, or not, independently.
    """
    key = f"{family}/{SAME_DESIGN.get(artist, artist)}"
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big") % FOLDS
