"""The largest micro-batch that fits a device; what to do where none does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from study.hardware import Device
from study.models import Arch
from study.predict import Parts, Split
from study.records import RunSpec

# Of a GPU's memory. The rest is for what is not counted: CUDA's own, workspaces of kernels, holes between allocations.
USABLE = 0.9
GIB = 2**30
_MOST_GPUS = 1024  # that are tried where more would help

Peak = Callable[[Split], Parts]  # of what a process takes


class Fit(NamedTuple):
    """Pairs that pass the towers at once, what a process then takes, and what is wrong where that is too much."""

    micro: int
    gib: float
    problem: str | None = None


def usable_gib(device: Device) -> float:
    """What a process may take; no bound is known for a CPU."""
    return float("inf") if device.is_cpu else USABLE * device.memory_gib


def fit(spec: RunSpec, arch: Arch, device: Device, count: int, peak: Peak) -> Fit:
    """The largest micro-batch that divides a process's share of the global batch and fits.

    A CPU takes the whole share at once, and so does a tower with batch norm, whose statistics are of all pairs.
    """
    share = spec.global_batch_size // count
    for micro in _allowed(spec, arch, device, share):
        parts = peak(Split(spec.global_batch_size, micro, count))
        gib = sum(parts) / GIB
        if gib <= usable_gib(device):
            return Fit(micro, gib)
    return Fit(micro, gib, _problem(spec, arch, device, count, peak, micro, parts))


def _allowed(spec: RunSpec, arch: Arch, device: Device, share: int) -> Iterator[int]:
    if spec.micro_batch_size is not None:
        yield spec.micro_batch_size
    elif device.is_cpu or arch.has_batch_norm:
        yield share
    else:
        yield from _divisors(share)


def _divisors(share: int) -> Iterator[int]:
    """From the largest down."""
    return (share // parts for parts in range(1, share + 1) if share % parts == 0)


def _problem(spec: RunSpec, arch: Arch, device: Device, count: int, peak: Peak, micro: int, least: Parts) -> str:
    whole = spec.micro_batch_size is None and arch.has_batch_norm
    pairs = f"the {micro:,} pairs that batch norm takes at once" if whole else f"a micro-batch of {micro:,}"
    return (
        f"{arch.name} with {spec.strategy.name} needs {_gib(sum(least))} GiB with {pairs} ({_told(least)}), "
        f"{device.name} has {device.memory_gib:g} GiB ({_gib(usable_gib(device) * GIB)} to be used); "
        f"take {' or '.join(_ways(spec, arch, device, count, peak))}"
    )


def _told(parts: Parts) -> str:
    names = ("weights and optimiser", "stored pairs", "loss", "activations and gradients")
    return ", ".join(f"{name} {_gib(value)}" for name, value in zip(names, parts, strict=True))


def _gib(value: float) -> str:
    gib = value / GIB
    return f"{gib:,.1f}" if gib >= 1 or gib == 0 else f"{gib:.2g}"


def _ways(spec: RunSpec, arch: Arch, device: Device, count: int, peak: Peak) -> Iterator[str]:
    limit, batch = usable_gib(device) * GIB, spec.global_batch_size
    fitting = (m for m in _divisors(batch // count) if sum(peak(Split(batch, m, count))) <= limit)
    micro = next(fitting, None)
    if micro is not None:
        new = "" if spec.micro_batch_size else "batch_norm: per_micro_batch with "
        yield f"{new}micro_batch_size: {micro}"
    more = _enough(spec, arch, device, count, peak)
    if more is not None:
        yield f"count: {more} in hardware"
    if spec.precision == "fp32":
        yield "precision: bf16"
    yield "a smaller global_batch_size, a smaller tower or a device with more memory"


def _enough(spec: RunSpec, arch: Arch, device: Device, count: int, peak: Peak) -> int | None:
    """The fewest devices, doubled from ``count``, that a run fits on."""
    more = 2 * count
    while more <= min(_MOST_GPUS, spec.global_batch_size) and spec.global_batch_size % more == 0:
        share = spec.global_batch_size // more
        micro = spec.micro_batch_size or (share if arch.has_batch_norm else 1)
        if micro <= share and sum(peak(Split(spec.global_batch_size, micro, more))) <= usable_gib(device) * GIB:
            return more
        more *= 2
    return None
