"""Signals that ask a run to save and end: TERM, USR2 (Slurm's warning) and Ctrl-C."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class StopFlag:
    """Set by the first signal; the loop looks at it at the end of each step. A second Ctrl-C ends at once."""

    def __init__(self) -> None:
        self.reason: str | None = None

    def __call__(self) -> bool:
        """Whether a signal has come."""
        return self.reason is not None

    def receive(self, number: int, frame: FrameType | None) -> None:
        """Signal handler."""
        if self.reason is not None and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.reason = signal.Signals(number).name


@contextmanager
def listening() -> Iterator[StopFlag]:
    """Listen while a run trains; the old handlers come back afterwards."""
    flag = StopFlag()
    numbers = (signal.SIGTERM, signal.SIGUSR2, signal.SIGINT)
    old = {number: signal.signal(number, flag.receive) for number in numbers}
    try:
        yield flag
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
