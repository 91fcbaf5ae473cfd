"""The pairs that a run's steps take, waited for so that the run can be told to end meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

from study.data.stream import Pairs, RawBatch
from study.train.faults import FAULTS, StoppedWaiting
from study.train.skipped import Tally

POLL = 0.5  # seconds between looks, while data is waited for, at whether the run is asked to stop
GRACE = 60.0  # seconds that several processes wait for data then: the others are in the step already


def _never() -> bool:
    return False


@dataclass
class Feed:
    """Pairs, what could not be read of them, and the sizes that they come in: pixels of a side, tokens of a text.

    ``alone`` is whether one process trains the run; ``asked_to_stop`` whether the run is to end.
    """

    pairs: Pairs
    skipped: Tally
    image_size: int
    text_length: int
    alone: bool = True
    asked_to_stop: Callable[[], bool] = _never
    _until: float | None = None  # when waiting ends, once the run is asked to stop

    def take(self, first: int, count: int) -> RawBatch:
        """The pairs at ``count`` positions from ``first`` on.

        Raises StoppedWaiting when they do not come and the run is asked to stop, and what ``Pairs.batch`` raises when
        they cannot come. One of several processes notes that in ``skipped`` instead and takes black images from then
        on: the others are in the step already, and all end together before anything of it is kept.
        """
        try:
            if self.skipped.fault is None:
                self._wait(first, count)
                return self.pairs.batch(first, count)
        except FAULTS as fault:
            if self.alone:
                raise
            self.skipped.fault = fault
        return self._blank(first, count)

    def _wait(self, first: int, count: int) -> None:
        while not self.pairs.ready(first, count, POLL):
            if self.asked_to_stop():
                now = time.monotonic()
                self._until = self._until or now + (0.0 if self.alone else GRACE)
                if now >= self._until:
                    raise StoppedWaiting("it waited for data, the last checkpoint stays")

    def _blank(self, first: int, count: int) -> RawBatch:
        size, length = self.image_size, self.text_length
        images = torch.zeros(count, size, size, 3, dtype=torch.uint8)
        return RawBatch(images, torch.zeros(count, length, dtype=torch.int64), first)
