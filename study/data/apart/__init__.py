"""Work in another process, since some of what users bring can end the process that reads it.

What runs there already is in no need of yet another process: it does such work itself.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import lru_cache
from threading import Lock
from typing import TypeVar

from study.data.apart.child import TRIES, Child, EndedError, is_child

T = TypeVar("T")
R = TypeVar("R")
PATIENCE = 60.0  # seconds without work, after which the process ends: runs that train for days read their table once


def apart(work: Callable[[T], Iterable[R]], item: T) -> list[R]:
    """All that ``work`` gives of an item, which must be fit to be sent to a process, as must what it gives.

    Raises what ``work`` raises, and EndedError when it ends its process each time that it is tried.
    """
    return list(work(item)) if is_child() else _reader(os.getpid()).all_of(work, item)


@lru_cache(maxsize=1)
def _reader(_process: int) -> Reader:
    """That of this process: a fork must not talk with its parent's."""
    return Reader()


class Reader:
    """One process that is started when there is work, and ends by itself when there is none for a while."""

    def __init__(self) -> None:
        self._child: Child | None = None
        self._busy = Lock()

    def all_of(self, work: Callable[[T], Iterable[R]], item: T) -> list[R]:
        """As ``apart``."""
        with self._busy:
            for _ in range(TRIES):
                try:
                    return self._tried(work, item)
                except EndedError as error:
                    self._child, ended = None, error
        raise ended

    def _tried(self, work: Callable[[T], Iterable[R]], item: T) -> list[R]:
        child, self._child = self._child or Child({}, PATIENCE), None
        try:
            child.start(work, item)
            found = list(child.results())
        except EndedError:
            raise
        except Exception:  # that of the work
            self._child = child
            raise
        except BaseException:
            child.interrupt()
            raise
        self._child = child
        return found
