"""What scores are worth where it is known which pairs are noise: the labels are read here, never by a scorer."""

from __future__ import annotations

import numpy as np
import polars as pl
from scipy.stats import rankdata


def found_noise(pairs: pl.DataFrame) -> dict[str, float]:
    """Kind -> chance that a clean pair's ``score`` is above that of a pair with this ``noise`` (AUC); .5 = blind."""
    clean = pairs.filter(pl.col("noise") == "none")["score"].to_numpy()
    kinds = {"all noise": pairs.filter(pl.col("noise") != "none")}
    kinds |= {str(kind): part for (kind,), part in sorted(kinds["all noise"].group_by("noise"))}
    return {kind: round(auc(clean, part["score"].to_numpy()), 4) for kind, part in kinds.items()}


def noise_in_best(pairs: pl.DataFrame) -> dict[str, float]:
    """Share kept by ``score`` -> share of ``noise`` in it."""
    best = pairs.sort("score", "uid", descending=[True, False])
    kept = {share: best.head(round(share * pairs.height)) for share in (0.2, 0.5, 0.8, 1.0)}
    return {
        str(share): round(part.filter(pl.col("noise") != "none").height / part.height, 4)
        for share, part in kept.items()
    }


def auc(high: np.ndarray, low: np.ndarray) -> float:
    """Area under the ROC curve of what should be high against what should be low, ties counted half."""
    ranks = rankdata(np.concatenate([high, low]))[: len(high)]
    return float((ranks.sum() - len(high) * (len(high) + 1) / 2) / (len(high) * len(low)))
