"""What a parent knows of its ranks, wherever they are."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from typing import Protocol


class Ranks(Protocol):
    """The ranks of one run."""

    codes: dict[int, int]  # exit codes of those that have ended, in that order; 128 and the number of a signal

    @property
    def running(self) -> bool:
        """Whether one is left."""

    @property
    def files(self) -> Sequence[int]:
        """To be waited for beside signals."""

    def look(self, ready: Sequence[int]) -> None:
        """Note who has ended; ``ready`` files can be read. Raises SubmitError when they do not start."""

    def stop(self, number: int) -> None:
        """Ask all to save and end, by a signal that this process received."""

    def remind(self) -> None:
        """Ask again those that could not hear yet; it does nothing to others."""

    def end(self, number: int) -> None:
        """End those that are left, by TERM or KILL."""

    def words(self, rank: int) -> str:
        """What a rank said on its standard error, or others of its end; empty where nobody did."""


def described(rank: int, count: int, code: int) -> str:
    """The end of a rank that said nothing."""
    if code <= 128:
        return f"study: rank {rank} of {count} ended with code {code}"
    number = code - 128
    name = signal.Signals(number).name if number in set(signal.Signals) else f"signal {number}"
    memory = "; the machine's or the job's memory may have been too small" if number == signal.SIGKILL else ""
    return f"study: rank {rank} of {count} was ended by {name}{memory}"
