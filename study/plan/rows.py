"""Rows of the plan's table: what a run is and computes. ``study.plan.predictions`` adds what it will take."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from study.hardware import Device
from study.plan.fit import Fit
from study.plan.jobs import precision_on
from study.plan.resources import gathered_mb, host_memory_mb, threads_for
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
    image_size: int
    text_length: int
    lr: float | None
    size_share: float
    image_gmacs: float
    text_gmacs: float
    fit: Fit
    params_m: float
    train_flops: float


@dataclass(frozen=True)
class Taken:
    """What a run takes: so many processes, one a device, shared equally by nodes."""

    device: Device
    count: int
    nodes: int


def planned(spec: RunSpec, facts: Facts, taken: Taken) -> Row:
    """The row of a run up to its predictions, its time and resources that rest on it."""
    device, count = taken.device, taken.count
    own_mb = host_memory_mb(device, facts.fit.gib, facts.params_m)
    gmacs = facts.image_gmacs + facts.text_gmacs
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
        "micro_batch_size": facts.fit.micro,
        "grad_accum_steps": spec.global_batch_size // (facts.fit.micro * count),
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
        "nodes": taken.nodes,
        "sharded": facts.fit.sharded,
        "threads": threads_for(gmacs, device),
        "mem_mb": count // taken.nodes * own_mb + gathered_mb(facts.params_m, facts.fit.sharded),
        "predicted_memory_gib": facts.fit.gib,
    }
