"""The processes below one, whatever sessions and groups they opened."""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h
# In the environment of ranks, and of the srun that starts them: their parent passes signals on, in its own way.
MARK = "STUDY_SIGNALLED_BY_PARENT"
_LIBRARY = ctypes.CDLL(None)


def descendants(root: int, keep: Callable[[int], bool] = lambda pid: True) -> list[int]:
    """Process ids below ``root``, from /proc; none where the system has no such folder.

    Those that are not to be kept are left out with all that is below them.
    """
    children: dict[int, list[int]] = {}
    for pid, parent in _parents():
        children.setdefault(parent, []).append(pid)
    found = [root]
    for pid in found:
        found += filter(keep, children.get(pid, []))
    return found[1:]


def is_signalled(pid: int) -> bool:
    """Whether a job's signals are to be sent to a process: not to one that its own parent passes them on to."""
    try:
        return f"{MARK}=1".encode() not in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:  # gone, or of another user
        return True


def _parents() -> Iterator[tuple[int, int]]:
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            # the name, in parentheses, may hold anything: state and parent come after the last of them
            yield int(entry.parent.name), int(entry.read_text().rpartition(")")[2].split()[1])


def send(number: int, pids: list[int]) -> None:
    """Send a signal to those that are still there."""
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def exit_code(returncode: int) -> int:
    """Of what ``Popen`` tells of a process that has ended: 128 and the signal's number where a signal ended it."""
    return returncode if returncode >= 0 else 128 - returncode


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent ends, so that they can be waited for. Linux only."""
    with suppress(AttributeError):
        _LIBRARY.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def before_exec() -> None:
    """In the child: USR2 is ignored by whoever does not ask for it, and TERM comes when the parent is killed."""
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)
    with suppress(AttributeError):
        _LIBRARY.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
