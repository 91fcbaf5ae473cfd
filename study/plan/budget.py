"""How many samples a budget pays for. What rests on counts and predictions is frozen in a lock file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from study.hardware import Device
from study.models import Arch
from study.plan.choices import Training
from study.plan.cost import Counter
from study.plan.jobs import job_of, precision_on
from study.plan.lock import Entry, Key, Lock
from study.predict import Evidence, Measured, Work, samples_for, speed
from study.records import RunSpec

LONG_RUN = 1000  # batches, from which the search for the samples of a budget begins


def whole_batches(samples: float, batch: int) -> int:
    """The nearest number of samples in whole batches, at least one batch."""
    return max(1, int(samples / batch + 0.5)) * batch


@dataclass
class Budgets:
    """Turns FLOPs and GPU-hours into samples, once; afterwards the lock answers."""

    lock: Lock
    counter: Counter
    device: Device | None
    count: int
    measured: list[Measured]

    @cached_property
    def evidence(self) -> Evidence:
        """What was measured, ready to be looked up."""
        return Evidence.of(self.measured)

    def samples(self, kind: str, value: float, draft: RunSpec, arch: Arch, training: Training) -> int:
        """Samples of a run with a budget of ``value``; ``draft`` is the run with any number of samples."""
        if kind == "samples_seen":
            return whole_batches(value, draft.global_batch_size)
        if kind == "epochs":
            return whole_batches(value * draft.data.unique_pairs, draft.global_batch_size)
        key = self._key(kind, value, draft, arch)
        frozen = self.lock.get(key)
        if frozen is not None:
            return frozen.samples_seen
        flops_at = _FlopsAt(self.counter, draft, arch, training)
        entry = self._by_flops(value, flops_at) if kind == "train_flops" else self._by_hours(value, flops_at)
        self.lock.add(key, entry)
        return entry.samples_seen

    def _key(self, kind: str, value: float, draft: RunSpec, arch: Arch) -> Key:
        device = self.device if kind == "gpu_hours" else None
        return Key(
            arch=draft.arch.label,
            strategy=draft.strategy.label,
            image_size=draft.image_size or arch.image_size,
            text_length=draft.text_length or arch.text_length,
            global_batch_size=draft.global_batch_size,
            budget=kind,
            value=float(value),
            gpu=device.name if device else None,
            devices=self.count if device else None,
            precision=precision_on(device, draft.precision) if device else None,
        )

    def _by_flops(self, value: float, flops_at: _FlopsAt) -> Entry:
        samples = _invert(lambda a_sample: value / a_sample, flops_at)
        return Entry(samples, flops_at(samples) / samples, f"counted: {flops_at(samples):.6g} FLOPs")

    def _by_hours(self, value: float, flops_at: _FlopsAt) -> Entry:
        assert self.device is not None  # config refuses a budget in GPU-hours without hardware
        device, draft = self.device, flops_at.draft
        whole = self.counter.whole(draft, flops_at.arch)
        job = job_of(draft, flops_at.arch, whole.gmacs_per_sample, whole.params_m, device, self.count)
        samples = LONG_RUN * draft.global_batch_size
        found = speed(Work(job, samples, flops_at(samples)), device, self.evidence.speed)
        samples = _invert(lambda a_sample: samples_for(value, a_sample, job.threads, device, found), flops_at)
        evidence = f"{found.evidence} ({found.value / 1e12:.4g} TFLOP/s on {device.name})"
        return Entry(samples, flops_at(samples) / samples, evidence)


@dataclass(frozen=True)
class _FlopsAt:
    """Training FLOPs of a draft at a number of samples."""

    counter: Counter
    draft: RunSpec
    arch: Arch
    training: Training

    def __call__(self, samples: int) -> float:
        spec = self.draft.model_copy(update={"samples_seen": samples})
        return self.counter.train_flops(spec, self.arch, self.training.strategy)


def _invert(samples_at: Callable[[float], float], flops_at: _FlopsAt) -> int:
    """Samples whose cost fits the budget; phases make the cost of a sample depend a little on their number."""
    batch = flops_at.draft.global_batch_size
    samples = LONG_RUN * batch
    for _ in range(3):
        samples = whole_batches(samples_at(flops_at(samples) / samples), batch)
    return samples
