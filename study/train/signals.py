"""Signals that ask a run to save and end: TERM, USR2 (Slurm's warning) and Ctrl-C.

Before and after training there is nothing to save: TERM and Ctrl-C end the process, USR2 is let pass. Processes that
work for the trainer never save, and none outlives a TERM.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

Handler = Callable[[int, FrameType | None], object] | int | None


class StopFlag:
    """Set by the first signal; the loop looks at it at the end of each step. A second Ctrl-C ends at once."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self._process = os.getpid()

    def __call__(self) -> bool:
        """Whether a signal has come."""
        return self.reason is not None

    def receive(self, number: int, frame: FrameType | None) -> None:
        """Signal handler; a forked process inherits it, and does as a worker then."""
        if os.getpid() != self._process:
            as_worker()
            signal.raise_signal(number)
            return
        if self.reason is not None and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.reason = signal.Signals(number).name


def as_worker() -> None:
    """For a process that works for a trainer to call first: TERM ends it, USR2 and Ctrl-C are for the trainer."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for number in (signal.SIGUSR2, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def listening() -> Iterator[StopFlag]:
    """Listen while a run trains; the old handlers come back afterwards."""
    flag = StopFlag()
    with _handled(flag.receive, signal.SIGTERM, signal.SIGUSR2, signal.SIGINT):
        yield flag


@contextmanager
def warnings_let_pass() -> Iterator[None]:
    """USR2, which ends a process by default, is ignored in the block, but where ``listening`` says otherwise."""
    with _handled(signal.SIG_IGN, signal.SIGUSR2):
        yield


@contextmanager
def _handled(handler: Handler, *numbers: signal.Signals) -> Iterator[None]:
    old = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, before in old.items():
            signal.signal(number, before)
