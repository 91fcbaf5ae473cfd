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
    window's start after its end): far enough not to meet it twice in a batch; where nothing of the window can be read,
    by one at the same part of the window after it. So what is at a position depends on the order and on which pairs are
    readable, not on who reads when; no pair is drawn less often for the faults of others. While no shard of these
    windows can be read at all, that is waited out.
    """

    def __init__(self, shards: Sequence[Shard], rows: Rows, order: Order, fetcher: Fetcher, image_size: int) -> None:
        self.shards, self.rows, self.order, self.fetcher = shards, rows, order, fetcher
        self.image_size = image_size
        self.faults = Faults()

    def pair(self, position: int) -> Pair:
        """The pair at a position; raises DataError when no pair of its window and the next can be read."""
        where, first = self.order.where(position), ""
        for shard, row in self._candidates(where):
            try:
                return Pair(self._image(shard, row, where), self.rows.row(shard, row).caption, first)
            except Skip as reason:
                self.faults.add(shard, row, str(reason))
                first = first or str(reason)
        raise DataError(f"none of the pairs of two windows of shards can be read ({self.faults.words()}); mend these")

    def _candidates(self, where: Where) -> Iterator[tuple[int, int]]:
        """Shard and row of the position's own pair, then of all others of its window, then of the next."""
        window = self.order.window(where.epoch, where.window)
        pairs, half = len(window.rows), len(window.rows) // 2
        yield window.at(where.place)
        yield from (window.at(where.place + half + more) for more in range(pairs) if (half + more) % pairs)
        if self.order.after(where) != where.window:
            after = self.order.window(where.epoch, self.order.after(where))
            start = where.place * len(after.rows) // pairs
            yield from (after.at(start + more) for more in range(len(after.rows)))

    def _image(self, shard: int, row: int, where: Where) -> np.ndarray:
        """A decoded image; raises Skip when it cannot be read, or could not before: a lost shard may be back."""
        known = self.faults.known(shard, row)
        if known not in (None, LOST):
            raise Skip(known)
        return decode(self._content(shard, row, where), self.image_size)

    def _content(self, shard: int, row: int, where: Where) -> bytes:
        lies, share = self.rows.row(shard, row), self.rows.share(shard)
        return self.fetcher.read(self.shards[shard].address, lies.offset, lies.size, share, self._near(where))

    def _near(self, where: Where) -> Iterator[str]:
        """Addresses of the shards that a pair at this place may come from."""
        for window in (where.window, self.order.after(where)):
            for shard in self.order.shards(where.epoch, window):
                yield self.shards[shard].address
