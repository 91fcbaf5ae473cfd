"""What is asked, checked: every contradiction is told before anything is read."""

from __future__ import annotations

import math
from dataclasses import dataclass

from study.errors import StudyError
from study.hardware import Device
from study.lookup.answer import Budget

GPUS = 8  # of a run, where nobody says: one machine


@dataclass(frozen=True)
class Question:
    """A budget, a score to reach, or both; and what is looked at.

    ``pairs`` is the pool at hand before any filter; ``quality`` a share of it or a filter's name; ``strategy`` a name
    with or without options. Raises StudyError for what contradicts itself or lies outside its range.
    """

    budget: Budget | None = None
    target: float | None = None
    device: Device | None = None
    gpus: int | None = None
    pairs: float | None = None
    quality: float | str | None = None
    strategy: str | None = None
    arch: str | None = None
    family: str | None = None
    top: int = 10

    def __post_init__(self) -> None:
        for wrong, message in self._wrong():
            if wrong:
                raise StudyError(message)

    def _wrong(self) -> list[tuple[bool, str]]:
        share = self.quality if isinstance(self.quality, float) else 1.0
        pairs = 1.0 if self.pairs is None else self.pairs
        target = 0.5 if self.target is None else self.target
        cpu = self.device is not None and self.device.is_cpu
        return [
            (
                self.budget is None and self.target is None,
                "say a budget (--gpu-hours, --budget in FLOPs or --samples), a --target score, or both",
            ),
            (self.gpus is not None and self.device is None, f"{self.gpus} GPUs of which kind? say --gpu too"),
            (self.gpus is not None and cpu, f"a CPU has no GPUs: leave out --gpus {self.gpus} or --gpu cpu"),
            (self.gpus is not None and self.gpus < 1, f"--gpus {self.gpus}: must be at least 1"),
            (not 0 < share <= 1, f"--quality {share:g}: a share of the pool is above 0 and at most 1"),
            (not 1 <= pairs < math.inf, f"--pairs {pairs:g}: must be at least 1"),
            (not 0 < target < 1, f"--target {target:g}: a score is between 0 and 1, such as 0.6 for 60 %"),
            (self.top < 1, f"--top {self.top}: must be at least 1"),
        ]

    @property
    def in_hours(self) -> bool:
        """Whether what something costs is asked in hours: on a device, or within a budget of them."""
        return self.device is not None or (self.budget is not None and self.budget.kind == "gpu_hours")

    @property
    def world(self) -> int:
        """GPUs that a run is on; 0 on a CPU or where no device is named."""
        return 0 if self.device is None or self.device.is_cpu else self.gpus or GPUS
