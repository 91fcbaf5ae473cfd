"""Which pairs of a source are its pool: options that all sources share, on size, shape and caption, in any language.

They are options of a source like others, so that they are part of a run's identity, where they are used.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import polars as pl
from pydantic import Field

from study.records import PluginConfig

URL = r"(?i)\b(?:https?://|www\.)\S"
IMAGE_FILE = r"(?i)\S\.(?:jpe?g|png|gif|webp|avif|bmp|tiff?|svg|heic|psd|ai|eps|cr2|nef)\s*$"
CAMERA_FILE = r"(?i)^\s*(?:img|dsc[nf]?|dcim|pict?|image|photo|screenshot|scan)[\s_-]*\d[\w-]*\s*$"
UNKNOWN_SIZE = "size that is not known"


class Filters(PluginConfig):
    """What a pair must be to belong to the pool; the defaults let all pass."""

    min_side: int | None = Field(None, ge=1, description="pixels that the shorter side of an image has at least")
    max_side: int | None = Field(None, ge=1, description="pixels that the longer side of an image has at most")
    max_aspect: float | None = Field(None, ge=1, description="longer over shorter side at most; DataComp's is 3")
    min_words: int | None = Field(None, ge=1, description="words, between spaces, that a caption has at least")
    max_words: int | None = Field(None, ge=1, description="words, between spaces, that a caption has at most")
    min_characters: int | None = Field(None, ge=1, description="characters that a caption has at least")
    max_characters: int | None = Field(None, ge=1, description="characters that a caption has at most")
    min_letters: float | None = Field(None, ge=0, le=1, description="share of a caption that is letters, at least")
    max_digits: float | None = Field(None, ge=0, le=1, description="share of a caption that is digits, at most")
    max_punctuation: float | None = Field(
        None, ge=0, le=1, description="share of a caption that is punctuation or symbols, at most"
    )
    max_repeated_words: float | None = Field(
        None, ge=0, le=1, description="share of a caption's words that have come before in it, at most"
    )
    urls: bool = Field(True, description="whether captions with addresses of web pages are kept")
    file_names: bool = Field(True, description="whether captions that are names of files, as IMG_1234.jpg, are kept")
    unique: Literal["pair", "image", "caption"] = Field(
        "pair", description="what no two pairs share, of pair, image and caption: the first stays"
    )
    hash_column: str | None = Field(
        None, description="what tells images apart for unique: image, as sha256; none = their bytes"
    )

    @property
    def asks_nothing(self) -> bool:
        """Whether all pairs pass."""
        fields = Filters.model_fields
        return all(getattr(self, name) == field.default for name, field in fields.items() if name != "name")

    @property
    def needs_sizes(self) -> bool:
        """Whether width and height of images are asked for."""
        return any(value is not None for value in (self.min_side, self.max_side, self.max_aspect))


def reasons(filters: Filters) -> pl.Expr:
    """Why a row is none of the pool, null for one that is: the first reason of several.

    Of rows with ``caption``, and ``width`` and ``height`` (pixels) where sizes are asked for.
    """
    first: pl.Expr = pl.lit(None, dtype=pl.String)
    for reason, fails in reversed(list(_rules(filters))):
        first = pl.when(fails).then(pl.lit(reason)).otherwise(first)
    return first.alias("reason")


def words_of(captions: pl.Expr) -> pl.Expr:
    """Lists of what lies between spaces."""
    return captions.str.extract_all(r"\S+")


def counts(reasons: pl.Series) -> dict[str, int]:
    """Reason -> rows."""
    return dict(sorted(reasons.drop_nulls().value_counts().iter_rows()))


def _rules(filters: Filters) -> Iterator[tuple[str, pl.Expr]]:
    if filters.needs_sizes:
        yield from _sizes(filters)
    yield from _lengths(filters)
    yield from _shares(filters)
    caption = pl.col("caption")
    if not filters.urls:
        yield "web address in the caption", caption.str.contains(URL)
    if not filters.file_names:
        yield "file name for a caption", caption.str.contains(IMAGE_FILE) | caption.str.contains(CAMERA_FILE)


def _sizes(filters: Filters) -> Iterator[tuple[str, pl.Expr]]:
    width, height = pl.col("width"), pl.col("height")
    shorter, longer = pl.min_horizontal(width, height), pl.max_horizontal(width, height)
    yield UNKNOWN_SIZE, width.is_null() | height.is_null() | (shorter == 0)
    if filters.min_side is not None:
        yield f"side below {filters.min_side} pixels", shorter < filters.min_side
    if filters.max_side is not None:
        yield f"side above {filters.max_side} pixels", longer > filters.max_side
    if filters.max_aspect is not None:
        yield f"longer side above {filters.max_aspect:g} times the shorter", longer > filters.max_aspect * shorter


def _lengths(filters: Filters) -> Iterator[tuple[str, pl.Expr]]:
    measures = {"words": words_of(pl.col("caption")).list.len(), "characters": pl.col("caption").str.len_chars()}
    for unit, length in measures.items():
        least, most = getattr(filters, f"min_{unit}"), getattr(filters, f"max_{unit}")
        if least is not None:
            yield f"caption below {least} {unit}", length < least
        if most is not None:
            yield f"caption above {most} {unit}", length > most


def _shares(filters: Filters) -> Iterator[tuple[str, pl.Expr]]:
    if filters.min_letters is not None:
        yield f"letters below {filters.min_letters:g} of the caption", _share(r"[\p{L}\p{M}]") < filters.min_letters
    if filters.max_digits is not None:
        yield f"digits above {filters.max_digits:g} of the caption", _share(r"\p{N}") > filters.max_digits
    if filters.max_punctuation is not None:
        signs = _share(r"[\p{P}\p{S}]")
        yield f"punctuation above {filters.max_punctuation:g} of the caption", signs > filters.max_punctuation
    if filters.max_repeated_words is not None:
        words = words_of(pl.col("caption").str.to_lowercase())
        repeated = 1 - words.list.n_unique() / words.list.len()
        yield f"repeated words above {filters.max_repeated_words:g}", repeated > filters.max_repeated_words


def _share(kind: str) -> pl.Expr:
    """Characters of a kind among those that are no space."""
    return pl.col("caption").str.count_matches(kind) / pl.col("caption").str.count_matches(r"\S")
