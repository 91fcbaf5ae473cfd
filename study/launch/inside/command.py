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
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from study.launch.inside.tree import adopt_orphans, before_exec, descendants, exit_code, is_signalled, send
from study.launch.signals import Signals

LEFT_SECONDS = 60.0  # for those that save while their shell has ended already
LOOK_SECONDS = 0.1  # between two looks at these


class Command:
    """A command whose signals are this process's; one a process, in the main thread."""

    def __init__(self, kill_seconds: float | None = None) -> None:
        """``kill_seconds`` after TERM what is left is killed; none leaves that to the scheduler."""
        self.signals: list[str] = []
        self._kill_seconds, self._kill_at = kill_seconds, float("inf")
        self._heard = Signals().__enter__()  # from here to the end of this process
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
        watched = [] if parent is None else [parent]
        while process.poll() is None:
            numbers, ready = self._heard.wait(watched, self._until_kill())
            watched = [file for file in watched if file not in ready]
            for number in ([signal.SIGTERM] if ready else []) + numbers:
                self._pass_on(number)
            if time.monotonic() >= self._kill_at:
                self._kill()
        self._wait_for_the_rest()
        return exit_code(process.returncode)

    def _pass_on(self, number: int) -> None:
        self.signals.append(signal.Signals(number).name)
        send(number, descendants(os.getpid(), is_signalled))
        if number != signal.SIGUSR2 and self._kill_seconds is not None:
            self._kill_at = min(self._kill_at, time.monotonic() + self._kill_seconds)

    def _until_kill(self) -> float | None:
        return None if self._kill_at == float("inf") else max(0.0, self._kill_at - time.monotonic())

    def _kill(self) -> None:
        send(signal.SIGKILL, descendants(os.getpid()))
        self._kill_at = time.monotonic() + LOOK_SECONDS  # others may have been started meanwhile

    def _wait_for_the_rest(self) -> None:
        """After a signal the trainer may still save while the shell around it is gone. After that nobody stays."""
        end = min(time.monotonic() + (LEFT_SECONDS if self.signals else 0.0), self._kill_at)
        while _any_child():
            if time.monotonic() >= end:
                self._kill()
            time.sleep(LOOK_SECONDS)


def _any_child() -> bool:
    """Whether a child is left, after those that ended were taken leave of."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True
