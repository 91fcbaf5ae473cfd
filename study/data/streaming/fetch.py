"""Bytes of images from shards, tried again where a store fails."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from threading import Event, Lock

from study.data.decoding import TOO_LARGE, Skip
from study.data.decoding.skip import MAX_BYTES
from study.data.parallel import silent
from study.data.shards.address import fault, is_remote, open_file, read_range
from study.errors import DataError, StorageError

WAITS = (0.5, 2.0, 5.0)  # seconds between tries
WHOLE_SHARE = 0.25  # a shard in a store of which more is wanted is copied once, not asked for pair by pair
LOST = "shard that cannot be read"
FORGET = 300.0  # seconds after which a lost shard is tried again
BLOCK = 1 << 20  # bytes of a copy that are written at a time


class Fetcher:
    """Reads ranges of shards; remote shards of which much is wanted are copied to a temporary folder, ``held`` at once.

    The folder goes with the fetcher. ``closed`` ends waits between tries; ``say`` is told of the first failure.
    """

    def __init__(self, held: int, closed: Event, waits: tuple[float, ...] = WAITS) -> None:
        self.held, self.closed, self.waits = held, closed, waits
        self.say: Callable[[str], None] = silent
        self._told = False
        self._lost: dict[str, float] = {}
        self._copies: dict[str, Path] = {}
        self._made = 0
        self._locks: dict[str, Lock] = {}
        self._lock = Lock()
        self._folder: Path | None = None

    def read(self, address: str, offset: int, size: int, share: float) -> bytes:
        """A range of a shard; raises Skip when that is not to be had after all tries, nor shortly before.

        Raises StorageError when a copy cannot be written, and InterruptedError once closed.
        """
        if size > MAX_BYTES:
            raise Skip(TOO_LARGE)
        if time.monotonic() < self._lost.get(address, 0.0):
            raise Skip(LOST)
        for wait in (*self.waits, None):
            if self.closed.is_set():
                raise InterruptedError(f"{address} is wanted no more")
            try:
                return read_range(self._place(address, share), offset, size)
            except (OSError, DataError) as error:
                self._tell(address, error)
                self._forget(address)  # what is there may be a part
                if wait is None:
                    self._lost[address] = time.monotonic() + FORGET
                    raise Skip(LOST) from error
                self.closed.wait(wait)
        raise AssertionError("the last try returns or raises")

    def _tell(self, address: str, error: Exception) -> None:
        with self._lock:
            told, self._told = self._told, True
        if not told:
            self.say(
                f"{fault(address, error)}; what fails is tried again after {', '.join(f'{s:g}' for s in self.waits)} s,"
                " then left out and counted; this is told once"
            )

    def _place(self, address: str, share: float) -> str:
        """Where to read from: the shard, or its copy, made by the first thread that asks."""
        if share < WHOLE_SHARE or not is_remote(address):
            return address
        with self._lock:
            lock = self._locks.setdefault(address, Lock())
        with lock:
            copy = self._copies.get(address)
            if copy is None:
                copy = self._copied(address)
                with self._lock:
                    self._copies[address] = copy
        return str(copy)

    def _forget(self, address: str) -> None:
        with self._lock:
            copy = self._copies.pop(address, None)
        if copy is not None:
            copy.unlink(missing_ok=True)

    def _copied(self, address: str) -> Path:
        path = self._room()
        with open_file(address) as remote, path.open("wb", buffering=0) as copy:
            while True:
                try:
                    block = remote.read(BLOCK)
                except Exception as error:  # broad: each kind of store has errors of its own
                    raise fault(address, error) from error
                if not block:
                    return path
                try:
                    while block:
                        block = block[copy.write(block) :]
                except OSError as error:
                    raise StorageError(
                        f"{path} cannot be written ({error}); free space there, or set TMPDIR"
                    ) from error

    def _room(self) -> Path:
        """A new name in the folder, from which the oldest copies go."""
        with self._lock:
            if self._folder is None:
                self._folder = Path(mkdtemp(prefix="study-shards-"))
                weakref.finalize(self, rmtree, self._folder, ignore_errors=True)
            for old in list(self._copies)[: max(0, len(self._copies) - self.held + 1)]:
                self._copies.pop(old).unlink(missing_ok=True)
            self._made += 1
            return self._folder / f"{self._made}.tar"
