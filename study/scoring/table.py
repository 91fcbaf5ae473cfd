"""A parquet of scores: ``uid``, and the columns of each scoring of some of its pairs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from study.data.parquet import Parquet
from study.data.tables.formats import readable
from study.errors import DataError
from study.scoring.request import Scored


def columns(path: Path) -> list[str]:
    """Of the file; raises DataError for one that holds no scores."""
    with readable(path, "scores"):
        known = Parquet((path,)).columns()
    if "uid" not in known:
        raise DataError(f"{path} holds no scores: it has no uid column; take another --out")
    return known


def read(path: Path, some: Sequence[str]) -> pl.DataFrame:
    """These columns; raises DataError when they cannot be read."""
    with readable(path, "scores"):
        return Parquet((path,)).read(some)


def scored_pairs(path: Path, scored: Scored) -> pl.DataFrame | None:
    """``uid``, the reason for no score, weights and way of the pairs that have this column; none without it."""
    _, why, *_, weights, how = scored.columns()
    if not path.exists() or not {why, weights, how} <= {*columns(path)}:
        return None
    return read(path, ("uid", why, weights, how)).filter(pl.col(weights).is_not_null())


def joined(path: Path, rows: pl.DataFrame, scored: Scored) -> pl.DataFrame:
    """All that the file is to hold: ``uid``, score and reason in ``rows``, and what else it has."""
    given = (scored.model, scored.pretrained, scored.weights, scored.how)
    names = scored.columns()
    told = [pl.lit(value).alias(name) for value, name in zip(given, names[2:], strict=True)]
    rows = rows.with_columns(told)
    if not path.exists():
        return rows
    old = read(path, columns(path))
    known = rows.join(old.drop(*names, strict=False), on="uid", how="left", maintain_order="left")
    others = old.join(rows, on="uid", how="anti", maintain_order="left")  # pairs that filters leave out now
    return pl.concat([known, others], how="diagonal_relaxed") if others.height else known


def replaced(path: Path, rows: pl.DataFrame, scored: Scored) -> pl.DataFrame:
    """All that the file is to hold, where some of its pairs have another score or reason now."""
    score, why, *_, weights, _ = scored.columns()
    own = read(path, ("uid", score, why, weights)).filter(pl.col(weights).is_not_null())
    others = own.drop(weights).join(rows, on="uid", how="anti")
    known = own.select("uid").join(pl.concat([others, rows]), on="uid", how="left", maintain_order="left")
    return joined(path, known, scored)


def empty(scored: Scored) -> pl.DataFrame:
    """Rows of no pairs."""
    score, why, *_ = scored.columns()
    return pl.DataFrame(schema={"uid": pl.String, score: pl.Float32, why: pl.String})
