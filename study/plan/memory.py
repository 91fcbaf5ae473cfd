"""Memory of each distinct configuration of a study, found once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from study.hardware import Device
from study.measure.memory_cache import MemoryCache, Setting
from study.models import Arch
from study.plan.cache import cache
from study.plan.cost import SLOW_SECONDS
from study.plan.fit import Fit, fit
from study.plan.jobs import precision_on
from study.predict import LossMemory, Parts, Split, TowersMemory, peak_parts
from study.records import RunSpec
from study.strategies.base import Strategy


class _Step(NamedTuple):
    """What a phase's steps take, and the bytes of a pair as it is stored."""

    towers: TowersMemory
    loss: LossMemory
    stored: int


@dataclass
class Memories:
    """Fits runs to ``count`` devices each; progress is told of by ``say``."""

    cache: MemoryCache
    device: Device
    count: int
    say: Callable[[str], None]
    checkpointing: bool = False
    _fits: dict[tuple[object, ...], Fit] = field(default_factory=dict)

    def fit(self, spec: RunSpec, arch: Arch, strategy: Strategy) -> Fit:
        """How a run's global batch is shared out, and what the heaviest of its phases takes."""
        phases = strategy.phases(spec, arch)
        sizes = tuple((phase.image_size, phase.text_length, phase.keep_patches) for phase in phases)
        split = (spec.global_batch_size, spec.micro_batch_size, spec.precision)
        key = (spec.arch.label, spec.strategy.label, sizes, split)
        if key not in self._fits:
            self._fits[key] = fit(spec, arch, self.device, self.count, self.peak(spec, arch, strategy))
        return self._fits[key]

    def peak(self, spec: RunSpec, arch: Arch, strategy: Strategy) -> Callable[[Split], Parts]:
        """What a process takes in the heaviest phase of a run, however its global batch is shared out."""
        start = time.monotonic()
        steps = self._steps(spec, arch, strategy)
        if time.monotonic() - start > SLOW_SECONDS:
            self.say(f"memory of {spec.arch.label}, {spec.strategy.label} at {spec.global_batch_size:,} pairs a step")
        return lambda split: max((peak_parts(*step, split) for step in steps), key=sum)

    def _steps(self, spec: RunSpec, arch: Arch, strategy: Strategy) -> list[_Step]:
        phases = strategy.phases(spec, arch)
        side, length = max(map(strategy.stored_size, phases)), max(phase.text_length for phase in phases)
        bf16 = precision_on(self.device, spec.precision) == "bf16"
        setting = Setting(bf16, gpu=not self.device.is_cpu, checkpointing=self.checkpointing)
        steps = []
        for phase in phases:
            towers = self.cache.towers(arch, strategy, phase, setting)
            loss = self.cache.loss(arch, strategy, phase, towers.features, spec.global_batch_size)
            steps.append(_Step(towers, loss, stored_bytes(side, length)))
        return steps


def stored_bytes(side: int, text_length: int) -> int:
    """Bytes of a pair as it comes to the device: an image of so many pixels a side in uint8, a text in int64."""
    return 3 * side**2 + 8 * text_length


@contextmanager
def memories(results: Path, keep: bool, device: Device, count: int, say: Callable[[str], None]) -> Iterator[Memories]:
    """Memories with what is known in this results folder; what is new is added to it only if ``keep``."""
    with cache(results, "memory.json", keep) as path:
        yield Memories(MemoryCache(path), device, count, say)
