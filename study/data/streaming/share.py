"""Which pairs a process asks for, one request after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Share:
    """Which positions a process asks for: its part of each global batch, in order."""

    global_batch_size: int
    world_size: int = 1
    rank: int = 0

    def following(self, first: int, count: int) -> Iterator[tuple[int, int]]:
        """The requests after one for ``count`` pairs from ``first`` on."""
        own = self.global_batch_size // self.world_size
        while True:
            first += count
            if first % self.global_batch_size % own == 0:  # its part has ended: on to the next global batch
                first += self.global_batch_size - own
            yield first, count
