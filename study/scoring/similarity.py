"""Cosine similarity of the images and captions of some pairs, by one model or by the mean of several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from study.data.pixels import Frame, Pixels
from study.scoring.request import NOT_FINITE, SEEN
from study.scoring.scorer import Scorer


@dataclass(frozen=True)
class Decoded:
    """Pairs with their images, by the frame that a scorer takes."""

    uids: Sequence[str]
    captions: Sequence[str]
    pixels: dict[Frame, Pixels]

    def failed(self) -> dict[int, str]:
        """Row -> why its image cannot be used, in any frame."""
        return {row: reason for pixels in self.pixels.values() for row, reason in pixels.skipped.items()}


@dataclass(frozen=True)
class Similarities:
    """float32 (n,), -1 to 1, NaN where there is none; and why, "" where there is one."""

    scores: np.ndarray
    missing: list[str]


def similarities(scorers: Sequence[Scorer], pairs: Decoded, batch: int) -> Similarities:
    """Each pair's mean over the scorers that have not trained on it; batches of each scorer's own rows."""
    total, count = np.zeros(len(pairs.uids)), np.zeros(len(pairs.uids), int)
    failed = pairs.failed()
    missing = [failed.get(row, SEEN) for row in range(len(pairs.uids))]
    usable = np.array([row not in failed for row in range(len(pairs.uids))], bool)
    for scorer in scorers:
        rows = np.flatnonzero(usable & ~scorer.has_seen(pairs.uids))
        total[rows] += _scored(scorer, pairs, rows, batch)
        count[rows] += 1
    known = count > 0
    scores = np.full(len(pairs.uids), np.nan, np.float32)
    scores[known] = total[known] / count[known]
    for row in np.flatnonzero(known):
        missing[row] = "" if np.isfinite(scores[row]) else NOT_FINITE
    return Similarities(scores, missing)


def _scored(scorer: Scorer, pairs: Decoded, rows: np.ndarray, batch: int) -> np.ndarray:
    images = pairs.pixels[scorer.frame].images
    parts = [_batch(scorer, images, pairs.captions, rows[at : at + batch]) for at in range(0, len(rows), batch)]
    return torch.cat(parts).cpu().numpy() if parts else np.zeros(0, np.float32)


def _batch(scorer: Scorer, images: np.ndarray, captions: Sequence[str], rows: np.ndarray) -> Tensor:
    pixels = torch.from_numpy(images[rows]).permute(0, 3, 1, 2)  # indexing copies: (b, height, width, 3)
    ours, theirs = scorer.images(pixels), scorer.texts([captions[row] for row in rows])
    # a direction of zeros has no cosine: NaN, where PyTorch would say 0
    lengths = ours.norm(dim=-1) * theirs.norm(dim=-1)
    return torch.where(lengths > 0, F.cosine_similarity(ours, theirs), torch.nan)
