"""Subsets of a pool: the best share by score, then a nested part by a stable hash of the uid."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path

import polars as pl

from study.data.source import Source
from study.errors import DataError
from study.io import lock, read_parquet, write_parquet

SALT = b"study subset 1"  # another salt would give other subsets: it is part of every run's meaning


def subset_size(pool_size: int, quality: float, size: float | int | None) -> int:
    """Pairs in a subset: ``round(quality * pool_size)`` are kept, of which a share (float) or a number (int).

    Raises DataError when fewer are kept than asked for.
    """
    kept = max(1, round(quality * pool_size))
    if size is None:
        return kept
    if isinstance(size, float):
        return max(1, round(size * kept))
    if size > kept:
        raise DataError(
            f"{size} pairs are asked for, but quality {quality:g} keeps {kept} of {pool_size}; "
            "ask for fewer pairs or a larger share"
        )
    return size


def select(pool: pl.DataFrame, quality: float, pairs: int | None) -> list[str]:
    """Sorted uids: exactly the best ``round(quality * n)`` by score, then ``pairs`` of these.

    Equal scores are ordered by uid and unknown ones come last. A smaller number of pairs is always inside a larger
    one. Raises DataError when a share is asked for and no pair has a score, or fewer are kept than asked for.
    """
    count = subset_size(pool.height, quality, pairs)
    kept = subset_size(pool.height, quality, None)
    if kept < pool.height:
        if pool["score"].is_null().all():
            raise DataError(
                f"quality {quality:g} needs scores, and no pair of the pool has one; use quality 1, or name the "
                "source's score column"
            )
        by_score = pl.col("score").fill_nan(None)
        pool = pool.sort(by_score, "uid", descending=[True, False], nulls_last=True).head(kept)
    return sorted(sorted(pool["uid"], key=_place)[:count])


def _place(uid: str) -> bytes:
    return blake2b(uid.encode(), key=SALT, digest_size=8).digest()


def ensure(results: Path, source: Source, quality: float, pairs: int) -> list[str]:
    """The subset's uids, made once and shared: ``results/subsets/FINGERPRINT-QUALITY-PAIRS.parquet``.

    Raises DataError for a subset that the pool cannot give and StorageError when the file cannot be written.
    """
    path = results / "subsets" / f"{source.fingerprint()}-{quality}-{pairs}.parquet"
    with lock(path.parent / f".{path.name}.lock", wait=True):
        if not path.exists():
            uids = select(source.pool(), quality, pairs)
            write_parquet(path, pl.DataFrame({"uid": uids}, schema={"uid": pl.String}))
    return read_parquet(path)["uid"].to_list()
