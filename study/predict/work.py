"""What a run's time depends on: planned work, and work that was measured."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple


@dataclass(frozen=True)
class Job:
    """What trains on what: all that the time of a run is looked up by.

    ``device`` is a name of the table of devices, ``strategy`` a label with options; ``gpus`` is 0 on a CPU, where
    ``threads`` train. ``image_size`` in pixels and ``text_length`` in tokens are those of the last phase.
    """

    device: str
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

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> Job:
        """From a row of a plan's table, or one with the same columns; others are passed over."""
        columns = {"device": "gpu", "strategy": "strategy_label"}
        return cls(**{each.name: row[columns.get(each.name, each.name)] for each in fields(cls)})

    @property
    def configuration(self) -> Hashable:
        """What the time of a step depends on; beside a GPU the number of threads is no part of it."""
        sizes = (self.image_size, self.text_length, self.global_batch_size, self.micro_batch_size)
        return (self.arch, self.strategy, sizes, self.precision, self.gpus, self.gpus or self.threads)

    @property
    def held(self) -> int:
        """Device-seconds a second of the run's process: its GPUs, or 1 on a CPU."""
        return max(self.gpus, 1)

    @property
    def in_process(self) -> int:
        """What shares the arithmetic of one process: its GPU, or threads of a CPU."""
        return 1 if self.gpus else self.threads

    @property
    def workers(self) -> int:
        """What shares the arithmetic: GPUs, or threads of a CPU."""
        return self.gpus or self.threads


class EvaluationSet(NamedTuple):
    """A data set that a run is scored on, and by what; ``own`` ones belong to a data source of this program.

    ``trains`` says that a metric needs the set's training split, too.
    """

    name: str
    own: bool
    metrics: tuple[str, ...]
    trains: bool = False

    @property
    def key(self) -> str:
        """What the seconds of its scoring are kept by."""
        return scored_by(self.name, self.metrics)


def scored_by(name: str, metrics: Iterable[str]) -> str:
    """A data set and the metrics that it is scored by, in whatever order."""
    return f"{name} by {', '.join(sorted(metrics))}"


@dataclass(frozen=True)
class Work:
    """A planned run: what it trains and on what it is scored."""

    job: Job
    samples_seen: int
    train_flops: float
    evaluation: tuple[EvaluationSet, ...] = ()


@dataclass(frozen=True)
class Measured:
    """What a run took, or a probe of a few steps, which has no ``run_id``.

    ``speed`` is in model FLOPs a second on one GPU or one CPU thread over all steps, waits for data left out. Seconds
    are of the run's process; ``data_seconds`` are for a pair of one device's share, ``checkpoint_seconds`` for one
    checkpoint, ``evaluation_seconds`` for each ``key`` of a data set and its metrics.
    """

    job: Job
    speed: float
    run_id: str | None = None
    start_up_seconds: float | None = None
    data_seconds: float | None = None
    checkpoint_seconds: float | None = None
    evaluation_seconds: Mapping[str, float] = field(default_factory=dict)


class Range(NamedTuple):
    """A value, and what it likely lies between."""

    value: float
    low: float
    high: float

    def times(self, factor: float) -> Range:
        """All three multiplied by a positive number."""
        return Range(self.value * factor, self.low * factor, self.high * factor)

    def plus(self, other: Range) -> Range:
        """Sums; low with low, as if both erred alike."""
        return Range(self.value + other.value, self.low + other.low, self.high + other.high)


def within(value: float, factor: float) -> Range:
    """A value that is right within a factor."""
    return Range(value, value / factor, value * factor)
