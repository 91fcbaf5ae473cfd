"""A batch that threads make ahead of time, a chunk of pairs each."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import torch
from torch import Tensor

from study.data.streaming.drawn import Drawn
from study.data.streaming.workers import Workers
from study.errors import UnansweredError

CHUNK = 16  # pairs that a thread makes at a time
PATIENCE = 900.0  # seconds that a batch is waited for


@dataclass
class Coming:
    """``images`` uint8 (b, S, S, 3) and ``texts`` int32 (b, L), which ``tasks`` fill; ``reasons`` of stand-ins."""

    images: np.ndarray
    texts: Tensor
    reasons: list[str] = field(default_factory=list)
    tasks: Sequence[Future[None]] = ()
    until: float | None = None  # of the monotonic clock, once somebody waits

    def wanted(self) -> None:
        """Somebody waits for it from now on."""
        self.until = self.until or time.monotonic() + PATIENCE

    def ready(self, seconds: float) -> bool:
        """Whether it is there, or need not be waited for any longer; waits so many seconds at most."""
        return not wait(self.tasks, seconds).not_done or self._left() == 0

    def finish(self) -> None:
        """Wait for all tasks; raises what they raise, and UnansweredError when they take longer than PATIENCE."""
        for task in self.tasks:
            try:
                task.result(self._left())
            except TimeoutError:
                raise UnansweredError(
                    f"no answer for {PATIENCE:g} seconds from where the shards lie; the same command goes on from the "
                    "last checkpoint when they can be read"
                ) from None

    def drop(self) -> None:
        """Nobody wants it any more: what has not begun is not made."""
        for task in self.tasks:
            task.cancel()

    def _left(self) -> float:
        """Seconds that it may still be waited for."""
        return max(0.0, (self.until or 0.0) - time.monotonic())


def begin(
    first: int, count: int, drawn: Drawn, tokens: Callable[[Sequence[str]], Tensor], length: int, workers: Workers
) -> Coming:
    """Have ``count`` pairs from position ``first`` on made; ``tokens`` makes int32 (n, length) of n captions."""
    size = drawn.image_size
    coming = Coming(np.empty((count, size, size, 3), np.uint8), torch.empty((count, length), dtype=torch.int32))
    chunks = (slice(start, min(start + CHUNK, count)) for start in range(0, count, CHUNK))
    coming.tasks = [workers.submit(partial(_fill, coming, chunk, first, drawn, tokens)) for chunk in chunks]
    return coming


def _fill(coming: Coming, chunk: slice, first: int, drawn: Drawn, tokens: Callable[[Sequence[str]], Tensor]) -> None:
    captions = []
    for place in range(chunk.start, chunk.stop):
        coming.images[place], caption, reason = drawn.pair(first + place)
        captions.append(caption)
        coming.reasons += [reason] if reason else []
    coming.texts[chunk] = tokens(captions)
