"""The pair that is drawn at a position of training: its own, or where that cannot be read the one that stands in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from study.data.decoding import Skip, decode
from study.data.index import Shard
from study.data.streaming.faults import Faults
from study.data.streaming.fetch import LOST, Fetcher
from study.data.streaming.order import Order, Where
from study.data.streaming.rows import Rows
from study.errors import DataError


class Pair(NamedTuple):
    """``image`` is uint8 (S, S, 3); ``reason`` is why it is not the position's own pair, empty where it is."""

    image: np.ndarray
    caption: str
    reason: str


class Drawn:
    """Reads and decodes the pair at any position; threads may share it.

    A pair that cannot be read is stood in for by the next readable one from half a window further on (from the
    window's start after its end): far enough not to meet it twice in a batch. So what is at a position depends on the
    order and on which pairs are readable, not on who reads when; no pair is drawn less often for the faults of others.
    """

    def __init__(self, shards: Sequence[Shard], rows: Rows, order: Order, fetcher: Fetcher, image_size: int) -> None:
        self.shards, self.rows, self.order, self.fetcher = shards, rows, order, fetcher
        self.image_size = image_size
        self.faults = Faults()

    def pair(self, position: int) -> Pair:
        """The pair at a position; raises DataError when no pair of its window can be read."""
        first = ""
        for shard, row in self._candidates(self.order.where(position)):
            try:
                return Pair(self._image(shard, row), self.rows.row(shard, row).caption, first)
            except Skip as reason:
                self.faults.add(shard, row, str(reason))
                first = first or str(reason)
        raise DataError(f"none of the pairs of a window of shards can be read ({self.faults.words()}); mend the shards")

    def _candidates(self, where: Where) -> Iterator[tuple[int, int]]:
        """Shard and row of the position's own pair, then of all others of its window."""
        window = self.order.window(where.epoch, where.window)
        pairs = len(window.rows)
        for tried in range(pairs + 1):
            place = (where.place + (tried and pairs // 2 + tried - 1)) % pairs
            if tried == 0 or place != where.place:
                yield int(window.shards[place]), int(window.rows[place])

    def _image(self, shard: int, row: int) -> np.ndarray:
        """A decoded image; raises Skip when it cannot be read, or could not before: a lost shard may be back."""
        known = self.faults.known(shard, row)
        if known not in (None, LOST):
            raise Skip(known)
        return decode(self._content(shard, row), self.image_size)

    def _content(self, shard: int, row: int) -> bytes:
        lies = self.rows.row(shard, row)
        return self.fetcher.read(self.shards[shard].address, lies.offset, lies.size, self.rows.share(shard))
