"""Copies of shards of a store in a temporary folder, which no process leaves behind for good."""

from __future__ import annotations

import os
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from shutil import rmtree
from threading import Lock

from study.data.shards.address import fault, open_file
from study.errors import StorageError
from study.io import is_locked, lock

BLOCK = 1 << 20  # bytes of a copy that are written at a time
HELD = ".held"  # locked by the process that uses a folder


class Copies:
    """Copies of whole shards, ``held`` at once, made by the first thread that asks; the folder goes with them."""

    def __init__(self, held: int) -> None:
        self.held, self.made = held, 0
        self._copies: dict[str, Path] = {}
        self._locks: dict[str, Lock] = {}
        self._lock = Lock()
        self._folder: Path | None = None

    def of(self, address: str) -> Path:
        """The copy of a shard.

        Raises DataError when the shard cannot be read, and StorageError when its copy cannot be written.
        """
        with self._lock:
            one_at_a_time = self._locks.setdefault(address, Lock())
        with one_at_a_time:
            copy = self._copies.get(address)
            if copy is None:
                copy = self._room()
                with _gone_on_failure(copy):
                    _copy(address, copy)
                with self._lock:
                    self._copies[address] = copy
        return copy

    def forget(self, address: str) -> None:
        """Remove the copy of a shard, if there is one: it may be a part."""
        with self._lock:
            copy = self._copies.pop(address, None)
        if copy is not None:
            copy.unlink(missing_ok=True)

    def _room(self) -> Path:
        """A new name in the folder, from which the oldest copies go."""
        with self._lock:
            if self._folder is None:
                held = ExitStack()
                self._folder = held.enter_context(_own_folder())
                weakref.finalize(self, held.close)
            for old in list(self._copies)[: max(0, len(self._copies) - self.held + 1)]:
                self._copies.pop(old).unlink(missing_ok=True)
            self.made += 1
            return self._folder / f"{self.made}.tar"


@contextmanager
def _own_folder() -> Iterator[Path]:
    """A folder that is removed at the end, or else, if the process is killed, by the next of the user's here."""
    room = Path(tempfile.gettempdir())
    prefix = f"study-shards-{os.getuid()}-"
    with ExitStack() as held:
        with lock(room / f".{prefix}lock", wait=True):  # nobody looks at a folder that is not locked yet
            _sweep(room, prefix)
            folder = Path(tempfile.mkdtemp(prefix=prefix))
            held.callback(rmtree, folder, ignore_errors=True)
            held.enter_context(lock(folder / HELD))
        yield folder


def _sweep(room: Path, prefix: str) -> None:
    for folder in room.glob(f"{prefix}*"):
        if not is_locked(folder / HELD):
            rmtree(folder, ignore_errors=True)


@contextmanager
def _gone_on_failure(path: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _copy(address: str, path: Path) -> None:
    with open_file(address) as remote, path.open("wb", buffering=0) as copy:
        while True:
            try:
                block = remote.read(BLOCK)
            except Exception as error:  # broad: each kind of store has errors of its own
                raise fault(address, error) from error
            if not block:
                return
            try:
                while block:
                    block = block[copy.write(block) :]
            except OSError as error:
                raise StorageError(f"{path} cannot be written ({error}); free space there, or set TMPDIR") from error
