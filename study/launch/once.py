"""Complaints that are said once, however often their cause is met."""

from __future__ import annotations

from collections.abc import Callable

from study.errors import StorageError
from study.launch.backend import Say


class Once:
    """The complaint that stands."""

    def __init__(self, say: Say) -> None:
        self._say, self._standing = say, ""

    def complain(self, words: str) -> None:
        """Say it, unless it was the last that was said."""
        if words != self._standing:
            self._say(words)
        self._standing = words

    def warn(self, call: Callable[[], None]) -> None:
        """Do what writes; what cannot be written now is kept in memory, and written by a later poll."""
        try:
            call()
        except StorageError as error:
            self.complain(f"{error}; kept in memory, and tried again")

    def settle(self, words: str) -> None:
        """All is well: say so where something was wrong."""
        if self._standing:
            self._say(words)
        self._standing = ""
