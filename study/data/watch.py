"""Who looks on while a copy of decoded images is made, which may take hours."""

from __future__ import annotations

from collections.abc import Callable


class Watch:
    """Looks on without a word; what a method of another one raises ends the work, and what is done of it stays."""

    def waits(self, done: Callable[[], int], of: int) -> None:
        """Called ten times a second while another process makes the same copy, of which so many images are done."""

    def decoded(self, done: int, of: int) -> None:
        """Called before each part, with how many of the images that are to be decoded are."""


SILENT = Watch()
