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
    checkpoint,
    data,
    evaluation,
    overhead_ladders,
    saved,
    start_up,
)
from study.predict.speed import Speed, speed, speed_ladder
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
class Rates:
    """What a configuration takes on a device: a speed, and seconds of everything beside its steps.

    ``sharing`` are the threads of a CPU, ``held`` the devices that wait for what one process does. ``data`` is for a
    sample, ``checkpoint`` for each one.
    """

    speed: Speed
    sharing: int
    held: int
    data: Range
    start_up: Range
    checkpoint: Range
    evaluation: Range
    evidence: str

    def hours(self, train_flops: float, samples_seen: float) -> Range:
        """Device-hours of a run of so much training."""
        found = self.speed
        steps = Range(*(train_flops / rate / self.sharing for rate in (found.value, found.high, found.low)))
        saves = saved(steps.value / self.held)
        beside = self.start_up.plus(self.checkpoint.times(saves)).plus(self.evaluation)
        total = steps.plus(self.data.times(samples_seen)).plus(beside.times(self.held))
        return total.times(1 / 3600)


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
    found = rates(work, device, evidence, without)
    hours = found.hours(work.train_flops, work.samples_seen)
    overheads = (part.value / 3600 for part in (found.start_up, found.evaluation))
    return Prediction(*hours, found.evidence, *overheads)


def rates(work: Work, device: Device, evidence: Evidence, without: str | None = None) -> Rates:
    """What runs of this configuration take, whatever their length: of ``work`` only FLOPs a sample count."""
    job, ladders = work.job, evidence.overheads
    found = speed(work, device, evidence.speed, without)
    waits = data(work, found, ladders, without)
    held = (
        start_up(work, ladders, without),
        checkpoint(work, ladders, without),
        evaluation(work, found, ladders, without),
    )
    parts = [*held, *([] if found.with_data else [waits])]
    return Rates(
        speed=found,
        sharing=job.in_process,
        held=job.held,
        data=waits.seconds,
        start_up=held[0].seconds,
        checkpoint=held[1].seconds,
        evaluation=held[2].seconds,
        evidence=f"{found.evidence}; {_words(parts)}",
    )


def _words(parts: Sequence[Overhead]) -> str:
    """Which of the overheads were measured, and which are assumed."""
    asked = [part for part in parts if part.seconds.value > 0]
    known = ", ".join(part.name for part in asked if part.measured)
    guessed = ", ".join(part.name for part in asked if not part.measured)
    return " and ".join(filter(None, (known and f"{known} measured", guessed and f"{guessed} assumed")))
