"""What a source holds, in numbers."""

from __future__ import annotations

from typing import Any

import polars as pl

from study.data.source import Source
from study.data.subset import lowest_kept, subset_size
from study.errors import DataError

QUANTILES = {"min": 0.0, "p10": 0.1, "median": 0.5, "p90": 0.9, "max": 1.0}


def inspect(source: Source) -> dict[str, Any]:
    """Sizes, caption lengths, scores and noise of a source, as plain data; raises DataError when it has no data."""
    if source.declared_pairs() is not None:
        raise DataError(f"{source.config.name} only declares {source.declared_pairs()} pairs; its data is not there")
    details = source.details()
    pairs = details.filter(pl.col("split") == "train")
    words = pairs["caption"].str.split(" ").list.len()
    return {
        "source": source.config.name,
        "pool": source.pool().height,
        "fingerprint": source.fingerprint(),
        "left_out": source.left_out(),
        "splits": _counts(details["split"]),
        "caption_words": _spread(words),
        "score": _spread(source.pool()["score"]),
        "without_score": source.pool()["score"].null_count(),
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


def _counts(values: pl.Series) -> dict[str, int]:
    return dict(sorted(values.value_counts().iter_rows()))


def _spread(values: pl.Series) -> dict[str, float | None]:
    """Mean and quantiles; all none where no value is known."""
    known = values.drop_nulls()
    if not len(known):
        return dict.fromkeys((*QUANTILES, "mean"))
    quantiles = {name: known.quantile(share, "linear") for name, share in QUANTILES.items()}
    rounded = {name: None if value is None else round(float(value), 4) for name, value in quantiles.items()}
    return {**rounded, "mean": round(float(known.cast(pl.Float64).mean() or 0.0), 4)}  # type: ignore[arg-type]


def _by_noise(pairs: pl.DataFrame) -> list[dict[str, Any]]:
    """Pairs, their share and their mean score for each kind of noise."""
    share = (pl.len() / pairs.height).round(4)
    grouped = pairs.group_by("noise").agg(
        pl.len().alias("pairs"), share.alias("share"), pl.col("score").mean().round(4).alias("mean_score")
    )
    return grouped.sort("noise").to_dicts()
