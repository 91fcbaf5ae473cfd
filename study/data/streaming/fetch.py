"""Bytes of images from shards, tried again where a store fails."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Lock

from study.data.decoding import Skip
from study.data.shards.address import is_remote, open_file, read_range
from study.errors import DataError

WAITS = (0.5, 2.0, 5.0)  # seconds between tries
WHOLE_SHARE = 0.25  # a shard in a store of which more is wanted is copied once, not asked for pair by pair
LOST = "shard that cannot be read"
FORGET = 300.0  # seconds after which a lost shard is tried again


class Fetcher:
    """Reads ranges of shards; remote shards of which much is wanted are copied to a temporary folder, ``held`` at once.

    The folder goes with the fetcher. ``closed`` ends waits between tries.
    """

    def __init__(self, held: int, closed: Event, waits: tuple[float, ...] = WAITS) -> None:
        self.held, self.closed, self.waits = held, closed, waits
        self._lost: dict[str, float] = {}
        self._copies: dict[str, Path] = {}
        self._locks: dict[str, Lock] = {}
        self._lock = Lock()
        self._folder: TemporaryDirectory[str] | None = None

    def read(self, address: str, offset: int, size: int, share: float) -> bytes:
        """A range of a shard; raises Skip when that is not to be had after all tries, nor shortly before."""
        if time.monotonic() < self._lost.get(address, 0.0):
            raise Skip(LOST)
        for wait in (*self.waits, None):
            try:
                return read_range(self._place(address, share), offset, size)
            except (OSError, DataError) as error:
                if wait is None or self.closed.wait(wait):
                    self._lost[address] = time.monotonic() + FORGET
                    raise Skip(LOST) from error
        raise AssertionError("the last try returns or raises")

    def _place(self, address: str, share: float) -> str:
        """Where to read from: the shard, or its copy, made by the first thread that asks."""
        if share < WHOLE_SHARE or not is_remote(address):
            return address
        with self._lock:
            lock = self._locks.setdefault(address, Lock())
        with lock:
            if address not in self._copies:
                self._copies[address] = self._copied(address)
        return str(self._copies[address])

    def _copied(self, address: str) -> Path:
        with self._lock:
            if self._folder is None:
                self._folder = TemporaryDirectory(prefix="study-shards-")
            for old in list(self._copies)[: max(0, len(self._copies) - self.held + 1)]:
                self._copies.pop(old).unlink(missing_ok=True)
            path = Path(self._folder.name) / f"{abs(hash(address)):x}.tar"
        with open_file(address) as remote, path.open("wb") as copy:
            shutil.copyfileobj(remote, copy, 1 << 20)
        return path
