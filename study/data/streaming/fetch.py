"""Bytes of images from shards, tried again where a store fails."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial
from itertools import cycle, islice
from threading import Event, Lock

from study.data.decoding import TOO_LARGE, Skip
from study.data.decoding.skip import MAX_BYTES
from study.data.parallel import silent
from study.data.shards.address import fault, is_remote, read_range
from study.data.shards.tries import FAILED, WAITS, tried
from study.data.streaming.copies import Copies

AGAIN = 5.0  # seconds between tries while nothing can be read at all
ASKED = 3  # other shards that are asked each time whether anything can
WHOLE_SHARE = 0.25  # a shard in a store of which more is wanted is copied once, not asked for pair by pair
LOST = "shard that cannot be read"
FORGET = 300.0  # seconds after which a lost shard is tried again


class Closed(Exception):
    """Nobody wants any more what is being read."""


class Fetcher:
    """Reads ranges of shards; remote shards of which much is wanted are copied to a temporary folder, ``held`` at once.

    A shard is lost when it cannot be read after all tries while another can; when none can, that is waited out.
    ``closed`` ends waits; ``say`` is told of the first failure.
    """

    def __init__(self, held: int, closed: Event, waits: tuple[float, ...] = WAITS) -> None:
        self.closed, self.waits, self.copies = closed, waits, Copies(held)
        self.say: Callable[[str], None] = silent
        self._told = False
        self._lost: dict[str, float] = {}
        self._lock = Lock()

    def read(self, address: str, offset: int, size: int, share: float, others: Iterable[str]) -> bytes:
        """A range of a shard; raises Skip when the shard is lost, or was shortly before.

        ``others`` are shards that tell whether anything can be read where it lies. Raises StorageError when a copy
        cannot be written, and Closed once it is.
        """
        if size > MAX_BYTES:
            raise Skip(TOO_LARGE)
        if time.monotonic() < self._lost.get(address, 0.0):
            raise Skip(LOST)
        once = partial(self._once, address, offset, size, share)
        try:
            return tried(once, lambda error: True, self.waits, self._wait)
        except FAILED:
            return self._while_others_can_be_read(address, once, others)

    def _while_others_can_be_read(self, address: str, once: Callable[[], bytes], others: Iterable[str]) -> bytes:
        known = [other for other in others if other != address]
        turn = cycle(known)
        while True:
            others_can = any(self._can_be_read(other) for other in islice(turn, min(ASKED, len(known))))
            try:
                return once()
            except FAILED as error:
                if others_can:
                    self._lost[address] = time.monotonic() + FORGET
                    raise Skip(LOST) from error
            self._wait(AGAIN)

    def _once(self, address: str, offset: int, size: int, share: float) -> bytes:
        if self.closed.is_set():
            raise Closed(f"{address} is wanted no more")
        copied = share >= WHOLE_SHARE and is_remote(address)
        try:
            return read_range(str(self.copies.of(address)) if copied else address, offset, size)
        except FAILED as error:
            self._tell(address, error)
            self.copies.forget(address)  # what is there may be a part
            raise

    def _can_be_read(self, address: str) -> bool:
        """Whether the store gives a byte of a shard; copies tell nothing of it."""
        if self.closed.is_set():
            return False
        try:
            return len(read_range(address, 0, 1)) == 1
        except FAILED:
            return False

    def _tell(self, address: str, error: Exception) -> None:
        with self._lock:
            told, self._told = self._told, True
        if not told:
            self.say(
                f"{fault(address, error)}; what fails is tried again after {', '.join(f'{s:g}' for s in self.waits)} s,"
                " then left out and counted, or waited for where nothing else can be read either; this is told once"
            )

    def _wait(self, seconds: float) -> None:
        self.closed.wait(seconds)
