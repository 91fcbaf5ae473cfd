"""The order in which a subset is written: a function of the seed and of how many pairs each piece has in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class Order:
    """Pieces in random order, ``window`` of them at a time; the pairs of a window in random order.

    ``counts`` has the pairs of each piece that are written. With a window of all pieces every order is as likely;
    with fewer, only so many shards need be open at once.
    """

    counts: Sequence[int]
    seed: int
    window: int

    @cached_property
    def _windows(self) -> list[np.ndarray]:
        order = np.random.default_rng([self.seed, 0]).permutation(len(self.counts))
        return [order[at : at + self.window] for at in range(0, len(order), self.window)]

    @cached_property
    def _ends(self) -> np.ndarray:
        """Positions at which the windows end, int64."""
        counts = np.asarray(self.counts, np.int64)
        return np.cumsum([counts[window].sum() for window in self._windows])

    @property
    def pairs(self) -> int:
        """All that are written."""
        return int(sum(self.counts))

    def at(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """Piece and place among its written pairs, of the positions from ``first`` up to ``last``."""
        number = int(np.searchsorted(self._ends, first, side="right"))
        while first < last:
            end = int(self._ends[number])
            begin = end - int(np.asarray(self.counts)[self._windows[number]].sum())
            pieces, places = self._shuffled(number)
            part = slice(first - begin, min(last, end) - begin)
            yield from zip(pieces[part].tolist(), places[part].tolist(), strict=True)
            first, number = end, number + 1

    def _shuffled(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """Piece and place of all pairs of a window, int64 (n,) each, in their order."""
        window = self._windows[number]
        counts = np.asarray(self.counts, np.int64)[window]
        pieces = np.repeat(window, counts)
        places = np.concatenate([np.arange(count) for count in counts]) if len(counts) else pieces
        order = np.random.default_rng([self.seed, 1, number]).permutation(len(pieces))
        return pieces[order], places[order]
