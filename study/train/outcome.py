"""How a run ended and what it cost, put together from what the process knows."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any

from study import checkpoint
from study.clock import utc_now
from study.errors import TooFewStepsError
from study.measure.memory import peak_memory_gib
from study.measure.timing import Spread, StepTimer, summarise, warmup_steps
from study.records import Attempt, Cost, EnergySource, Outcome, RunSpec, Status, run_id
from study.train.attempts import Attempts
from study.train.device import Place
from study.train.failure import End
from study.train.session import Session
from study.train.steps import read_steps

PACKAGES = (
    "clip-scaling-study",
    "torch",
    "torchvision",
    "open_clip_torch",
    "timm",
    "clip-benchmark",
    "fvcore",
    "pillow",
    "simplejpeg",
)
LAST_SHARE = 0.1  # of the samples, over which the final loss is averaged


def make(
    spec: RunSpec,
    place: Place,
    session: Session | None,
    timer: StepTimer,
    attempts: Attempts,
    run: Path,
    end: End,
) -> Outcome:
    """The outcome of a run; ``session`` is none where it could not be set up."""
    seen = session.samples_seen if session else 0
    timer.settle()
    completed = session is not None and end.status is Status.COMPLETED
    every = attempts.all(seen)
    last = final_means(read_steps(run), spec.samples_seen) if completed else {}
    return Outcome(
        run_id=run_id(spec),
        status=end.status,
        reason=end.reason,
        samples_seen=seen,
        steps=seen // spec.global_batch_size,
        loss=last.get("loss"),
        contrastive_loss=last.get("contrastive_loss"),
        logit_scale=last.get("logit_scale"),
        samples_skipped=session.feed.skipped.reasons if session else end.skipped,
        skipped_unit=session.feed.skipped.unit if session else "pairs",
        weights_sha256=checkpoint.fingerprint(session.model.state_dict()) if session and completed else None,
        finished=utc_now().isoformat(timespec="milliseconds"),
        resolved=_resolved(session) if session else {},
        cost=_cost(session, place, timer, every, attempts.start_up_seconds) if session else None,
        attempts=every,
        versions={name: version(name) for name in PACKAGES},
    )


def final_means(steps: Sequence[dict[str, Any]], total: int) -> dict[str, float]:
    """Means of all logged numbers over the last tenth of the samples, weighted by steps."""
    last = [line for line in steps if line["samples_seen"] > (1 - LAST_SHARE) * total]
    count = sum(line["steps"] for line in last)
    names = [name for name in (last[0] if last else {}) if name not in ("samples_seen", "steps", "lr")]
    return {name: sum(line[name] * line["steps"] for line in last) / count for name in names}


def _resolved(session: Session) -> dict[str, Any]:
    return {
        **session.optim_settings,
        "arch": session.arch.name,
        "family": session.arch.family,
        "arch_config": session.arch.config,
        "strategy": session.strategy.config.model_dump(mode="json"),
        "phases": [dataclasses.asdict(phase) for phase in session.phases],
        "image_size": session.phases[-1].image_size,
        "text_length": session.phases[-1].text_length,
        **_tuned(session),
    }


def _tuned(session: Session) -> dict[str, Any]:
    """What each learning rate scored, where trials chose it."""
    if session.tuned is None:
        return {}
    return {"lr_tried": {f"{lr:g}": score for lr, score in session.tuned.tried.items()}}


def _spread(values: Sequence[float]) -> Spread | None:
    try:
        return summarise(values, warmup_steps(len(values)))
    except TooFewStepsError:
        return None


def _cost(
    session: Session, place: Place, timer: StepTimer, every: Sequence[Attempt], start_up_seconds: float | None
) -> Cost:
    step, wait = _spread(timer.step_ms), _spread(timer.data_ms)
    local_batch = session.spec.global_batch_size / place.world_size
    kwh, source = _energy(every)
    speed, lost = local_batch * 1e3 / step.median if step else None, lost_samples(every)
    return Cost(
        device=place.kind,
        device_kind="cuda" if place.device.type == "cuda" else "cpu",
        world_size=place.world_size,
        threads=place.threads,
        loader_workers=0,
        precision=session.precision,
        micro_batch_size=session.micro_batch_size,
        grad_accum_steps=session.grad_accum_steps,
        gpu_hours=sum(attempt.wall_hours * (attempt.world_size or place.world_size) for attempt in every),
        lost_steps=lost // session.spec.global_batch_size,
        lost_gpu_hours=lost / speed / 3600 if speed else None if lost else 0.0,
        train_hours=sum(timer.step_ms) / 3.6e6 * place.world_size,
        start_up_seconds=start_up_seconds,
        samples_per_second_per_gpu=speed,
        step_time_ms=step.median if step else None,
        step_time_ms_p10=step.p10 if step else None,
        step_time_ms_p90=step.p90 if step else None,
        steady_steps=step.n if step else 0,
        data_wait_ms=wait.median if wait else None,
        peak_memory_gib=peak_memory_gib(place.device),
        energy_kwh=kwh,
        energy_source=source,
        accelerations=session.accelerated,
    )


def lost_samples(every: Sequence[Attempt]) -> int:
    """Pairs after which an attempt ended and before which the next one began, over all of them."""
    return sum(max(0, before.last_sample - after.first_sample) for before, after in pairwise(every))


def _energy(every: Sequence[Attempt]) -> tuple[float | None, EnergySource | None]:
    """What all attempts drew together, if each was measured, and all in the same way."""
    kwh, sources = [attempt.energy_kwh for attempt in every], {attempt.energy_source for attempt in every}
    measured = [value for value in kwh if value is not None]
    alike = len(measured) == len(kwh) and len(sources) == 1
    return (sum(measured), sources.pop()) if alike else (None, None)
