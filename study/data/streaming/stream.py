"""Training batches read from shards: any position at once, the next ones of this process ahead of time."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from itertools import islice

import numpy as np
import torch
from open_clip.tokenizer import SimpleTokenizer

from study.data.decoding import Skip, decode
from study.data.index import Shard
from study.data.stream import RawBatch
from study.data.streaming.faults import MAX_SKIPPED, Faults
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
    """A batch that is being made: its arrays, and the tasks that fill them."""

    images: np.ndarray
    texts: torch.Tensor
    tasks: Sequence[Future[None]]


class ShardStream:
    """``Pairs`` of a subset in its shards, in ``Order``: the same for any number of threads and processes.

    A pair that cannot be read is counted, and its position takes the next readable one from half a window further on
    (from the window's start after its end): far enough not to meet it twice in a batch. So what is at a position
    depends on seed, subset and on which pairs are readable, not on who reads when; no pair is drawn less often for
    the faults of others. Memory: AHEAD pairs or two batches of decoded images, the encoded ones of a chunk a thread,
    and the tables of two windows of shards. Ends with DataError when more than ``max_skipped`` are unreadable.
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
        max_skipped: float = MAX_SKIPPED,
        waits: tuple[float, ...] = WAITS,
    ) -> None:
        self.shards, self.tokenizer, self.share = shards, tokenizer, share
        self.image_size, self.text_length = image_size, text_length
        self.rows = Rows(shards, subset, held=2 * window_shards)
        self.order = Order(self.rows.counts(), seed, window_shards)
        self.faults = Faults(self.order.pairs, max_skipped)
        self.workers = Workers(threads or cpu_threads())
        self.fetcher = Fetcher(2 * window_shards, self.workers.closed, waits)
        self._coming: OrderedDict[tuple[int, int], Coming] = OrderedDict()
        weakref.finalize(self, self.workers.close)

    def __len__(self) -> int:
        """Pairs of the subset, which is the length of a pass."""
        return self.order.pairs

    @property
    def skipped(self) -> dict[str, int]:
        """Reason -> pairs that could not be read so far; grows."""
        return self.faults.reasons

    def batch(self, first: int, count: int) -> RawBatch:
        """The pairs at positions ``first`` to ``first + count - 1``; begins with those that are likely next.

        Raises DataError when too many pairs cannot be read, or a store does not answer.
        """
        now = self._coming.pop((first, count), None) or self._begin(first, count)
        self._look_ahead(first, count)
        for task in now.tasks:
            try:
                task.result(PATIENCE)
            except TimeoutError:
                raise DataError(f"no answer for {PATIENCE:g} seconds from where the shards lie; try again") from None
        return RawBatch(torch.from_numpy(now.images), now.texts.long(), first)

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
        tasks = [self.workers.submit(partial(_call, fill, first, images, texts, chunk)) for chunk in chunks]
        return Coming(images, texts, tasks)

    def _fill(self, first: int, images: np.ndarray, texts: torch.Tensor, chunk: slice) -> None:
        captions = []
        for place in range(chunk.start, chunk.stop):
            images[place], caption = self._pair(first + place)
            captions.append(caption)
        texts[chunk] = tokens(captions, self.tokenizer, self.text_length, None)

    def _pair(self, position: int) -> tuple[np.ndarray, str]:
        """The image and the caption at a position."""
        for tried, (shard, row) in enumerate(self._candidates(self.order.where(position))):
            image = self._image(shard, row)
            if image is not None:
                self.faults.draw(skipped=tried > 0)
                return image, self.rows.row(shard, row).caption
        raise DataError(f"none of the pairs of a window of shards can be read ({self.faults.words()}); mend the shards")

    def _candidates(self, where: Where) -> Iterator[tuple[int, int]]:
        window = self.order.window(where.epoch, where.window)
        pairs = len(window.rows)
        for tried in range(pairs + 1):
            place = (where.place + (tried and pairs // 2 + tried - 1)) % pairs
            if tried == 0 or place != where.place:
                yield int(window.shards[place]), int(window.rows[place])

    def _image(self, shard: int, row: int) -> np.ndarray | None:
        """A decoded image; none when it cannot be read, which is counted."""
        if self.faults.known(shard, row) not in (None, LOST):
            return None
        try:
            return decode(self._content(shard, self.rows.row(shard, row)), self.image_size)
        except Skip as reason:
            self.faults.add(shard, row, str(reason))
            return None

    def _content(self, shard: int, row: Row) -> bytes:
        return self.fetcher.read(self.shards[shard].address, row.offset, row.size, self.rows.share(shard))


def _call(
    fill: weakref.WeakMethod[Callable[..., None]], first: int, images: np.ndarray, texts: torch.Tensor, chunk: slice
) -> None:
    method = fill()
    if method is not None:
        method(first, images, texts, chunk)
