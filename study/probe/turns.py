"""Steps of one session with two sets of accelerations, by turns: what disturbs one disturbs the other."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from study.measure.timing import StepTimer
from study.probe.session import opened_session, starts, step_within
from study.probe.steps import FEWEST_STEPS, WARMUP_STEPS, Meeting
from study.probe.task import Task
from study.train.accelerate import made
from study.train.accelerations.base import Acceleration
from study.train.device import place
from study.train.session import Session

if TYPE_CHECKING:
    from study.probe.together import How


@dataclass(frozen=True)
class Turns:
    """Milliseconds of pairs of steps, without and with an acceleration more."""

    without_ms: list[float]
    on_ms: list[float]


def by_turns(task: Task, how: How, without: tuple[str, ...], on: tuple[str, ...], meeting: Meeting) -> Turns:
    """Time ``how.steps`` pairs of steps in the phase with most samples, in at most ``how.limit`` seconds.

    The first of a pair is made without in every other one.
    """
    threads = None if task.job.gpus else task.job.threads
    with place(how.device, threads) as here:
        session = opened_session(task, here)
        every = made(sorted({*without, *on}))
        sides = [_Side(session, [every[name] for name in names]) for names in (without, on)]
        for side in sides:
            for _ in range(WARMUP_STEPS):
                side.step()
        meeting.wait()
        for side in sides:
            side.timer = StepTimer(here.device)
        begun = time.monotonic()
        for pair in range(how.steps):
            if pair >= FEWEST_STEPS and time.monotonic() - begun >= how.limit:
                break
            for side in sides[:: 1 if pair % 2 else -1]:
                side.step()
        times = [side.settled() for side in sides]
        meeting.done()
        while not meeting.all_done():
            sides[1].step()
        return Turns(*times)


class _Side:
    """A session's steps with some accelerations on."""

    def __init__(self, session: Session, accelerations: list[Acceleration]) -> None:
        self.session, self.accelerations = session, accelerations
        self.timer = StepTimer(session.place.device)
        samples = [phase.samples for phase in session.phases]
        self.start = list(starts(session))[samples.index(max(samples))]

    def step(self) -> None:
        """One more, timed."""
        if self.session.samples_seen < self.start:
            self.session.samples_seen = self.start
        phase, _ = self.session.phase()
        with ExitStack() as stack:
            for one in self.accelerations:
                stack.enter_context(one.on(self.session))
            step_within(self.session, self.timer, phase, self.start)

    def settled(self) -> list[float]:
        """Milliseconds of its steps."""
        self.timer.settle()
        return list(self.timer.step_ms)
