"""The seam between models and scores: what embeds a pair, and which pairs it may score."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import ExitStack

import numpy as np
from torch import Tensor

from study.data.decoding import Frame, frame_of
from study.data.subset import Subset
from study.evaluate.embed import Subject, at_rest


class Scorer(ABC):
    """A model that embeds images and captions in one space."""

    @property
    @abstractmethod
    def frame(self) -> Frame:
        """What images are made to fit."""

    @abstractmethod
    def images(self, images: Tensor) -> Tensor:
        """Embeddings (B, d) in float32 of uint8 images (B, 3, height, width)."""

    @abstractmethod
    def texts(self, texts: Sequence[str]) -> Tensor:
        """Embeddings (B, d) in float32."""

    def has_seen(self, uids: Sequence[str]) -> np.ndarray:
        """bool (B,): which pairs it is known to have trained on, so that its score of them says little."""
        return np.zeros(len(uids), bool)


class RunScorer(Scorer):
    """The model of a run as it is evaluated, at rest for good."""

    def __init__(self, subject: Subject, seen: Subset | None) -> None:
        self.subject, self.seen = subject, seen
        self._held = ExitStack()
        self._held.enter_context(at_rest(subject))

    @property
    def frame(self) -> Frame:
        """The square of its last phase."""
        return frame_of(self.subject.phase.image_size)

    def images(self, images: Tensor) -> Tensor:
        """As evaluation embeds them."""
        return self.subject.images(images)

    def texts(self, texts: Sequence[str]) -> Tensor:
        """As evaluation embeds them."""
        return self.subject.texts(texts)

    def has_seen(self, uids: Sequence[str]) -> np.ndarray:
        """Those of its training subset."""
        if self.seen is None:
            return super().has_seen(uids)
        hi, lo = (np.array([int(uid[half], 16) for uid in uids], np.uint64) for half in (slice(16), slice(16, 32)))
        return self.seen.contains(hi, lo)
