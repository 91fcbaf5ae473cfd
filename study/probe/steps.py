"""Timed steps of one configuration in one process, beside others that do the same."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from importlib.metadata import version
from statistics import mean
from typing import TYPE_CHECKING, Protocol

from study.data.place import located
from study.evaluate.embed import Subject
from study.evaluate.model import evaluate
from study.measure.memory import peak_memory_gib
from study.measure.timing import StepTimer
from study.models import resolve
from study.predict import scored_by
from study.probe.session import opened_session, starts, step_within
from study.probe.task import Task
from study.records import Accelerated
from study.strategies.base import Phase
from study.train.accelerate import candidates, switched_on
from study.train.device import Place, place
from study.train.pairs import open_pairs
from study.train.session import Session
from study.train.setup import make_strategy

if TYPE_CHECKING:
    from study.probe.together import How

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
    """Milliseconds of the steady steps of a phase, of their waits for data, and of the steps before them."""

    phase: Phase
    step_ms: list[float]
    data_ms: list[float]
    warmup_ms: list[float]

    @property
    def ready_seconds(self) -> float:
        """What the first steps took longer than steady ones."""
        return sum(value - mean(self.step_ms) for value in self.warmup_ms) / 1e3


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
    candidates: dict[str, frozenset[str]] = field(default_factory=dict)  # accelerations, and what each excludes


def measure(task: Task, how: How, accelerations: tuple[str, ...], meeting: Meeting, began: float) -> Answer:
    """Time ``how.steps`` steps of each phase, in at most ``how.limit`` seconds together.

    The process began at ``began`` seconds of the clock.
    """
    imported = time.time() - began
    threads = None if task.job.gpus else task.job.threads
    with place(how.device, threads) as here:
        if not task.random:
            _open_once(task, here)
        opened = time.monotonic()
        session = opened_session(task, here)
        session.accelerated = Accelerated(on=accelerations)
        start_up = imported + time.monotonic() - opened
        limit = how.limit / len(session.phases)
        with switched_on(session):
            phases = [_phase(session, part, how.steps, limit, meeting) for part in starts(session)]
        return Answer(
            device=here.kind,
            device_kind=here.device.type,
            precision=session.precision,
            start_up_seconds=start_up,
            phases=phases,
            peak_memory_gib=peak_memory_gib(here.device),
            evaluation_seconds=_scored(task, session, here, meeting),
            versions={name: version(name) for name in PACKAGES},
            candidates=candidates(session) if how.accelerate else {},
        )


def _open_once(task: Task, here: Place) -> None:
    """A study decodes its images once; only its first run waits for that."""
    arch, strategy = resolve(task.spec.arch), make_strategy(task.spec.strategy)
    open_pairs(task.spec, arch, strategy, strategy.phases(task.spec, arch), task.results, here)


def _phase(session: Session, start: int, steps: int, limit: float, meeting: Meeting) -> PhaseTimes:
    session.samples_seen = start
    phase, _ = session.phase()
    warmup, begun = StepTimer(session.place.device), time.monotonic()
    for _ in range(WARMUP_STEPS):
        # what is compiled, or recorded, is so in the first steps, however long they take
        if session.accelerated.on or time.monotonic() - begun < limit / WARMUP_STEPS:
            step_within(session, warmup, phase, start)
    warmup.settle()
    meeting.wait()
    timer, begun = StepTimer(session.place.device), time.monotonic()
    while timer.steps < steps and (timer.steps < FEWEST_STEPS or time.monotonic() - begun < limit):
        step_within(session, timer, phase, start)
    timer.settle()
    meeting.done()
    while not meeting.all_done():  # the others are timed beside a process that trains, as they will be
        step_within(session, StepTimer(session.place.device), phase, start)
    return PhaseTimes(phase, timer.step_ms, timer.data_ms, warmup.step_ms)


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
