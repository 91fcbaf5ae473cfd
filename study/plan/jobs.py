"""Planned runs as the predictions know them. No torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from study.hardware import Device
from study.metrics import DEFAULT_METRICS
from study.plan.resources import threads_for
from study.predict import EvaluationSet, Job, Work
from study.records import RunSpec

if TYPE_CHECKING:
    from study.models import Arch


def precision_on(device: Device, wanted: str) -> str:
    """What ``auto`` will be on a device: bf16 where it computes in it, else fp32."""
    if wanted != "auto":
        return wanted
    return "bf16" if device.has_bf16 else "fp32"


def work_of(row: Mapping[str, Any], evaluation: tuple[EvaluationSet, ...]) -> Work:
    """The work of a row of the plan's table."""
    return Work(Job.of_row(row), row["samples_seen"], row["train_flops"], evaluation)


def job_of(draft: RunSpec, arch: Arch, gmacs: float, params_m: float, device: Device, count: int) -> Job:
    """The job of a run that has no row yet, since its budget is still to be turned into samples."""
    return Job(
        device=device.name,
        arch=draft.arch.label,
        family=arch.family,
        strategy=draft.strategy.label,
        source=draft.data.source.name,
        unique_pairs=draft.data.unique_pairs,
        image_size=draft.image_size or arch.image_size,
        text_length=draft.text_length or arch.text_length,
        global_batch_size=draft.global_batch_size,
        micro_batch_size=draft.micro_batch_size or draft.global_batch_size // count,
        precision=precision_on(device, draft.precision),
        gpus=0 if device.is_cpu else count,
        threads=threads_for(gmacs, device),
        params_m=params_m,
    )


def sets_of(evaluation: Mapping[str, Any]) -> tuple[EvaluationSet, ...]:
    """The data sets of ``evaluation.json``; one with a folder is clip-benchmark's."""
    return tuple(
        EvaluationSet(item["name"], item["root"] is None, tuple(item["metrics"]) or DEFAULT_METRICS, item["trains"])
        for item in evaluation["sets"]
    )
