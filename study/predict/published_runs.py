"""Published runs as evidence of speed: what each computed, on how many GPUs, in how many GPU-hours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from typing import Any

from study import published
from study.hardware import DEVICES

REFERENCE = "a100-40"  # every published run with GPU-hours states an A100, or is assumed to be on one
REFERENCE_PRECISION = "bf16"  # all of them autocast, to it or to fp16, whose peak is the same there
FLOPS_A_GMAC = 6e9  # training: a multiply-add is 2 operations, forward and backward 3 times the forward pass
# CLIPA-v2 was trained in JAX on TPUs; its authors state A100-hours (arXiv:2306.15658). All others are open_clip's.
IN_JAX = frozenset({"clipa2023"})
SAME = 0.02  # in log MFU: closer rows of one architecture on as many GPUs are taken for one measurement


@dataclass(frozen=True)
class PublishedRun:
    """A run whose cost was published; ``gpus`` is none where it was not stated.

    ``mfu`` is model FLOPs a second over the A100's dense bf16 peak; ``from_throughput`` tells hours that were derived
    from a stated throughput.
    """

    run_id: str
    source: str
    arch: str
    gpu_hours: float
    train_flops: float
    gmacs_per_sample: float
    gpus: int | None
    from_throughput: bool

    @property
    def mfu(self) -> float:
        """0 to 1."""
        return self.train_flops / (self.gpu_hours * 3600 * DEVICES[REFERENCE].tflops * 1e12)

    @property
    def in_jax(self) -> bool:
        """Whether it was trained in JAX rather than by open_clip."""
        return self.source in IN_JAX


def published_runs() -> list[PublishedRun]:
    """Every published run with GPU-hours, in the order of the table."""
    phases: dict[str, list[dict[str, Any]]] = {}
    for row in published.phases().iter_rows(named=True):
        phases.setdefault(row["run_id"], []).append(row)
    rows = published.runs().iter_rows(named=True)
    return [_run(row, phases.get(row["run_id"], [row])) for row in rows if row["gpu_hours"] is not None]


def _run(row: dict[str, Any], phases: Sequence[dict[str, Any]]) -> PublishedRun:
    samples = sum(phase["samples_seen"] for phase in phases)
    flops = sum(FLOPS_A_GMAC * phase["gmacs_per_sample"] * phase["samples_seen"] for phase in phases)
    return PublishedRun(
        run_id=row["run_id"],
        source=row["source"],
        arch=row["arch"],
        gpu_hours=row["gpu_hours"],
        train_flops=flops,
        gmacs_per_sample=flops / samples / FLOPS_A_GMAC,
        gpus=row["n_gpus"],
        from_throughput=row["samples_per_second"] is not None,
    )


def groups(runs: Sequence[PublishedRun]) -> list[int]:
    """A number for each run; those that are likely one measurement stated twice share it."""
    labels = list(range(len(runs)))
    for i, run in enumerate(runs):
        for j in range(i):
            if _same(run, runs[j]) and labels[i] != labels[j]:
                old, new = labels[i], labels[j]
                labels = [new if label == old else label for label in labels]
    return labels


def _same(one: PublishedRun, other: PublishedRun) -> bool:
    alike = (one.arch, one.gpus) == (other.arch, other.gpus)
    return alike and abs(log(one.mfu / other.mfu)) < SAME
