"""How fast a run trains: measured here, by published runs, or assumed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from study.hardware import DEVICES, Device
from study.predict.evidence import Ladder, Rung
from study.predict.mfu import Chip, published_model
from study.predict.published_runs import FLOPS_A_GMAC, REFERENCE, REFERENCE_PRECISION
from study.predict.work import Measured, Range, Work, within

# How far off evidence of each kind is, likely: assumptions, wide enough for a machine that is sometimes busy.
RUNGS = (
    Rung("this configuration", lambda job: job.configuration, 1.25),
    Rung("this architecture and strategy", lambda job: (job.arch, job.strategy, job.precision), 1.35),
    Rung("this architecture", lambda job: (job.arch, job.precision), 1.5),
    Rung("this family", lambda job: (job.family, job.precision), 1.7),
    Rung("another family", lambda job: job.precision, 2.2),
)
# Share of the assumed peak that small towers reach on one CPU thread: `study train` of vit, resnet, convnext and
# swin_nano at batch 128 reached 29 to 61 GFLOP/s in one thread of a busy 2-core EPYC.
CPU_SHARE, CPU_RANGE = 0.4, 2.5


@dataclass(frozen=True)
class Speed:
    """Model FLOPs a second on one GPU or CPU thread, its likely range, and what it rests on.

    ``with_data`` tells a speed that holds waits for data already.
    """

    value: float
    low: float
    high: float
    evidence: str
    with_data: bool = False

    @property
    def range(self) -> Range:
        """The three numbers."""
        return Range(self.value, self.low, self.high)


def speed_ladder(measured: Iterable[Measured]) -> Ladder:
    """Where measured speeds are looked up."""
    return Ladder(RUNGS, measured, lambda one: one.speed)


def speed(work: Work, device: Device, ladder: Ladder, without: str | None = None) -> Speed:
    """The speed of a run on a device, by the most specific evidence; its own measurement is left out."""
    found = ladder.nearest(work.job, without)
    if found is not None:
        return Speed(*found.range, f"{found.words()} on {device.name}")
    return _of_cpu(device) if device.is_cpu else _of_published(work, device)


def _of_cpu(device: Device) -> Speed:
    value = CPU_SHARE * device.tflops * 1e12
    return Speed(*within(value, CPU_RANGE), f"assumption: {value / 1e9:.0f} GFLOP/s a CPU thread")


def _of_published(work: Work, device: Device) -> Speed:
    gmacs = work.train_flops / work.samples_seen / FLOPS_A_GMAC
    chip, reference = Chip(device, work.job.precision), Chip(DEVICES[REFERENCE], REFERENCE_PRECISION)
    found = published_model().mfu(gmacs, work.job.gpus, work.job.family, chip, reference)
    peak = within(chip.tflops * 1e12, chip.off)
    speeds = (found.value * peak.value, found.low * peak.low, found.high * peak.high)
    return Speed(*speeds, found.evidence, with_data=True)


def samples_for(gpu_hours: float, flops_per_sample: float, threads: int, device: Device, found: Speed) -> float:
    """Samples that training alone takes in so many device-hours."""
    return gpu_hours * 3600 * found.value * (threads if device.is_cpu else 1) / flops_per_sample
