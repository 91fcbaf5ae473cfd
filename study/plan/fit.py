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
    """Pairs that pass the towers at once, what a process then takes, and what is wrong where that is too much.

    With ``sharded`` each process holds a share of the towers.
    """

    micro: int
    gib: float
    problem: str | None = None
    sharded: bool = False


def usable_gib(device: Device) -> float:
    """What a process may take; no bound is known for a CPU."""
    return float("inf") if device.is_cpu else USABLE * device.memory_gib


def fit(spec: RunSpec, arch: Arch, device: Device, count: int, peak: Peak) -> Fit:
    """The largest micro-batch that divides a process's share of the global batch and fits.

    A CPU takes the whole share at once, and so does a tower with batch norm, whose statistics are of all pairs.
    Several devices share the towers out only where none fits otherwise: weights then travel in every pass.
    """
    for sharded in _ways_to_hold(count):
        for micro in _allowed(spec, arch, device, spec.global_batch_size // count):
            parts = peak(Split(spec.global_batch_size, micro, count, sharded))
            gib = sum(parts) / GIB
            if gib <= usable_gib(device):
                return Fit(micro, gib, sharded=sharded)
    return Fit(micro, gib, _problem(spec, arch, device, count, peak, micro, parts), sharded)


def _ways_to_hold(count: int) -> tuple[bool, ...]:
    """Whether towers are sharded: on one device never, on several last."""
    return (False, True) if count > 1 else (False,)


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
    shared = f", sharded over {count} devices" if count > 1 else ""
    return (
        f"{arch.name} with {spec.strategy.name} needs {_gib(sum(least))} GiB with {pairs}{shared} ({_told(least)}), "
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
    batch, whole = spec.global_batch_size, spec.micro_batch_size is None
    micro = next((m for m in _divisors(batch // count) if _holding(device, peak, batch, m, count) is not None), None)
    if micro is not None:
        yield f"{'batch_norm: per_micro_batch with ' if whole else ''}micro_batch_size: {micro}"
    more = _enough(spec, arch, device, count, peak)
    if more is not None:
        yield more
    if spec.precision == "fp32":
        yield "precision: bf16"
    yield "a smaller global_batch_size, a smaller tower or a device with more memory"


def _enough(spec: RunSpec, arch: Arch, device: Device, count: int, peak: Peak) -> str | None:
    """The fewest devices, doubled from ``count``, that a run fits on, in words."""
    more, batch = 2 * count, spec.global_batch_size
    while more <= min(_MOST_GPUS, batch) and batch % more == 0:
        share = batch // more
        micro = spec.micro_batch_size or (share if arch.has_batch_norm else 1)
        sharded = _holding(device, peak, batch, micro, more) if micro <= share else None
        if sharded is not None:
            return f"count: {more} in hardware{', which shard the tower' if sharded else ''}"
        more *= 2
    return None


def _holding(device: Device, peak: Peak, batch: int, micro: int, count: int) -> bool | None:
    """Whether towers are sharded where a micro-batch fits so many devices; none where it does not."""
    limit = usable_gib(device) * GIB
    fitting = (held for held in _ways_to_hold(count) if sum(peak(Split(batch, micro, count, held))) <= limit)
    return next(fitting, None)
