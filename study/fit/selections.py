"""Which settings a law is fitted to. A choice here changes the law, so each one is named and kept in the table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

BINS = 5  # of log compute between a group's least and most (Cherti et al., 2023, arXiv:2212.07143, section 3.2)

EDGE = 9  # decimals of a bin to which a setting's place is told


@dataclass(frozen=True)
class Selection:
    """``keep`` gets a row a setting (``setting``, ``train_flops``, mean ``error``) and returns those to fit.

    ``reason`` says of the others why they were left out; ``best`` that the kept are the best for their compute.
    """

    keep: Callable[[pl.DataFrame], set[str]]
    reason: str
    best: bool


def _all(settings: pl.DataFrame) -> set[str]:
    return set(settings["setting"])


def _best_per_bin(settings: pl.DataFrame) -> set[str]:
    """The setting of lowest mean error in each bin, at its own compute.

    Departs from the paper, which places it at the bin's centre: that moves points by up to half a bin. Settings spaced
    evenly lie on the edges of bins: which side they fall to must not be the rounding of a logarithm.
    """
    logs = pl.col("train_flops").log10()
    place = (logs - logs.min()) / (logs.max() - logs.min()) * BINS
    binned = settings.with_columns(place.fill_nan(0).round(EDGE).floor().clip(0, BINS - 1).alias("bin"))
    best = binned.sort("error", "setting").unique("bin", keep="first", maintain_order=True)
    return set(best["setting"])


def _pareto(settings: pl.DataFrame) -> set[str]:
    """Settings that no setting of equal or less compute beats."""
    ordered = settings.sort("train_flops", "error", "setting")
    before = pl.col("error").cum_min().shift(1)
    return set(ordered.filter(before.is_null() | (pl.col("error") < before))["setting"])


ALL = Selection(_all, "none is left out", best=False)
BEST_PER_BIN = Selection(_best_per_bin, "not the lowest error of its compute bin", best=True)
PARETO = Selection(_pareto, "a setting of no more compute has a lower error", best=True)
