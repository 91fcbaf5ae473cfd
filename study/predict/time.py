"""Time of a run before it runs: formulas over stored counts and evidence, without torch.

    device_seconds = train_flops / speed + data + devices x (start_up + checkpoints + evaluation)

Everything comes from the most specific evidence at hand: runs and probes on the same device, published runs, then
assumptions; what it rests on and its range go with every prediction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from study.hardware import Device
from study.predict.evidence import Ladder
from study.predict.overheads import (
    Overhead,
    OverheadLadders,
    checkpoints,
    data,
    evaluation,
    overhead_ladders,
    start_up,
)
from study.predict.speed import speed, speed_ladder
from study.predict.work import Measured, Range, Work

FORWARD_AND_BACKWARD = 3.0  # training / forward: 2.98 to 3.00 for every architecture without checkpointing


@dataclass(frozen=True)
class Prediction:
    """Device-hours of a run from start to end, scoring included; ``low`` and ``high`` hold the truth in most cases.

    On a CPU these are hours of the process, whatever its threads; ``start_up_hours`` and ``evaluation_hours``, a part
    of them, are hours of the process everywhere.
    """

    gpu_hours: float
    low: float
    high: float
    evidence: str
    start_up_hours: float
    evaluation_hours: float


@dataclass(frozen=True)
class Evidence:
    """All that was measured, ready to be looked up."""

    speed: Ladder
    overheads: OverheadLadders

    @staticmethod
    def of(measured: Iterable[Measured]) -> Evidence:
        """Index what was measured."""
        known = list(measured)
        return Evidence(speed_ladder(known), overhead_ladders(known))


def predict(work: Work, device: Device, evidence: Evidence, without: str | None = None) -> Prediction:
    """Device-hours of a run; ``without`` is a run that is no evidence for itself."""
    job = work.job
    found = speed(work, device, evidence.speed, without)
    steps = Range(*(work.train_flops / rate / job.in_process for rate in (found.value, found.high, found.low)))
    waits = data(work, found, evidence.overheads, without)
    starting = start_up(work, evidence.overheads, without)
    scoring = evaluation(work, found, evidence.overheads, without)
    held = [starting, checkpoints(work, steps.value / job.held, evidence.overheads, without), scoring]
    total = steps.plus(waits.seconds)
    for part in held:
        total = total.plus(part.seconds.times(job.held))
    parts = [*held, *([] if found.with_data else [waits])]
    overheads = (starting.seconds.value / 3600, scoring.seconds.value / 3600)
    return Prediction(*total.times(1 / 3600), f"{found.evidence}; {_words(parts)}", *overheads)


def _words(parts: Sequence[Overhead]) -> str:
    """Which of the overheads were measured, and which are assumed."""
    asked = [part for part in parts if part.seconds.value > 0]
    known = ", ".join(part.name for part in asked if part.measured)
    guessed = ", ".join(part.name for part in asked if not part.measured)
    return " and ".join(filter(None, (known and f"{known} measured", guessed and f"{guessed} assumed")))
