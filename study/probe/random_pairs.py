"""Random pairs in the place of data that is not there: steps take as long on any, waits for data do not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from study.data.stream import Pairs, RawBatch
from study.models import Arch
from study.records import RunSpec
from study.strategies.base import Phase, Strategy
from study.train.device import Place
from study.train.feed import Feed
from study.train.skipped import Tally

POOL = 512  # distinct pictures and captions, taken in turn


class RandomPairs(Pairs):
    """A stream of ``pairs`` pairs as ``study.data.stream.Stream`` gives them, of noise and of any words."""

    def __init__(self, arch: Arch, pairs: int, image_size: int, text_length: int) -> None:
        generator = torch.Generator().manual_seed(0)
        shape, end = (POOL, image_size, image_size, 3), arch.config["text_cfg"].get("vocab_size", 49408) - 1
        self.pairs = pairs
        self.images = torch.randint(0, 256, shape, generator=generator, dtype=torch.uint8)
        self.texts = torch.randint(1, end, (POOL, text_length), generator=generator)
        self.texts[:, -1] = end  # the largest token ends a caption; its place is where the text is read off

    def __len__(self) -> int:
        return self.pairs

    def batch(self, first: int, count: int) -> RawBatch:
        """``count`` pairs from position ``first`` on."""
        rows = torch.arange(first, first + count) % POOL
        return RawBatch(self.images[rows], self.texts[rows], first)


def open_random(
    spec: RunSpec, arch: Arch, strategy: Strategy, phases: Sequence[Phase], results: Path, place: Place
) -> Feed:
    """As ``study.train.pairs.open_pairs``, for a run whose data is not there."""
    size, length = max(map(strategy.stored_size, phases)), max(phase.text_length for phase in phases)
    pairs = RandomPairs(arch, spec.data.unique_pairs, size, length)
    return Feed(pairs, Tally(pairs), size, length, place.world_size == 1)
