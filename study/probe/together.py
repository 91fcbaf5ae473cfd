"""As many processes as a study will run side by side, each timing the same configuration at the same time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from queue import Empty
from threading import BrokenBarrierError
from typing import TYPE_CHECKING, Any, TypeVar

from study.errors import ProbeError
from study.models.loading import load_models

if TYPE_CHECKING:
    from study.probe.steps import Answer
    from study.probe.task import Task
    from study.probe.turns import Turns

T = TypeVar("T")
PATIENCE = 600.0  # seconds that a process may keep the others waiting


@dataclass(frozen=True)
class How:
    """Where and how long a configuration is timed, in how many processes; ``limit`` is seconds of its steps.

    ``accelerate`` says whether to find out which accelerations make its steps faster.
    """

    device: str
    at_once: int
    steps: int
    limit: float
    accelerate: bool = False


class _Meeting:
    """The processes' meeting: a barrier, and a count of those that have their steps since they last met.

    Raises BrokenBarrierError where another process failed, TimeoutError where one does not come within ``patience``
    seconds.
    """

    def __init__(self, barrier: Any, count: Any, processes: int, patience: float = PATIENCE) -> None:
        self.barrier, self.count, self.processes, self.patience = barrier, count, processes, patience
        self.met, self.since = 0, 0.0

    def wait(self) -> None:
        self.since = time.monotonic()
        try:
            self.barrier.wait(self.patience)
        except BrokenBarrierError:
            self._not_forever()
            raise
        self.met += 1

    def done(self) -> None:
        self.since = time.monotonic()
        with self.count.get_lock():
            self.count.value += 1

    def all_done(self) -> bool:
        self._not_forever()
        return bool(self.count.value >= self.met * self.processes)

    def _not_forever(self) -> None:
        if time.monotonic() - self.since >= self.patience:
            raise TimeoutError(f"waited {self.patience:g} s for another process")


def together(task: Task, how: How, accelerations: tuple[str, ...] = ()) -> list[Answer]:
    """What each process measured; raises ProbeError with the first one's reason where they fail."""
    return _each(partial(_steps, task, how, accelerations), how.at_once)


def together_by_turns(task: Task, how: How, without: tuple[str, ...], on: tuple[str, ...]) -> list[Turns]:
    """Times of steps with two sets of accelerations, of each process; raises as ``together`` does."""
    return _each(partial(_turns, task, how, without, on), how.at_once)


def _each(work: Callable[[_Meeting, float], T], at_once: int) -> list[T]:
    context = get_context("spawn")  # a fork would share torch's threads
    answers, barrier, count = context.Queue(), context.Barrier(at_once), context.Value("i", 0)
    meeting = _Meeting(barrier, count, at_once)
    given = (work, meeting, answers, time.time())
    processes = [context.Process(target=_child, args=given) for _ in range(at_once)]
    try:
        for process in processes:
            process.start()
        return _answers(answers, processes)
    finally:
        for process in processes:
            process.terminate()
            process.join()


def _steps(task: Task, how: How, accelerations: tuple[str, ...], meeting: _Meeting, began: float) -> Answer:
    from study.probe.steps import measure

    return measure(task, how, accelerations, meeting, began)


def _turns(
    task: Task, how: How, without: tuple[str, ...], on: tuple[str, ...], meeting: _Meeting, began: float
) -> Turns:
    from study.probe.turns import by_turns

    return by_turns(task, how, without, on, meeting)


def _child(work: Callable[[_Meeting, float], object], meeting: _Meeting, answers: Any, began: float) -> None:
    """One process, begun at so many seconds of the clock: what it measured, or why it could not, is its answer."""
    try:
        load_models()  # as the start of a run does
        answers.put(work(meeting, began))
    except BrokenBarrierError:
        pass  # another process failed, and says why
    except Exception as error:
        words = str(error).strip().splitlines()
        answers.put(f"{type(error).__name__}: {words[0] if words else 'no message'}")
        meeting.barrier.abort()


def _answers(answers: Any, processes: Sequence[BaseProcess]) -> list[Any]:
    """An answer of each process; one that ends without any has failed, whatever its exit code."""
    found: list[Any] = []
    while len(found) < len(processes):
        ended = [process.exitcode for process in processes if process.exitcode is not None]  # what they said is there
        try:
            answer = answers.get(timeout=1.0)
        except Empty:
            if len(ended) > len(found):
                code = next(filter(None, ended), 0)
                raise ProbeError(f"a process ended without an answer, exit code {code}: killed, or no memory") from None
            continue
        if isinstance(answer, str):
            raise ProbeError(answer)
        found.append(answer)
    return found
