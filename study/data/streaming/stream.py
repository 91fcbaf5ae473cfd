"""Training batches read from shards: any position at once, the next ones of this process ahead of time."""

from __future__ import annotations

import weakref
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice

import torch
from open_clip.tokenizer import SimpleTokenizer

from study.data.index import Shard
from study.data.shards.tries import WAITS
from study.data.stream import Pairs, RawBatch
from study.data.streaming.coming import Coming, begin
from study.data.streaming.drawn import Drawn
from study.data.streaming.fetch import Fetcher
from study.data.streaming.order import WINDOW_SHARDS, Order
from study.data.streaming.rows import Rows
from study.data.streaming.share import Share
from study.data.streaming.workers import Workers
from study.data.subset import Subset
from study.data.tokens import tokens
from study.hardware import cpu_threads, processes_here

AHEAD = 512  # pairs that are made ahead at least, and one batch more than the next


class ShardStream(Pairs):
    """``Pairs`` of a subset in its shards, in ``Order``, as ``Drawn``: the same for any number of threads or processes.

    Memory: AHEAD pairs or two batches of decoded images, the encoded ones of a chunk a thread, and the tables of two
    windows of shards.
    """

    def __init__(
        self,
        shards: Sequence[Shard],
        subset: Subset,
        tokenizer: SimpleTokenizer,
        seed: int,
        image_size: int,
        text_length: int,
        share: Share,
        threads: int | None = None,
        window_shards: int = WINDOW_SHARDS,
        waits: tuple[float, ...] = WAITS,
    ) -> None:
        self.share, self.text_length = share, text_length
        rows = Rows(shards, subset, held=2 * window_shards)
        self.order = Order(rows.counts(), seed, window_shards)
        self.workers = Workers(threads or cpu_threads(processes_here(share.world_size)))
        self.fetcher = Fetcher(2 * window_shards, self.workers.closed, waits)
        self.drawn = Drawn(shards, rows, self.order, self.fetcher, image_size)
        self.tokens = partial(tokens, tokenizer=tokenizer, length=text_length, cache=None)
        self._coming: OrderedDict[tuple[int, int], Coming] = OrderedDict()
        self._skipped: Counter[str] = Counter()
        weakref.finalize(self, self.workers.close)  # no task knows the stream, so that work ahead keeps none alive

    def __len__(self) -> int:
        """Pairs of the subset, which is the length of a pass."""
        return self.order.pairs

    @property
    def skipped(self) -> dict[str, int]:
        """Reason -> positions of the batches given so far whose own pair could not be read."""
        return dict(self._skipped)

    def hear(self, say: Callable[[str], None]) -> None:
        """``say`` is told when a store fails first."""
        self.fetcher.say = say

    def ready(self, first: int, count: int, seconds: float) -> bool:
        """Whether a batch need not be waited for any longer; waits for it so many seconds at most."""
        return self._asked(first, count).ready(seconds)

    def batch(self, first: int, count: int) -> RawBatch:
        """The pairs at positions ``first`` to ``first + count - 1``; begins with those that are likely next.

        Raises DataError when none of the pairs can be read that could be in it, UnansweredError when a store does not
        answer, and StorageError when there is no room for copies of shards.
        """
        now = self._asked(first, count)
        del self._coming[first, count]
        self._look_ahead(first, count)
        now.finish()
        self._skipped.update(now.reasons)
        return RawBatch(torch.from_numpy(now.images), now.texts.long(), first)

    def _asked(self, first: int, count: int) -> Coming:
        """A batch that somebody waits for from now on."""
        coming = self._begun(first, count)
        coming.wanted()
        return coming

    def _look_ahead(self, first: int, count: int) -> None:
        """Have the next batches made, and forget those that are not next, as after a resume."""
        batches = max(2, AHEAD // count)
        wanted = list(islice(self.share.following(first, count), batches))
        for request in [request for request in self._coming if request not in wanted]:
            self._coming.pop(request).drop()
        for request in wanted:
            self._begun(*request)

    def _begun(self, first: int, count: int) -> Coming:
        if (first, count) not in self._coming:
            self._coming[first, count] = begin(first, count, self.drawn, self.tokens, self.text_length, self.workers)
        return self._coming[first, count]
