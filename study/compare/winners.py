"""Which of the matched settings is best in each study, and how it stands in the other."""

from __future__ import annotations

from typing import Any

import polars as pl

from study.compare.match import IDENTITY
from study.compare.sides import Side
from study.summary.headline import Headline
from study.summary.settings import settings, tied

WINNERS: dict[str, Any] = {
    "study": pl.String, "setting": pl.String, "score": pl.Float64, "low": pl.Float64, "high": pl.Float64, "n": pl.Int64,
    "score_there": pl.Float64, "rank_there": pl.Int64, "tied_there": pl.Boolean,
}  # fmt: skip


def winners(a: Side, b: Side, pairs: pl.DataFrame, measure: Headline) -> pl.DataFrame:
    """A row a study: the best of the settings that both have a score of, by ``measure``; ``setting`` is A's name.

    ``rank_there`` and ``score_there`` are in the other study; ``tied_there``: its interval meets that of the best there
    (null where no setting has two seeds).
    """
    scored = {name: _scored(side, pairs, name, measure) for side, name in ((a, "a"), (b, "b"))}
    ranked = {name: _ranked(scored[name].join(scored[other], on="key", how="semi")) for name, other in ("ab", "ba")}
    rows = [_row(ranked[name], ranked[other], name.upper()) for name, other in ("ab", "ba")]
    found = pl.DataFrame([row for row in rows if row], schema=WINNERS)
    return found.join(pairs.select(pl.col("setting_a").alias("setting"), *IDENTITY), on="setting", how="left")


def _scored(side: Side, pairs: pl.DataFrame, name: str, measure: Headline) -> pl.DataFrame:
    """The settings of one study that are matched, best first, under A's name as ``key``."""
    keys = pairs.select(pl.col(f"setting_{name}").alias("setting"), pl.col("setting_a").alias("key"))
    return settings(side.runs, side.scores, measure).join(keys, on="setting", maintain_order="left")


def _ranked(table: pl.DataFrame) -> pl.DataFrame:
    best_first = table.sort("score", "key", descending=[True, False])
    return best_first.with_columns(tied(best_first).alias("tied"), pl.int_range(1, pl.len() + 1).alias("rank"))


def _row(mine: pl.DataFrame, other: pl.DataFrame, name: str) -> dict[str, Any] | None:
    if mine.is_empty():
        return None
    best = mine.row(0, named=True)
    there = other.filter(pl.col("key") == best["key"]).row(0, named=True)
    return {
        "study": name, "setting": best["key"], **{key: best[key] for key in ("score", "low", "high", "n")},
        "score_there": there["score"], "rank_there": there["rank"], "tied_there": there["tied"],
    }  # fmt: skip
