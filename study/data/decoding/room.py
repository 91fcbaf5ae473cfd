"""How many pixels threads decode at once, so that several large images take no more memory than one."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition

from study.data.decoding.skip import MAX_PIXELS

SMALL = 1_000_000  # pixels of an image that waits for nobody


class Room:
    """So many ``pixels`` at once; who asks first goes first, so that a large image is not passed over for ever."""

    def __init__(self, pixels: int) -> None:
        self.pixels = self._free = pixels
        self._changed = Condition()
        self._waiting: deque[object] = deque()

    @contextmanager
    def taken(self, pixels: int) -> Iterator[None]:
        """While an image of so many pixels, or at most as many as there are, is decoded; waits for room."""
        wanted = min(pixels, self.pixels) if pixels > SMALL else 0
        if wanted:
            self._take(wanted)
        try:
            yield
        finally:
            if wanted:
                self._give(wanted)

    def _take(self, pixels: int) -> None:
        ticket = object()
        with self._changed:
            self._waiting.append(ticket)
            try:
                self._changed.wait_for(lambda: self._waiting[0] is ticket and self._free >= pixels)
                self._free -= pixels
            finally:
                self._waiting.remove(ticket)
                self._changed.notify_all()  # the next in line may fit beside

    def _give(self, pixels: int) -> None:
        with self._changed:
            self._free += pixels
            self._changed.notify_all()


ROOM = Room(MAX_PIXELS)  # of this process
