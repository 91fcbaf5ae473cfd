"""Whether the process with a reservation lives, from its file: it is locked, and touched every few seconds.

A lock may not reach other machines, and one that is free there says nothing. So a process of another machine is dead
when its file has not been touched for minutes; that of this machine, when the lock is free.
"""

from __future__ import annotations

import os
import platform
import time
from contextlib import suppress
from pathlib import Path

from study import io
from study.ledger.book import Reservation

SILENT_SECONDS = 300.0  # 30 touches, and room for clocks that differ


def touch(file: Path) -> None:
    """Say that the process lives, by its own clock and not the file server's; never raises."""
    now = time.time()
    with suppress(OSError):
        os.utime(file, (now, now))


def last_touch(file: Path) -> float | None:
    """Seconds since 1970; none without the file."""
    try:
        return file.stat().st_mtime
    except OSError:
        return None


def is_alive(file: Path, reservation: Reservation) -> bool:
    """Whether the process that has the reservation works on; raises StorageError where locks do not work."""
    if io.is_locked(file):
        return True
    touched = last_touch(file)
    elsewhere = reservation.host != platform.node()
    return elsewhere and touched is not None and time.time() - touched < SILENT_SECONDS


def hours_of_the_dead(file: Path, reservation: Reservation) -> float:
    """Hours from the start of a process to its last touch; all that it was due where there is none."""
    touched = last_touch(file)
    return reservation.due.hours if touched is None else reservation.hours_until(touched)
