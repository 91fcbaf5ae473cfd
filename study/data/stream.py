"""Training batches as an endless, seeded stream with random access, so that a run can go on from any position."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
import torch
from open_clip.tokenizer import SimpleTokenizer
from torch import Tensor

from study.data.samples import Samples
from study.data.tokens import tokens
from study.data.watch import SILENT, Watch


class RawBatch(NamedTuple):
    """Pairs as stored: ``images`` uint8 (b, S, S, 3), ``texts`` int64 (b, L), from position ``first`` on."""

    images: Tensor
    texts: Tensor
    first: int


class Pairs(ABC):
    """Pairs by their position in training, of any source; what is read while a run trains says more of itself."""

    @abstractmethod
    def __len__(self) -> int:
        """Length of a pass over them."""

    @abstractmethod
    def batch(self, first: int, count: int) -> RawBatch:
        """The pairs at positions ``first`` to ``first + count - 1``."""

    @property
    def skipped(self) -> dict[str, int] | None:
        """Reason -> positions given so far whose own pair could not be read; none where nothing is left to be read."""
        return None

    def known_by(self) -> str:
        """A text that is the same in all processes whose passes have the same pairs."""
        return str(len(self))

    def ready(self, first: int, count: int, seconds: float) -> bool:
        """Whether a batch need not be waited for any longer; waits for it so many seconds at most."""
        return True

    def hear(self, say: Callable[[str], None]) -> None:  # noqa: B027 - most have nothing to tell
        """``say`` is told of trouble."""


class Stream(Pairs):
    """Position p holds pair ``order(p // n)[p % n]``: every pass over the n usable pairs is a new permutation.

    Decodes all images, which ``watch`` looks on, and reads all captions when it is made; ``samples.skipped`` then says
    what was left out.
    """

    def __init__(
        self,
        samples: Samples,
        tokenizer: SimpleTokenizer,
        seed: int,
        image_size: int,
        text_length: int | None = None,
        watch: Watch = SILENT,
    ) -> None:
        self.seed = seed
        self.images = samples.images(image_size, watch)
        self.rows = samples.usable(image_size)
        length = text_length or tokenizer.context_length
        self.texts = tokens(samples.captions, tokenizer, length, samples.cache)
        self._order = lru_cache(maxsize=2)(self._permutation)  # a batch may straddle two passes

    def __len__(self) -> int:
        """Usable pairs, which is the length of a pass."""
        return len(self.rows)

    def known_by(self) -> str:
        """Of the rows that are usable."""
        return blake2b(self.rows.tobytes(), digest_size=16).hexdigest()

    def order(self, epoch: int) -> np.ndarray:
        """The rows of one pass in their order, int64 (n,); depends on seed, epoch and n alone."""
        return self._order(epoch)

    def _permutation(self, epoch: int) -> np.ndarray:
        return self.rows[np.random.default_rng([self.seed, epoch]).permutation(len(self.rows))]

    def batch(self, first: int, count: int) -> RawBatch:
        """The pairs at positions ``first`` to ``first + count - 1``."""
        positions = np.arange(first, first + count)
        epochs, places = np.divmod(positions, len(self.rows))
        rows = np.concatenate([self.order(int(epoch))[places[epochs == epoch]] for epoch in np.unique(epochs)])
        images = torch.from_numpy(np.ascontiguousarray(self.images[rows]))
        return RawBatch(images, self.texts[torch.from_numpy(rows)].long(), first)
