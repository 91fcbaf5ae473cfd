"""Run a command and pass the job's signals on to all that it started.

The warning before the limit, USR2, must reach the program that saves, wherever it is below the command, and must not
end those between: a shell, an inner snakemake, torchrun. So it is ignored from the start by the command and all that it
starts; the one that saves sets a handler of its own. It goes to each process below, since some open sessions of their
own, which signals to a group do not reach.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import IO

from study.launch.inside.tree import adopt_orphans, before_exec, descendants, send

LEFT_SECONDS = 60.0  # for those that save while their shell has ended already
PASSED_ON = (signal.SIGUSR2, signal.SIGTERM, signal.SIGINT)


class Command:
    """A command whose signals are this process's; one at a time, in the main thread."""

    def __init__(self, kill_seconds: float | None = None) -> None:
        """``kill_seconds`` after TERM what is left is killed; none leaves that to the scheduler."""
        self.signals: list[str] = []
        self._kill_seconds = kill_seconds
        self._started = False
        for number in PASSED_ON:
            signal.signal(number, self._receive)
        adopt_orphans()

    def run(self, command: Sequence[str], cwd: Path, log: IO[bytes], parent: int | None = None) -> int:
        """Run to the end; the exit code, 127 when the command cannot be started.

        ``parent`` is the reading end of a pipe that closes when the process ends which this command must not outlive.
        """
        try:
            process = subprocess.Popen(
                command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=before_exec
            )
        except OSError as error:
            log.write(f"cannot start the command: {error}\n".encode())
            return 127
        self._started = True
        for name in self.signals:  # those that came before there was whom to tell
            send(signal.Signals[name], descendants(os.getpid()))
        if parent is not None:
            threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
        code = process.wait()
        self._wait_for_the_rest()
        return code if code >= 0 else 128 - code

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self.signals.append(signal.Signals(number).name)
        if not self._started:
            return
        send(number, descendants(os.getpid()))
        if number != signal.SIGUSR2 and self._kill_seconds is not None:
            killer = threading.Timer(self._kill_seconds, lambda: send(signal.SIGKILL, descendants(os.getpid())))
            killer.daemon = True
            killer.start()

    def _wait_for_the_rest(self) -> None:
        """After a signal the trainer may still save while the shell around it is gone. After that nobody stays."""
        end = time.monotonic() + (LEFT_SECONDS if self.signals else 0.0)
        while _any_child():
            if time.monotonic() >= end:
                send(signal.SIGKILL, descendants(os.getpid()))
            time.sleep(0.05)


def _any_child() -> bool:
    """Whether a child is left, after those that ended were taken leave of."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


def _end_with(parent: int) -> None:
    os.read(parent, 1)  # nothing is written: it returns when the last writing end is closed
    os.kill(os.getpid(), signal.SIGTERM)
