"""Ranks on this machine: child processes."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Sequence

from study.errors import SubmitError
from study.launch.inside.tree import MARK, before_exec, exit_code, send
from study.launch.ranks.ports import port_from

LOOPBACK = "127.0.0.1"
TAIL = 2**16  # bytes of a rank's errors that are shown


class Here:
    """Children of this process, in sessions of their own: Ctrl-C comes once, from the parent."""

    def __init__(self, command: Sequence[str], count: int) -> None:
        """Raises SubmitError where no process can be started."""
        self.codes: dict[int, int] = {}
        self._errors = [tempfile.TemporaryFile() for _ in range(count)]  # noqa: SIM115, closed with this process
        self._processes: list[subprocess.Popen[bytes]] = []
        port = port_from(os.getpid())
        shared = {"WORLD_SIZE": count, "LOCAL_WORLD_SIZE": count, "MASTER_ADDR": LOOPBACK, "MASTER_PORT": port}
        environment = {"GLOO_SOCKET_IFNAME": "lo"} | os.environ | {MARK: "1"} | {k: str(v) for k, v in shared.items()}
        try:
            for rank in range(count):
                self._processes.append(self._started(command, rank, environment))
        except OSError as error:
            self.end(signal.SIGKILL)
            raise SubmitError(f"cannot start rank {rank} of {count}: {error}") from error

    def _started(self, command: Sequence[str], rank: int, environment: dict[str, str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            env={**environment, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdin=subprocess.DEVNULL,
            stdout=None if rank == 0 else subprocess.DEVNULL,
            stderr=self._errors[rank],
            start_new_session=True,
            preexec_fn=before_exec,
        )

    @property
    def running(self) -> bool:
        """Whether one is left."""
        return len(self.codes) < len(self._processes)

    @property
    def files(self) -> Sequence[int]:
        """None: the ends of children are signals."""
        return ()

    def look(self, ready: Sequence[int]) -> None:
        """Note who has ended."""
        for rank, process in enumerate(self._processes):
            code = process.poll()
            if code is not None and rank not in self.codes:
                self.codes[rank] = exit_code(code)

    def stop(self, number: int) -> None:
        """By the same signal: a second Ctrl-C ends them at once."""
        send(number, self._left())

    def remind(self) -> None:
        """USR2 is ignored by who does not train."""
        send(signal.SIGUSR2, self._left())

    def end(self, number: int) -> None:
        """By a signal."""
        send(number, self._left())

    def words(self, rank: int) -> str:
        """The end of its standard error."""
        file = self._errors[rank]
        file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL))
        return file.read().decode(errors="replace")

    def _left(self) -> list[int]:
        return [process.pid for process in self._processes if process.poll() is None]
