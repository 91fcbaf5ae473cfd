"""Cached features behind the interface of a model and a loader, for clip-benchmark's own metric code.

What that code takes for images and tokens are here rows of the cache. It is called with ``amp=False``:
features are made under autocast as in training, and compared in float32.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from io import StringIO

import torch
from torch import Tensor

from study.metrics.base import SetFeatures

BATCH = 64  # rows a batch: clip-benchmark's retrieval makes a (batch, k, candidates) tensor of integers


class CachedModel:
    """A model and tokenizer whose answers are already known."""

    def __init__(self, features: SetFeatures) -> None:
        self.images, self.texts, self.rows = features.images, features.text_features, features.text_rows

    def tokenize(self, texts: Sequence[str]) -> Tensor:
        """Rows of the texts: (len(texts),)."""
        return torch.tensor([self.rows[text] for text in texts], dtype=torch.int64)

    def encode_image(self, rows: Tensor) -> Tensor:
        """Features of image rows: (B,) to (B, d)."""
        return self.images[rows]

    def encode_text(self, rows: Tensor) -> Tensor:
        """Features of text rows: (B,) to (B, d)."""
        return self.texts[rows]


class CachedLoader:
    """Batches of image rows with their targets; its own ``dataset``, as clip-benchmark reads ``.classes``."""

    def __init__(self, targets: Tensor | Sequence[Sequence[str]], classes: Sequence[str] = ()) -> None:
        self.targets, self.classes = targets, classes
        self.dataset = self

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor | Sequence[Sequence[str]]]]:
        for start in range(0, len(self.targets), BATCH):
            targets = self.targets[start : start + BATCH]
            yield torch.arange(start, start + len(targets)), targets


@contextmanager
def quietly() -> Iterator[None]:
    """Without clip-benchmark's progress bars, one a set and metric, which it always draws."""
    with redirect_stderr(StringIO()):
        yield
