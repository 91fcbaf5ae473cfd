"""Probes: a few timed steps of a configuration on a device, ``results/probes/*.json``, as evidence. No torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from study.errors import StorageError
from study.hardware import DEVICES, Device, recognise
from study.io import read_json
from study.predict.work import Job, Measured
from study.records import Frozen


class ProbedPhase(Frozen):
    """Timed steps of one phase: milliseconds of the steady ones, over all processes that ran side by side."""

    samples: int = Field(description="pairs of the planned run in this phase, the weight of its steps")
    image_size: int
    text_length: int
    keep_patches: float
    flops_a_sample: float = Field(description="training FLOPs a pair, forward and backward")
    steps: int = Field(description="steady steps, warm-up left out")
    step_time_ms: float = Field(description="mean, waits for data included")
    step_time_ms_p10: float
    step_time_ms_p90: float
    plain_step_time_ms: float | None = Field(None, description="mean without accelerations; none where none is on")
    data_wait_ms: float = Field(description="mean; of a GPU that waited, not of the process that feeds it")


class Comparison(Frozen):
    """Steps made with one acceleration more, and without it, by turns."""

    without: tuple[str, ...] = Field(description="accelerations that were on before it")
    on: tuple[str, ...] = Field(description="with it: less those that it excludes")
    without_ms: float | None = Field(None, description="median step; none where it failed")
    on_ms: float | None = None
    ratio: float | None = Field(None, description="median of the pairs' time with it over that without")
    pairs: int = Field(0, description="of steps")
    kept: bool
    failed: str | None = Field(None, description="why it could not be timed")


class Probe(Frozen):
    """One configuration on one device."""

    arch: str
    family: str
    strategy: str
    source: str
    unique_pairs: int
    image_size: int
    text_length: int
    global_batch_size: int
    micro_batch_size: int
    precision: str
    gpus: int
    threads: int
    params_m: float
    device: str = Field(description="name of the GPU or CPU model, as the driver gives it")
    device_kind: Literal["cuda", "cpu"]
    at_once: int = Field(description="processes that ran side by side, as the study's runs will")
    data: Literal["source", "random"] = Field(description="what the steps were made on")
    start_up_seconds: float | None = Field(description="imports, data, model; none with random data")
    evaluation_seconds: dict[str, float] = Field(
        description="by data set and metrics, where the study's own were scored"
    )
    phases: tuple[ProbedPhase, ...] = Field(min_length=1)
    peak_memory_gib: float | None
    accelerations: tuple[str, ...] = Field((), description="that the steps were made with, since they were faster so")
    ready_seconds: float = Field(0.0, description="what the first steps took longer with them")
    compared: tuple[Comparison, ...] | None = Field(None, description="none where accelerations were not tried")
    taken: str = Field(description="UTC, ISO 8601")
    host: str
    versions: dict[str, str]

    def seconds_saved(self, samples: int) -> float:
        """By its accelerations in a run of so many samples on one device; negative where they do not pay."""
        saved = [
            phase.samples / self.global_batch_size * (phase.plain_step_time_ms - phase.step_time_ms) / 1e3
            for phase in self.phases
            if phase.plain_step_time_ms is not None
        ]
        return sum(saved) * samples / sum(phase.samples for phase in self.phases) - self.ready_seconds

    def measured(self, device: str) -> Measured:
        """As evidence for a device of the table."""
        steps = [phase.samples / self.global_batch_size for phase in self.phases]
        flops = sum(phase.samples * phase.flops_a_sample for phase in self.phases)
        waits = sum(count * phase.data_wait_ms for count, phase in zip(steps, self.phases, strict=True)) / 1e3
        seconds = sum(count * phase.step_time_ms for count, phase in zip(steps, self.phases, strict=True)) / 1e3
        pairs, own = sum(phase.samples for phase in self.phases), self.data == "source"
        job = Job(device, **{name: getattr(self, name) for name in _JOB})
        return Measured(
            job=job,
            speed=flops / (seconds - waits) / job.in_process,
            start_up_seconds=self.start_up_seconds,
            data_seconds=waits / pairs if own else None,
            evaluation_seconds=self.evaluation_seconds,
        )


_JOB = tuple(each.name for each in fields(Job) if each.name != "device")


def folder(results: Path) -> Path:
    """Where probes lie."""
    return results / "probes"


def probes(results: Path) -> list[Probe]:
    """All probes under a results folder; damaged ones are passed over."""
    found = [_read(path) for path in sorted(folder(results).glob("*.json"))]
    return [probe for probe in found if probe is not None]


def measured_probes(results: Path, devices: Mapping[str, Device] = DEVICES) -> list[Measured]:
    """Probes on devices of the table, as evidence."""
    known = [(probe, recognise(probe.device, probe.device_kind, devices)) for probe in probes(results)]
    return [probe.measured(device) for probe, device in known if device is not None]


def _read(path: Path) -> Probe | None:
    try:
        return Probe.model_validate(read_json(path))
    except (StorageError, ValidationError):
        return None
