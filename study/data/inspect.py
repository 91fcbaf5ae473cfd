"""What a source holds, in numbers."""

from __future__ import annotations

from typing import Any

import polars as pl

from study.data.examples import tried
from study.data.filters import words_of
from study.data.shards.secrets import shown
from study.data.source import Source
from study.data.spread import spread
from study.data.subset import lowest_kept, subset_size
from study.errors import DataError

# What is measured of each pair, where a source knows it.
MEASURES = {
    "caption_words": words_of(pl.col("caption")).list.len(),
    "caption_characters": pl.col("caption").str.len_chars(),
    "image_width": pl.col("width"),
    "image_height": pl.col("height"),
    "image_aspect": pl.max_horizontal("width", "height") / pl.min_horizontal("width", "height"),
    "image_bytes": pl.col("bytes"),
    "score": pl.col("score"),
}


def described(source: Source) -> pl.DataFrame:
    """A row a training pair, or a random part of them: what the source knows, and ``MEASURES``.

    Raises DataError when there is no data.
    """
    if source.declared_pairs() is not None:
        raise DataError(f"{source.config.name} only declares {source.declared_pairs()} pairs; its data is not there")
    details = source.details()
    unknown = [pl.lit(None, pl.Int64).alias(name) for name in ("width", "height", "bytes") if name not in details]
    return details.with_columns(unknown).with_columns(**MEASURES)


def inspect(source: Source, details: pl.DataFrame | None = None, seed: int = 0) -> dict[str, Any]:
    """Sizes, captions, images, scores and noise of a source, as plain data; raises DataError when it has no data.

    ``details`` are those of ``described``; ``seed`` chooses the images that are tried.
    """
    details = described(source) if details is None else details
    pairs = details.filter(pl.col("split") == "train")
    index = source.index()
    return {
        "source": source.config.name,
        "options": _options(source),
        "pool": index.pairs,
        "fingerprint": source.fingerprint(),
        "bytes": source.size_bytes(),
        "columns": source.columns(),
        "left_out": source.left_out(),
        "splits": {**_counts(details["split"]), "train": index.pairs},
        "described": pairs.height,
        **{name: spread(pairs[name]) for name in MEASURES},
        "without_score": pairs["score"].null_count(),
        "repeated_captions": pairs.height - pairs["caption"].n_unique(),
        "repeated_images": _repeats(pairs["image"]) if "image" in pairs.columns else None,
        "tried": tried(source, pairs["uid"], seed) if source.has_images() else None,
        "noise": _by_noise(pairs),
        "evaluation_sets": {name: len(source.evaluation_set(name).samples) for name in source.evaluation_sets()},
    }


def inspect_subset(source: Source, quality: float, size: float | int | None) -> dict[str, Any]:
    """Exact counts of a subset; raises DataError for one that the pool cannot give."""
    index = source.index()
    return {
        "source": source.config.name,
        "fingerprint": source.fingerprint(),
        "pool": index.pairs,
        "quality": quality,
        "kept": subset_size(index.pairs, quality, None),
        "pairs": subset_size(index.pairs, quality, size),
        "lowest_score": lowest_kept(index, quality, source.say),
    }


def _options(source: Source) -> dict[str, str]:
    """Those that are set, in words; of addresses without what is for nobody else."""
    options = source.config.model_dump(mode="json", exclude_defaults=True, exclude={"name"})
    listed = ((name, value if isinstance(value, list) else [value]) for name, value in options.items())
    return {name: ", ".join(shown(str(value)) for value in values) for name, values in listed}


def _counts(values: pl.Series) -> dict[str, int]:
    return dict(sorted(values.value_counts().iter_rows()))


def _repeats(values: pl.Series) -> int | None:
    """How many known values an earlier row has; none when none is known."""
    known = values.drop_nulls()
    return len(known) - known.n_unique() if len(known) else None


def _by_noise(pairs: pl.DataFrame) -> list[dict[str, Any]] | None:
    """Pairs, their share and their mean score for each kind of noise; none where nothing is marked as noise or not."""
    if (pairs["noise"] == "unknown").all():
        return None
    share = (pl.len() / pairs.height).round(4)
    grouped = pairs.group_by("noise").agg(
        pl.len().alias("pairs"), share.alias("share"), pl.col("score").mean().round(4).alias("mean_score")
    )
    return grouped.sort("noise").to_dicts()
