"""Timed steps of one configuration in one process, beside others that do the same."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Protocol

from study.data.place import located
from study.evaluate.embed import Subject
from study.evaluate.model import evaluate
from study.measure.memory import peak_memory_gib
from study.measure.timing import StepTimer
from study.models import resolve
from study.predict import scored_by
from study.probe.random_pairs import open_random
from study.probe.task import Task
from study.strategies.base import Phase
from study.train.device import Place, place
from study.train.loop import begin, step
from study.train.session import Session
from study.train.setup import make_strategy, open_session, open_stream

WARMUP_STEPS, FEWEST_STEPS = 3, 3
PACKAGES = ("clip-scaling-study", "torch", "torchvision", "open_clip_torch", "timm")


class Meeting(Protocol):
    """Where processes wait for one another, and whether all have their steps."""

    def wait(self) -> None:
        """Until all processes are here."""

    def done(self) -> None:
        """This process has its steps."""

    def all_done(self) -> bool:
        """Whether every process has."""


@dataclass(frozen=True)
class PhaseTimes:
    """Milliseconds of the steady steps of a phase, and of their waits for data."""

    phase: Phase
    step_ms: list[float]
    data_ms: list[float]


@dataclass(frozen=True)
class Answer:
    """What one process measured."""

    device: str
    device_kind: str
    precision: str
    start_up_seconds: float
    phases: list[PhaseTimes]
    peak_memory_gib: float
    evaluation_seconds: dict[str, float] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)


def measure(task: Task, device: str, steps: int, limit: float, meeting: Meeting, began: float) -> Answer:
    """Time ``steps`` steps of each phase, in at most ``limit`` seconds together.

    The process began at ``began`` seconds of the clock.
    """
    imported = time.time() - began
    threads = None if task.job.gpus else task.job.threads
    with place(device, threads) as here:
        if not task.random:
            _open_once(task)
        opened = time.monotonic()
        pairs = open_random if task.random else open_stream
        session = open_session(task.spec, task.results, here, task.job.micro_batch_size, pairs)
        begin(session)
        start_up = imported + time.monotonic() - opened
        phases = [_phase(session, part, steps, limit / len(session.phases), meeting) for part in _starts(session)]
        return Answer(
            device=here.kind,
            device_kind=here.device.type,
            precision=session.precision,
            start_up_seconds=start_up,
            phases=phases,
            peak_memory_gib=peak_memory_gib(here.device),
            evaluation_seconds=_scored(task, session, here, meeting),
            versions={name: version(name) for name in PACKAGES},
        )


def _open_once(task: Task) -> None:
    """A study decodes its images once; only its first run waits for that."""
    arch, strategy = resolve(task.spec.arch), make_strategy(task.spec.strategy)
    open_stream(task.spec, arch, strategy, strategy.phases(task.spec, arch), task.results)


def _starts(session: Session) -> Iterator[int]:
    """Samples seen before each phase."""
    start = 0
    for phase in session.phases:
        yield start
        start += phase.samples


def _phase(session: Session, start: int, steps: int, limit: float, meeting: Meeting) -> PhaseTimes:
    session.samples_seen = start
    phase, _ = session.phase()
    begun = time.monotonic()
    for _ in range(WARMUP_STEPS):
        if time.monotonic() - begun < limit / WARMUP_STEPS:
            _step(session, StepTimer(session.place.device), phase, start)
    meeting.wait()
    timer, begun = StepTimer(session.place.device), time.monotonic()
    while timer.steps < steps and (timer.steps < FEWEST_STEPS or time.monotonic() - begun < limit):
        _step(session, timer, phase, start)
    timer.settle()
    meeting.done()
    while not meeting.all_done():  # the others are timed beside a process that trains, as they will be
        _step(session, StepTimer(session.place.device), phase, start)
    return PhaseTimes(phase, timer.step_ms, timer.data_ms)


def _step(session: Session, timer: StepTimer, phase: Phase, start: int) -> None:
    """One step within the phase, however short that is."""
    step(session, timer, phase, start)
    session.samples_seen = start + (session.samples_seen - start) % phase.samples


def _scored(task: Task, session: Session, here: Place, meeting: Meeting) -> dict[str, float]:
    """Seconds of scoring on each data set by its metrics, all processes at once."""
    if task.evaluation is None:
        return {}
    meeting.wait()
    trained_on = located(task.spec.data, task.results)
    subject = Subject(
        session.arch, session.model, session.strategy, session.phases[-1], trained_on, here.device, session.precision
    )
    found = evaluate(subject, task.evaluation.asked())
    return {scored_by(one.dataset, one.metrics): one.settings["seconds"] for one in found if one.error is None}
