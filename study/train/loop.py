"""The training loop."""

from __future__ import annotations

import math

import torch

from study.measure.timing import StepTimer
from study.optim import learning_rate
from study.strategies.base import Phase, Progress, StepOutput
from study.train.faults import StoppedWaiting
from study.train.recorder import Recorder
from study.train.session import Session

MAX_LOGIT_SCALE = math.log(100)  # arXiv:2103.00020, section 2.5


def train(session: Session, timer: StepTimer, recorder: Recorder) -> None:
    """Train to the end of the last phase, or until the recorder raises."""
    begin(session)
    while session.samples_seen < session.spec.samples_seen:
        advance(session, timer, recorder)


def advance(session: Session, timer: StepTimer, recorder: Recorder) -> None:
    """The next step of the run, recorded."""
    phase, phase_start = session.phase()
    try:
        output, rate = step(session, timer, phase, phase_start)
    except StoppedWaiting:
        recorder.end_between_steps()
    recorder.after_step(output, rate)


def begin(session: Session) -> None:
    """Put all modules into training mode."""
    session.model.train()
    session.strategy.train()


def step(session: Session, timer: StepTimer, phase: Phase, phase_start: int) -> tuple[StepOutput, float]:
    """One optimiser step in a phase that began after so many samples: what it gave, and its learning rate."""
    spec = session.spec
    with timer.step():
        with timer.data():
            batches = session.batches()
        rate = _learning_rate(session, phase.samples, phase_start) * phase.lr_scale
        for group in session.optimizer.param_groups:
            group["lr"] = rate
        output = session.backward(batches, phase, _progress(session))
        if spec.grad_clip is not None:
            session.clip_gradients(spec.grad_clip)
        session.optimizer.step()
        session.optimizer.zero_grad(set_to_none=True)
        with torch.no_grad():
            session.model.logit_scale.clamp_(max=MAX_LOGIT_SCALE)
    session.samples_seen += spec.global_batch_size
    return output, rate


def _learning_rate(session: Session, samples: int, start: int) -> float:
    spec = session.spec
    share, step = (session.samples_seen - start) / samples, spec.global_batch_size / samples
    return learning_rate(session.optim_settings["lr"], share, step, spec.schedule, spec.warmup, spec.cooldown)


def _progress(session: Session) -> Progress:
    spec = session.spec
    return Progress(session.samples_seen, spec.samples_seen, len(session.feed.pairs), spec.global_batch_size)
