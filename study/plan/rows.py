"""Rows of the plan's table: what a run is and computes. ``study.plan.predictions`` adds what it will take."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from study.hardware import Device
from study.plan.cost import Held
from study.plan.jobs import precision_on
from study.plan.resources import host_memory_mb, threads_for
from study.predict import memory_gib
from study.records import RunSpec, run_id

Row = dict[str, Any]


@dataclass(frozen=True)
class Facts:
    """What is known of a run beside its spec, from its grid, its architecture and the counter."""

    run_id: str | None
    study: str
    sub_grids: tuple[str, ...]
    purpose: str
    family: str
    has_batch_norm: bool
    image_size: int
    text_length: int
    lr: float | None
    size_share: float
    image_gmacs: float
    text_gmacs: float
    held: Held
    image_width: int | None
    text_width: int
    params_m: float
    train_flops: float


def planned(spec: RunSpec, facts: Facts, device: Device, count: int) -> Row:
    """The row of a run up to its predictions, its time and resources that rest on it."""
    gmacs = facts.image_gmacs + facts.text_gmacs
    micro, memory = _micro_batch(spec, facts, device, count)
    return {
        "run_id": facts.run_id,
        "setting": run_id(spec.model_copy(update={"seed": 0})),
        "study": facts.study,
        "sub_grid": ", ".join(facts.sub_grids),
        "arch": spec.arch.label,
        "family": facts.family,
        "strategy": spec.strategy.name,
        "strategy_label": spec.strategy.label,
        "purpose": facts.purpose,
        "tuned": spec.tuning.label if spec.tuning else None,
        "needs": json.dumps(spec.tuning.runs) if spec.tuning else None,
        "source": spec.data.source.name,
        "quality_share": spec.data.quality,
        "size_share": facts.size_share,
        "unique_pairs": spec.data.unique_pairs,
        "samples_seen": spec.samples_seen,
        "global_batch_size": spec.global_batch_size,
        "micro_batch_size": micro,
        "grad_accum_steps": spec.global_batch_size // (micro * count),
        "lr": facts.lr,
        "seed": spec.seed,
        "image_size": facts.image_size,
        "text_length": facts.text_length,
        "gmacs_per_sample": gmacs,
        "params_m": facts.params_m,
        "train_flops": facts.train_flops,
        "precision": precision_on(device, spec.precision),
        "gpu": device.name,
        "gpus": 0 if device.is_cpu else count,
        "threads": threads_for(gmacs, device),
        "mem_mb": host_memory_mb(device, memory, facts.params_m),
        "predicted_memory_gib": memory,
    }


def _micro_batch(spec: RunSpec, facts: Facts, device: Device, count: int) -> tuple[int, float]:
    """The largest micro-batch that the rough estimate lets fit, and the memory that it takes in GiB.

    Batch norm fixes it, since its statistics depend on it; a CPU takes the whole batch.
    """
    share = spec.global_batch_size // count
    if spec.micro_batch_size is not None:
        return spec.micro_batch_size, _memory(spec, facts, device, spec.micro_batch_size)
    tried = [share // parts for parts in (2**n for n in range(20)) if share % parts == 0]
    fitting = [micro for micro in tried if _memory(spec, facts, device, micro) <= 0.9 * device.memory_gib]
    fixed = facts.has_batch_norm or device.is_cpu
    micro = share if fixed else (fitting or tried[-1:])[0]
    return micro, _memory(spec, facts, device, micro)


def _memory(spec: RunSpec, facts: Facts, device: Device, micro: int) -> float:
    half = not device.is_cpu and spec.precision != "fp32"
    return memory_gib(
        facts.params_m + facts.held.extra_params_m,
        micro,
        spec.global_batch_size,
        image=(facts.held.image_gmacs, facts.image_width),
        text=(facts.held.text_gmacs, facts.text_width),
        bytes_a_value=2 if half else 4,
    )
