"""One job of a batch, inside: begin, command, end, and again where the scheduler starts interrupted jobs again."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from study import io
from study.errors import INTERRUPTED_CODE, StorageError
from study.launch.batch import Handed, again_file, cancelled
from study.launch.ended import Begin, End, Next, read_begin
from study.launch.failed import BEGINS
from study.launch.inside.again import goes_on, requeue
from study.launch.inside.command import Command
from study.launch.request import Request
from study.records import Frozen, Status

SLACK_SECONDS = 90.0  # schedulers look at time limits once a minute or less often


@dataclass(frozen=True)
class InsideJob:
    """Job ``index`` of the batch in ``folder``; ``requeues`` where Slurm can be asked to start it again."""

    folder: Path
    index: int
    handed: Handed
    begin: Begin
    requeues: bool

    @property
    def request(self) -> Request:
        """What was asked for."""
        return self.handed.requests[self.index]

    def run(self, command: Command, parent: int | None) -> int:
        """The command's exit code; the end is on disk when this returns."""
        _say(f"{BEGINS}{self.begin.host}")  # what Slurm says after it is of this attempt
        self._write("begin", self.begin)
        with _log(self.request.log) as log:
            code = command.run(self.request.command, self.handed.cwd, log, parent)
        if self._is_ghost():
            _say("this job has begun again elsewhere, whose end counts")
            return code
        end = self._judged(code, tuple(command.signals))
        self._write("end", end)
        if end.next is Next.REQUEUE:
            words = requeue(self.begin.id)
            if words is not None:
                self._write("end", self._given_up(end, f"Slurm does not put it into the queue again: {words}"))
        return code

    def _is_ghost(self) -> bool:
        """Whether the scheduler lost sight of this attempt, with its node, and has begun another."""
        last = read_begin(self.folder / f"{self.index}.begin.json")
        return last is not None and last.restarts > self.begin.restarts

    def _judged(self, code: int, signals: tuple[str, ...]) -> End:
        end = End(begin=self.begin, ended=time.time(), code=code, signals=signals)
        if code == 0 or not (signals or code == INTERRUPTED_CODE or again_file(self.folder, self.index).exists()):
            return end
        if not (signals or self.requeues):
            return end  # it asks for another start, which nobody gives here: its own last words say why
        if self.index in cancelled(self.folder) or not self.requeues:
            detail = f"stopped by {_named(signals)}" if signals else None
            return end.model_copy(update={"reason": Status.CANCELLED, "detail": detail})
        if not goes_on(self.begin.id):
            return end.model_copy(update={"next": Next.SCHEDULER})
        if self.begin.restarts >= self.handed.options.requeues:
            return self._given_up(end, f"it was put into the queue again {self.begin.restarts} times already")
        detail = f"{self._interrupted(end)}, and goes on in a new attempt"
        return end.model_copy(update={"next": Next.REQUEUE, "detail": detail})

    def _given_up(self, end: End, why: str) -> End:
        """Of an interrupted job that does not start again: by its time limit, or before it."""
        reason = Status.TIMEOUT if self._is_over(end) else Status.PREEMPTED
        return end.model_copy(
            update={"next": Next.NOTHING, "reason": reason, "detail": f"{self._interrupted(end)}; {why}"}
        )

    def _interrupted(self, end: End) -> str:
        if not end.signals:
            return "it asked to be started again, its log says why"
        when = f"at its time limit, runtime={self._minutes}" if self._is_over(end) else f"on {_named(end.signals)}"
        return f"it saved {when}"

    @property
    def _minutes(self) -> int | None:
        return self.request.resources.runtime

    def _is_over(self, end: End) -> bool:
        """Whether an attempt lasted until the warning before its time limit."""
        took, before = end.ended - self.begin.started, self.handed.options.signal_seconds + SLACK_SECONDS
        return self._minutes is not None and took > self._minutes * 60 - before

    def _write(self, what: str, record: Frozen) -> None:
        """A record that cannot be written is no reason to lose the work: the scheduler knows how the job ends."""
        try:
            io.write_json(self.folder / f"{self.index}.{what}.json", record.model_dump(mode="json"))
        except StorageError as error:
            _say(str(error))


def _named(signals: tuple[str, ...]) -> str:
    return ", ".join(dict.fromkeys(signals))


def _say(words: str) -> None:
    """Into what the scheduler keeps; where its disk is full, that is no reason to fail."""
    with suppress(OSError):
        os.write(sys.stdout.fileno(), f"{words}\n".encode())


@contextmanager
def _log(path: Path) -> Iterator[IO[bytes]]:
    """The log of all attempts, unbuffered; where it cannot be opened, what the scheduler keeps of this process."""
    with ExitStack() as held:
        log: IO[bytes] = sys.stdout.buffer
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            log = held.enter_context(path.open("ab", buffering=0))
        except OSError as error:
            _say(f"cannot write {path}: {error.strerror}; what the command says is here")
        yield log
