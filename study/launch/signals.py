"""Signals as events that are waited for, beside files."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Sequence
from types import FrameType

# that end a command, and that this project passes on to those who save: Slurm's warning, its end, and Ctrl-C
PASSED_ON = (signal.SIGUSR2, signal.SIGTERM, signal.SIGINT)


class Signals:
    """Heard while the block runs; in the main thread. Ends of children wake it, too."""

    def __enter__(self) -> Signals:
        # signals are read from a pipe: a handler that runs just before a wait would not end it
        self._woken, self._wakes = os.pipe()
        for end in (self._woken, self._wakes):
            os.set_blocking(end, False)
        self._old_end = signal.set_wakeup_fd(self._wakes, warn_on_full_buffer=False)
        self._old = {number: signal.signal(number, _only_wakes) for number in (*PASSED_ON, signal.SIGCHLD)}
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._old.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._old_end)
        for end in (self._woken, self._wakes):
            os.close(end)

    def wait(self, files: Sequence[int], seconds: float | None) -> tuple[list[int], list[int]]:
        """The signals that came, in order, and the files that can be read; nothing after so many seconds."""
        ready, _, _ = select.select([self._woken, *files], [], [], seconds)
        numbers = os.read(self._woken, 4096) if self._woken in ready else b""
        return [number for number in numbers if number in PASSED_ON], [file for file in ready if file != self._woken]


def _only_wakes(number: int, frame: FrameType | None) -> None:
    """So that a signal is not ignored, and does not end this process."""
