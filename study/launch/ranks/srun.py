"""Ranks over the nodes of a Slurm job: tasks of one srun, which has traps of its own.

- TERM to srun kills its tasks at once, and INT does nothing but print; USR2 is forwarded.
- ``--kill-on-bad-exit`` takes a rank that has saved, ahead of the one that writes, for a failure: 75 is told otherwise.
- What a job was given by sbatch, srun reads from the environment: devices bound to tasks, an empty environment.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections import defaultdict, deque
from collections.abc import Sequence
from contextlib import suppress

from study.errors import SubmitError
from study.launch.inside.tree import MARK, before_exec
from study.launch.ranks.allocation import Allocation

STARTS_SECONDS = 300.0  # from srun to the start of all ranks; Slurm may wait for nodes that are busy, for ever
KILL_SECONDS = 60.0  # for srun to end its tasks when it is told to
LINES = 500  # of a rank's errors that are kept
SAYS = "study-rank"
# Variables of a rank; what follows is its command. A rank ignores USR2 until it listens.
RANK = f"""\
trap '' USR2
trap : TERM INT
echo {SAYS} started
RANK=$SLURM_PROCID LOCAL_RANK=$SLURM_LOCALID "$@"
code=$?
echo {SAYS} ended $code
[ $code = 75 ] && code=0
exit $code
"""
_LABELLED = re.compile(r" *(\d+): ?(.*)")
_ENDED = re.compile(rf"(.*){SAYS} ended (\d+)")  # maybe after words without an end of their line


class Srun:
    """Tasks of one srun; what they say comes through it, a line with the number of its task."""

    def __init__(self, command: Sequence[str], count: int, nodes: int) -> None:
        """Raises PlanError where no Slurm job has so many nodes, SubmitError where there is no srun."""
        here = Allocation.at_hand(nodes)
        self.codes: dict[int, int] = {}
        self._count, self._started, self._since = count, set[int](), time.monotonic()
        self._ended, self._interrupted = float("inf"), False
        self._errors: dict[int | None, deque[str]] = defaultdict(lambda: deque(maxlen=LINES))
        shared = {"WORLD_SIZE": str(count), "LOCAL_WORLD_SIZE": str(count // nodes), MARK: "1"}
        try:
            self._srun = subprocess.Popen(
                [*here.srun(count), "sh", "-c", RANK, SAYS, *command],
                env=here.environment() | shared,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                preexec_fn=before_exec,
            )
        except OSError as error:
            raise SubmitError(f"cannot start srun: {error.strerror}") from error
        assert self._srun.stdout is not None
        assert self._srun.stderr is not None
        self._output, self._error = self._srun.stdout.fileno(), self._srun.stderr.fileno()
        self._pending = {self._output: b"", self._error: b""}

    @property
    def running(self) -> bool:
        """Whether srun runs, or what it said has not been read."""
        return bool(self._pending) or self._srun.poll() is None

    @property
    def files(self) -> Sequence[int]:
        """What srun says."""
        return tuple(self._pending)

    def look(self, ready: Sequence[int]) -> None:
        """Read what came. Raises SubmitError when the ranks do not start in time, or not at all."""
        for file in ready:
            self._read(file)
        waiting = self._count - len(self._started)
        if waiting and time.monotonic() - self._since > STARTS_SECONDS:
            raise SubmitError(
                f"srun has not started {waiting} of {self._count} ranks in {STARTS_SECONDS:g} s{self._why()}"
            )
        if not self.running and not self._started:
            raise SubmitError(f"srun could not start the ranks{self._why()}")

    def _why(self) -> str:
        return "".join(f": {line}" for line in ["; ".join(self._errors[None])] if line)

    def _read(self, file: int) -> None:
        chunk = os.read(file, 2**16)
        *lines, rest = (self._pending[file] + chunk).split(b"\n")
        self._pending[file] = rest
        if not chunk:
            del self._pending[file]
            lines += [rest] if rest else []
        for line in lines:
            self._hear(file, line.decode(errors="replace"))

    def _hear(self, file: int, line: str) -> None:
        found = _LABELLED.fullmatch(line)
        rank, text = (int(found[1]), found[2]) if found else (None, line)
        if file == self._error or rank is None:
            self._errors[rank].append(text)
        elif text == f"{SAYS} started":
            self._started.add(rank)
        elif ended := _ENDED.fullmatch(text):
            self.codes[rank] = int(ended[2])
            self._repeat(rank, ended[1])
        else:
            self._repeat(rank, f"{text}\n")

    def _repeat(self, rank: int, text: str) -> None:
        """Of the first rank alone."""
        if rank == 0:
            with suppress(BrokenPipeError):
                print(text, end="", flush=True)

    def stop(self, number: int) -> None:
        """Whatever asks for it, USR2 is what arrives; a second Ctrl-C ends all at once."""
        if number == signal.SIGINT and self._interrupted:
            self.end(signal.SIGTERM)
        self._interrupted |= number == signal.SIGINT
        self.remind()

    def remind(self) -> None:
        """USR2 is ignored by who does not train."""
        self._send(signal.SIGUSR2)

    def end(self, number: int) -> None:
        """By srun, to which TERM says so; killed at once, it would leave them to the end of the job."""
        self._ended = min(self._ended, time.monotonic())
        waited = time.monotonic() - self._ended >= KILL_SECONDS
        self._send(signal.SIGKILL if waited else signal.SIGTERM)

    def _send(self, number: int) -> None:
        with suppress(ProcessLookupError):
            self._srun.send_signal(number)

    def words(self, rank: int) -> str:
        """Its standard error; where it said nothing, srun's words."""
        return "\n".join(self._errors[rank] or ([] if rank in self.codes else self._errors[None]))
