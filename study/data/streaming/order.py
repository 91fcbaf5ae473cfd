"""The order of pairs that lie in shards: a pure function of the seed and of how many each shard has."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

WINDOW_SHARDS = 16  # pairs are mixed within so many shards: with 10,000 pairs each, a window is 160,000


class Window(NamedTuple):
    """Some shards of a pass, mixed: ``shards`` and ``rows`` in them, int64 (m,), in the order of training."""

    shards: np.ndarray
    rows: np.ndarray

    def at(self, place: int) -> tuple[int, int]:
        """Shard and row at a place, counted on from the start after the end."""
        place %= len(self.rows)
        return int(self.shards[place]), int(self.rows[place])


class Where(NamedTuple):
    """A position: which window of which pass, and the place in it."""

    epoch: int
    window: int
    place: int


class Order:
    """Every pass goes over the shards in a new order, a window of them at a time, whose pairs are permuted.

    A window is the finest part that is held in memory: 16 bytes a pair of two windows.
    """

    def __init__(self, counts: Sequence[int] | np.ndarray, seed: int, window_shards: int = WINDOW_SHARDS) -> None:
        self.counts, self.seed = np.asarray(counts, np.int64), seed
        self.window_shards, self.pairs = window_shards, int(self.counts.sum())
        self._passes = lru_cache(maxsize=2)(self._pass)
        self.window = lru_cache(maxsize=3)(self._window)

    def where(self, position: int) -> Where:
        """The window and the place of a position."""
        epoch, place = divmod(position, self.pairs)
        ends = self._passes(epoch)[1]
        window = int(np.searchsorted(ends, place, side="right"))
        return Where(epoch, window, place - (int(ends[window - 1]) if window else 0))

    def after(self, where: Where) -> int:
        """The next window of the pass; after the last the first."""
        return (where.window + 1) % len(self._passes(where.epoch)[1])

    def shards(self, epoch: int, window: int) -> np.ndarray:
        """The shards of a window, int64."""
        permuted: np.ndarray = self._passes(epoch)[0]
        return permuted[window * self.window_shards : (window + 1) * self.window_shards]

    def _pass(self, epoch: int) -> tuple[np.ndarray, np.ndarray]:
        """The shards of a pass in order, and the number of pairs before the end of each window."""
        filled = np.flatnonzero(self.counts)
        permuted = filled[np.random.default_rng([self.seed, epoch, 0]).permutation(len(filled))]
        starts = np.arange(0, len(permuted), self.window_shards)
        return permuted, np.cumsum(np.add.reduceat(self.counts[permuted], starts))

    def _window(self, epoch: int, window: int) -> Window:
        """All pairs of a window in order."""
        shards = self.shards(epoch, window)
        counts = self.counts[shards]
        mixed = np.random.default_rng([self.seed, epoch, 1, window]).permutation(int(counts.sum()))
        of = np.repeat(np.arange(len(shards)), counts)
        rows = np.arange(len(of)) - np.repeat(np.cumsum(counts) - counts, counts)
        return Window(shards[of[mixed]], rows[mixed])
