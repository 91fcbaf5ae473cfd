"""Who looks on while a copy of decoded images is made, which may take hours."""

from __future__ import annotations


class Watch:
    """Looks on without a word; what a method of another one raises ends the work, and what is done of it stays."""

    def waits(self) -> None:
        """Called every now and then while another process makes the same copy."""

    def decoded(self, done: int, of: int) -> None:
        """Called before each part, with how many of the images that are to be decoded are."""


SILENT = Watch()
