"""Locks between processes, which the system frees however their holder ends."""

from __future__ import annotations

import errno
import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from study.errors import BusyError, StorageError
from study.io.files import reason

LOOK = 0.1  # seconds between two looks at a lock that is waited for
_NO_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.ENOTSUP)


@contextmanager
def lock(path: Path, wait: bool = False, waits: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold ``path`` as a lock between processes; released when the process ends, however it ends.

    With ``waits`` it is waited for, too; that is called ten times a second meanwhile, and what it raises ends the
    waiting. Raises BusyError when another process holds the lock and none is to wait, StorageError when it cannot be
    made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        opened = path.open("a")
    except OSError as error:
        raise StorageError(f"cannot write {path}: {reason(error)}") from error
    with opened as file:
        if waits is not None:
            while not _flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB):
                waits()
                time.sleep(LOOK)
        elif wait:
            _flock(file, fcntl.LOCK_EX)
        elif not _taken(file):
            raise BusyError(f"{path.parent} is in use by another process; wait for it, or stop it")
        yield


def _taken(file: IO[str]) -> bool:
    """Whether the lock could be had; tried a few times, since ``is_locked`` holds it for an instant."""
    for _ in range(5):
        if _flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB):
            return True
        time.sleep(0.05)
    return False


def is_locked(path: Path) -> bool:
    """Whether another holder has ``lock`` of this path; asks with a shared lock, so that two who ask see no lock.

    Raises StorageError where that cannot be found out.
    """
    try:
        opened = path.open()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise StorageError(f"cannot read {path}: {reason(error)}") from error
    with opened as file:
        return not _flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)


def _flock(file: IO[str], how: int) -> bool:
    """Whether the lock could be had; raises StorageError on a file system that has none."""
    try:
        fcntl.flock(file, how)
    except BlockingIOError:
        return False
    except OSError as error:
        ways = "; put the results where files can be locked" if error.errno in _NO_LOCKS else ""
        raise StorageError(f"cannot lock {file.name}: {reason(error)}{ways}") from error
    return True
