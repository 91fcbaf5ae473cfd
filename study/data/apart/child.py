"""A process that does what it is sent, and whose end is an error to this one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any
from weakref import finalize

TRIES = 2  # of work that ends its process: the first time it may have been somebody's signal
MARK = "STUDY_APART"  # in the environment of such a process


class EndedError(Exception):
    """The process has ended before its work was done."""


def is_child() -> bool:
    """Whether this is such a process."""
    return MARK in os.environ


class Child:
    """A process with variables of its own in its environment; it ends with this one, or when this is forgotten.

    It is no fork, which would share the threads of libraries, and does not load ``__main__``, which may be any script.
    """

    def __init__(self, variables: Mapping[str, str], patience: float | None = None) -> None:
        """``patience`` is for how many seconds it waits for work, after which it ends; none = as long as it takes."""
        self.connection, there = Pipe()
        given = {**os.environ, **variables, MARK: "1", "PYTHONPATH": os.pathsep.join(sys.path)}
        command = [
            sys.executable,
            "-m",
            "study.data.apart.serve",
            str(there.fileno()),
            *([str(patience)] if patience else []),
        ]
        with there:
            self._process = subprocess.Popen(command, env=given, stdin=subprocess.DEVNULL, pass_fds=[there.fileno()])
        self._end = finalize(self, _end, self.connection, self._process)

    def start(self, work: Callable[[Any], Iterable[Any]], item: object) -> None:
        """Send it work, whose results are to be taken before the next is sent."""
        try:
            self.connection.send((os.getcwd(), work, item))  # where relative paths start
        except (BrokenPipeError, ConnectionResetError) as error:
            raise self._ended() from error

    def results(self) -> Iterator[Any]:
        """What the work gives; raises what it raises, and EndedError when the process ends."""
        while True:
            try:
                kind, value = self.connection.recv()
            except (EOFError, ConnectionResetError) as error:
                raise self._ended() from error
            if kind == "done":
                return
            if kind == "error":
                raise value
            yield value

    def interrupt(self) -> None:
        """Let it leave its work, as when the user ends the program."""
        if self._process.poll() is None:
            self._process.terminate()

    def end(self) -> None:
        """Wait for its end, once the work that it has is done."""
        self._end()

    def _ended(self) -> EndedError:
        code = self._process.wait()
        how = signal.Signals(-code).name if code < 0 else f"code {code}"
        return EndedError(f"it ends the process that reads it: {how}")


def _end(connection: Connection, process: subprocess.Popen[bytes]) -> None:
    connection.close()
    process.wait()
