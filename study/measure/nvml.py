"""Energy of NVIDIA GPUs, by the driver's counter, or by their power over time where the GPU has no counter."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Literal

import pynvml
import torch

from study.measure.energy import GapError, Load

MOST_SECONDS = 60.0  # between two readings of power that stand for all between them


class Counter:
    """One GPU's energy since the driver was loaded, in millijoules (Volta and later)."""

    def __init__(self, handle: Any) -> None:
        self._handle = handle
        self._first = pynvml.nvmlDeviceGetTotalEnergyConsumption(handle)

    def joules(self) -> float:
        """Energy since it was opened; raises NVMLError."""
        return float(pynvml.nvmlDeviceGetTotalEnergyConsumption(self._handle) - self._first) / 1e3


class Integral:
    """One GPU's power, taken to change evenly from one reading to the next."""

    def __init__(self, handle: Any) -> None:
        self._watts: Callable[[], float] = lambda: pynvml.nvmlDeviceGetPowerUsage(handle) / 1e3
        self._last, self._at, self._total = self._watts(), time.monotonic(), 0.0

    def joules(self) -> float:
        """Energy since it was opened; raises NVMLError, and GapError where it was not asked for too long."""
        watts, now = self._watts(), time.monotonic()
        if now - self._at > MOST_SECONDS:
            raise GapError(f"{now - self._at:.0f} s between two readings of a GPU's power")
        self._total += (self._last + watts) / 2 * (now - self._at)
        self._last, self._at = watts, now
        return self._total


class Nvml:
    """Whole GPUs of this machine."""

    source: Literal["nvml"] = "nvml"

    def __init__(self, gpus: Sequence[Counter | Integral]) -> None:
        self._gpus = gpus

    def joules(self) -> float | None:
        """Energy since it was opened; none from the first failed reading on."""
        try:
            return sum([gpu.joules() for gpu in self._gpus]) if self._gpus else None
        except (pynvml.NVMLError, GapError):
            self._gpus = ()
            return None


def open_nvml(load: Load) -> Nvml | None:
    """The GPUs of a run's processes; none on a CPU, on a slice of a GPU (MIG), and without NVIDIA's driver."""
    if load.device.type != "cuda":
        return None
    first = load.device.index if load.processes == 1 and load.device.index is not None else 0
    indices = range(first, first + load.processes)
    gpus = [torch.cuda.get_device_properties(index) for index in indices]
    return None if any(" MIG " in gpu.name for gpu in gpus) else of_gpus([f"GPU-{gpu.uuid}" for gpu in gpus])


def of_gpus(uuids: Sequence[str]) -> Nvml | None:
    """A meter of these GPUs; none where the driver does not know one, or tells neither energy nor power."""
    try:
        pynvml.nvmlInit()
        return Nvml([_opened(pynvml.nvmlDeviceGetHandleByUUID(uuid)) for uuid in uuids])
    except pynvml.NVMLError:
        return None


def _opened(handle: Any) -> Counter | Integral:
    try:
        return Counter(handle)
    except pynvml.NVMLError_NotSupported:
        return Integral(handle)
