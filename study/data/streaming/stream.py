"""Training batches read from shards: any position at once, the next ones of this process ahead of time."""

from __future__ import annotations

import time
import weakref
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

import numpy as np
import torch
from open_clip.tokenizer import SimpleTokenizer

from study.data.decoding import Skip, decode
from study.data.index import Shard
from study.data.stream import Pairs, RawBatch
from study.data.streaming.faults import Faults
from study.data.streaming.fetch import LOST, WAITS, Fetcher
from study.data.streaming.order import WINDOW_SHARDS, Order, Where
from study.data.streaming.rows import Row, Rows
from study.data.streaming.share import Share
from study.data.streaming.workers import Workers
from study.data.subset import Subset
from study.data.tokens import tokens
from study.errors import DataError
from study.hardware import cpu_threads

CHUNK = 16  # pairs that a thread makes at a time
AHEAD = 512  # pairs that are made ahead at least, and one batch more than the next
PATIENCE = 900.0  # seconds to wait for a batch


@dataclass
class Coming:
    """A batch that is being made: its arrays, why pairs are not in it, the tasks that fill it, and until when."""

    images: np.ndarray
    texts: torch.Tensor
    reasons: list[str] = field(default_factory=list)
    tasks: Sequence[Future[None]] = ()
    until: float | None = None


class ShardStream(Pairs):
    """``Pairs`` of a subset in its shards, in ``Order``: the same for any number of threads and processes.

    The position of a pair that cannot be read is counted, and takes the next readable one from half a window further on
    (from the window's start after its end): far enough not to meet it twice in a batch. So what is at a position
    depends on seed, subset and on which pairs are readable, not on who reads when; no pair is drawn less often for
    the faults of others. Memory: AHEAD pairs or two batches of decoded images, the encoded ones of a chunk a thread,
    and the tables of two windows of shards.
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
        self.shards, self.tokenizer, self.share = shards, tokenizer, share
        self.image_size, self.text_length = image_size, text_length
        self.rows = Rows(shards, subset, held=2 * window_shards)
        self.order = Order(self.rows.counts(), seed, window_shards)
        self.faults = Faults()
        self.workers = Workers(threads or cpu_threads())
        self.fetcher = Fetcher(2 * window_shards, self.workers.closed, waits)
        self._coming: OrderedDict[tuple[int, int], Coming] = OrderedDict()
        self._skipped: Counter[str] = Counter()
        weakref.finalize(self, self.workers.close)

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
        coming = self._asked(first, count)
        return not wait(coming.tasks, seconds).not_done or _left(coming) == 0

    def batch(self, first: int, count: int) -> RawBatch:
        """The pairs at positions ``first`` to ``first + count - 1``; begins with those that are likely next.

        Raises DataError when none of the pairs can be read that could be in it, or a store does not answer.
        """
        now = self._asked(first, count)
        del self._coming[first, count]
        self._look_ahead(first, count)
        for task in now.tasks:
            try:
                task.result(_left(now))
            except TimeoutError:
                raise DataError(f"no answer for {PATIENCE:g} seconds from where the shards lie; try again") from None
        self._skipped.update(now.reasons)
        return RawBatch(torch.from_numpy(now.images), now.texts.long(), first)

    def _asked(self, first: int, count: int) -> Coming:
        """A batch that somebody waits for from now on."""
        if (first, count) not in self._coming:
            self._coming[first, count] = self._begin(first, count)
        coming = self._coming[first, count]
        coming.until = coming.until or time.monotonic() + PATIENCE
        return coming

    def _look_ahead(self, first: int, count: int) -> None:
        """Have the next batches made, and forget those that are not next, as after a resume."""
        batches = max(2, AHEAD // count)
        wanted = list(islice(self.share.following(first, count), batches))
        for request in [request for request in self._coming if request not in wanted]:
            for task in self._coming.pop(request).tasks:
                task.cancel()
        for request in wanted:
            if request not in self._coming:
                self._coming[request] = self._begin(*request)

    def _begin(self, first: int, count: int) -> Coming:
        size = self.image_size
        images = np.empty((count, size, size, 3), np.uint8)
        texts = torch.empty((count, self.text_length), dtype=torch.int32)
        chunks = (slice(start, min(start + CHUNK, count)) for start in range(0, count, CHUNK))
        fill: weakref.WeakMethod[Callable[..., None]] = weakref.WeakMethod(
            self._fill
        )  # work ahead does not keep a stream alive
        coming = Coming(images, texts)
        coming.tasks = [self.workers.submit(partial(_call, fill, first, coming, chunk)) for chunk in chunks]
        return coming

    def _fill(self, first: int, coming: Coming, chunk: slice) -> None:
        captions = []
        for place in range(chunk.start, chunk.stop):
            coming.images[place], caption, reason = self._pair(first + place)
            captions.append(caption)
            coming.reasons += [reason] if reason else []
        coming.texts[chunk] = tokens(captions, self.tokenizer, self.text_length, None)

    def _pair(self, position: int) -> tuple[np.ndarray, str, str]:
        """The image and the caption at a position, and why it is not its own pair; empty if it is."""
        first = ""
        for shard, row in self._candidates(self.order.where(position)):
            try:
                return self._image(shard, row), self.rows.row(shard, row).caption, first
            except Skip as reason:
                self.faults.add(shard, row, str(reason))
                first = first or str(reason)
        raise DataError(f"none of the pairs of a window of shards can be read ({self.faults.words()}); mend the shards")

    def _candidates(self, where: Where) -> Iterator[tuple[int, int]]:
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
        return decode(self._content(shard, self.rows.row(shard, row)), self.image_size)

    def _content(self, shard: int, row: Row) -> bytes:
        return self.fetcher.read(self.shards[shard].address, row.offset, row.size, self.rows.share(shard))


def _left(coming: Coming) -> float:
    """Seconds that a batch may still be waited for."""
    return max(0.0, (coming.until or 0.0) - time.monotonic())


def _call(fill: weakref.WeakMethod[Callable[..., None]], first: int, coming: Coming, chunk: slice) -> None:
    method = fill()
    if method is not None:
        method(first, coming, chunk)
