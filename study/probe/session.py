"""A probed configuration's session: as training opens it, and steps within one of its phases."""

from __future__ import annotations

from collections.abc import Iterator

from study.measure.timing import StepTimer
from study.probe.random_pairs import open_random
from study.probe.task import Task
from study.strategies.base import Phase
from study.train.device import Place
from study.train.loop import begin, step
from study.train.pairs import open_pairs
from study.train.session import Session
from study.train.setup import open_session


def opened_session(task: Task, here: Place) -> Session:
    """The configuration's session, ready to train."""
    pairs = open_random if task.random else open_pairs
    session = open_session(task.spec, task.results, here, task.job.micro_batch_size, pairs)
    begin(session)
    return session


def starts(session: Session) -> Iterator[int]:
    """Samples seen before each phase."""
    start = 0
    for phase in session.phases:
        yield start
        start += phase.samples


def step_within(session: Session, timer: StepTimer, phase: Phase, start: int) -> None:
    """One step within the phase, however short that is."""
    step(session, timer, phase, start)
    session.samples_seen = start + (session.samples_seen - start) % phase.samples
