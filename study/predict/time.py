"""Time of a run before it runs: formulas over stored counts, without torch.

    gpu_hours = train_flops / speed / 3600 + overhead

``speed`` is in model FLOPs a second on one device. It comes from the most specific evidence at hand: runs measured on
the same device, then published runs, then an assumption; the evidence and its range go with every prediction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from study.hardware import Device

FORWARD_AND_BACKWARD = 3.0  # training / forward: 2.98 to 3.00 for every architecture without checkpointing


@dataclass(frozen=True)
class Work:
    """What a run computes; ``strategy`` is its label with options, ``devices`` are GPUs, or threads of a CPU."""

    arch: str
    family: str
    strategy: str
    train_flops: float
    devices: int


@dataclass(frozen=True)
class Measured:
    """Speed of a run that was trained: model FLOPs a second on one GPU or one CPU thread."""

    run_id: str
    device: str
    arch: str
    family: str
    strategy: str
    speed: float
    overhead_seconds: float | None = None


@dataclass(frozen=True)
class Speed:
    """Model FLOPs a second on one GPU or CPU thread, its likely range, and where it comes from."""

    value: float
    low: float
    high: float
    evidence: str


@dataclass(frozen=True)
class Overhead:
    """Seconds of a run in which nothing is trained, and their likely range."""

    seconds: float
    low: float
    high: float


@dataclass(frozen=True)
class Prediction:
    """Device-hours of a run from start to end; ``low`` and ``high`` hold the truth in most cases."""

    gpu_hours: float
    low: float
    high: float
    evidence: str


@dataclass(frozen=True)
class Published:
    """MFU over ``n`` published runs: 10th percentile, median and 90th percentile."""

    n: int
    p10: float
    median: float
    p90: float


# CLIP pretraining with open_clip on A100s (arXiv:2212.07143, throughput as published with the models; the GPU is
# assumed to be an A100). mfu = 6e9 x gmacs_per_sample x samples_seen / (gpu_hours x 3600 x 312e12) for each of the 29
# published runs that state all four, quantiles interpolated linearly.
PUBLISHED: dict[str, Published] = {
    "ViT-B-32": Published(9, 0.0393, 0.0909, 0.1210),
    "ViT-B-16": Published(9, 0.1096, 0.1446, 0.1566),
    "ViT-L-14": Published(9, 0.1203, 0.1656, 0.2016),
    "ViT-H-14": Published(1, 0.1542, 0.1542, 0.1542),
    "ViT-g-14": Published(1, 0.1733, 0.1733, 0.1733),
}
PUBLISHED_ALL = Published(29, 0.0838, 0.1303, 0.1711)
PUBLISHED_FAMILY = "vit"
# Share of the assumed peak that small towers reach on one CPU thread: `study train` of vit, resnet, convnext and
# swin_nano at batch 128 reached 29 to 61 GFLOP/s in one thread of a busy 2-core EPYC.
CPU_SHARE, CPU_RANGE = 0.4, 2.5
# From start to the first step and from the last to the end, in seconds a run, where no run was measured on the
# device: 7 to 16 s of start-up were measured in the same four runs.
OVERHEAD_SECONDS = 20.0

_Rung = tuple[str, Callable[[Measured], bool], float]


def speed(work: Work, device: Device, measured: Sequence[Measured]) -> Speed:
    """The speed of a run on a device, by the most specific evidence."""
    here = [run for run in measured if run.device == device.name]
    for words, fits, factor in _rungs(work):
        speeds = sorted(run.speed for run in here if fits(run))
        if speeds:
            return _of_measured(speeds, factor, f"{words} on {device.name}")
    return _of_cpu(device) if device.is_cpu else _of_published(work, device)


def _rungs(work: Work) -> Iterable[_Rung]:
    """From the most to the least specific; the factor is the least range around the median."""
    return (
        ("this architecture and strategy", lambda r: (r.arch, r.strategy) == (work.arch, work.strategy), 1.1),
        ("this architecture", lambda r: r.arch == work.arch, 1.3),
        ("this family", lambda r: r.family == work.family, 1.6),
        ("any architecture", lambda r: True, 2.0),
    )


def _of_measured(speeds: list[float], factor: float, words: str) -> Speed:
    middle = median(speeds)
    low, high = min(speeds[0], middle / factor), max(speeds[-1], middle * factor)
    runs = "run" if len(speeds) == 1 else "runs"
    return Speed(middle, low, high, f"{len(speeds)} measured {runs} of {words}")


def _of_cpu(device: Device) -> Speed:
    value = CPU_SHARE * device.tflops * 1e12
    return Speed(value, value / CPU_RANGE, value * CPU_RANGE, f"assumption: {value / 1e9:.0f} GFLOP/s a CPU thread")


def _of_published(work: Work, device: Device) -> Speed:
    found = PUBLISHED.get(work.arch)
    if found is not None:
        words, factor = f"of {work.arch}", 1.3
    elif work.family == PUBLISHED_FAMILY:
        found, words, factor = PUBLISHED_ALL, "of ViTs", 1.6
    else:
        found, words, factor = PUBLISHED_ALL, f"of ViTs, none of family {work.family}", 2.0
    factor *= 1 if device.name.startswith("a100") else 1.25  # another GPU than the published runs'
    peak = device.tflops * 1e12
    low, high = min(found.p10, found.median / factor), max(found.p90, found.median * factor)
    evidence = f"{found.n} published runs {words} on A100: MFU {found.median:.1%}"
    return Speed(found.median * peak, low * peak, high * peak, evidence)


def overhead(device: Device, measured: Sequence[Measured]) -> Overhead:
    """Time of a run that is no training step: start-up, data, checkpoints; median and range of the runs at hand."""
    known = [r.overhead_seconds for r in measured if r.device == device.name and r.overhead_seconds is not None]
    if not known:
        return Overhead(OVERHEAD_SECONDS, OVERHEAD_SECONDS / 2, OVERHEAD_SECONDS * 2)
    return Overhead(median(known), min(known), max(known))


def predict(work: Work, device: Device, found: Speed, more: Overhead) -> Prediction:
    """Device-hours of a run: GPUs x hours, or hours of the process on a CPU."""
    flops = work.train_flops / (work.devices if device.is_cpu else 1)
    waiting = 1 if device.is_cpu else work.devices  # devices that are held while nothing trains
    pairs = ((found.value, more.seconds), (found.high, more.low), (found.low, more.high))
    hours, low, high = ((flops / rate + seconds * waiting) / 3600 for rate, seconds in pairs)
    return Prediction(hours, low, high, found.evidence)


def samples_for(gpu_hours: float, flops_per_sample: float, threads: int, device: Device, found: Speed) -> float:
    """Samples that training alone takes in so many device-hours."""
    return gpu_hours * 3600 * found.value * (threads if device.is_cpu else 1) / flops_per_sample
