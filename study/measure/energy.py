"""Energy that a run's processes draw on this machine, by whichever counter can be read here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch

from study.records import EnergySource
from study.registry import Registry


class GapError(Exception):
    """Two readings of a counter are too far apart to say what was drawn between them."""


class Meter(Protocol):
    """Reads a counter that was opened with the run's process."""

    @property
    def source(self) -> EnergySource:
        """What measures."""

    def joules(self) -> float | None:
        """Energy since it was opened; none from the first failed reading on.

        Asked every few seconds, since some counters wrap around within the hour and others give power alone.
        """


@dataclass(frozen=True)
class Load:
    """What draws the energy: a run's ``processes`` on this machine, one a device, with ``threads`` each."""

    device: torch.device
    processes: int
    threads: int


METERS: Registry[Callable[[Load], Meter | None]] = Registry(
    "energy meter",
    {
        "nvml": "study.measure.nvml:open_nvml",
        "rapl": "study.measure.rapl:open_rapl",
    },
)


def open_meter(load: Load) -> Meter | None:
    """The first meter that works for a load on this machine; none where nothing can be read."""
    opened = (METERS.load(name)(load) for name in METERS.targets)
    return next((meter for meter in opened if meter is not None), None)
