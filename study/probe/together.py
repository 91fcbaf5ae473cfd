"""As many processes as a study will run side by side, each timing the same configuration at the same time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from queue import Empty
from threading import BrokenBarrierError
from typing import TYPE_CHECKING, Any

from study.errors import ProbeError
from study.models.loading import load_models

if TYPE_CHECKING:
    from study.probe.steps import Answer
    from study.probe.task import Task

PATIENCE = 600.0  # seconds that a process may keep the others waiting


@dataclass(frozen=True)
class How:
    """Where and how long a configuration is timed, in how many processes; ``limit`` is seconds of its steps."""

    device: str
    at_once: int
    steps: int
    limit: float


class _Meeting:
    """The processes' meeting: a barrier, and a count of those that have their steps since they last met."""

    def __init__(self, barrier: Any, count: Any, processes: int) -> None:
        self.barrier, self.count, self.processes = barrier, count, processes
        self.met = 0

    def wait(self) -> None:
        self.barrier.wait(PATIENCE)
        self.met += 1

    def done(self) -> None:
        with self.count.get_lock():
            self.count.value += 1

    def all_done(self) -> bool:
        return bool(self.count.value >= self.met * self.processes)


def together(task: Task, how: How) -> list[Answer]:
    """What each process measured; raises ProbeError with the first one's reason where they fail."""
    context = get_context("spawn")  # a fork would share torch's threads
    answers, barrier, count = context.Queue(), context.Barrier(how.at_once), context.Value("i", 0)
    meeting = _Meeting(barrier, count, how.at_once)
    given = (task, how, meeting, answers, time.time())
    processes = [context.Process(target=_child, args=given) for _ in range(how.at_once)]
    try:
        for process in processes:
            process.start()
        return [_answer(answers, barrier, processes) for _ in processes]
    finally:
        for process in processes:
            process.terminate()
            process.join()


def _child(task: Task, how: How, meeting: _Meeting, answers: Any, began: float) -> None:
    """One process, begun at so many seconds of the clock: what it measured, or why it could not, is its answer."""
    try:
        load_models()  # as the start of a run does
        from study.probe.steps import measure

        answers.put(measure(task, how.device, how.steps, how.limit, meeting, began))
    except BrokenBarrierError:
        pass  # another process failed, and says why
    except Exception as error:
        words = str(error).strip().splitlines()
        answers.put(f"{type(error).__name__}: {words[0] if words else 'no message'}")
        meeting.barrier.abort()


def _answer(answers: Any, barrier: Any, processes: Sequence[BaseProcess]) -> Answer:
    while True:
        try:
            answer = answers.get(timeout=1.0)
        except Empty:
            killed = [process.exitcode for process in processes if process.exitcode]
            if killed:
                barrier.abort()
                raise ProbeError(f"a process ended with exit code {killed[0]}: killed, or out of memory") from None
            continue
        if isinstance(answer, str):
            raise ProbeError(answer)
        return answer  # type: ignore[no-any-return]
