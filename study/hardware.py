"""Devices that a study may run on: dense peak, memory, bandwidth and power, each row with its source."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass

from study.errors import UnknownNameError
from study.registry import unknown_name

_SHEET = "vendor's data sheet, dense figure, as repeated by secondary sources; SXM/OAM form unless named"
_CPU = (
    "assumption: 96 GFLOP/s a core = 16 fp32 multiply-adds a cycle at 3 GHz (AVX2: 2 units x 8 lanes), 10 W a core; "
    "cores differ, so predictions for a CPU rest on runs measured on it as soon as there are some"
)


@dataclass(frozen=True)
class Device:
    """One kind of device.

    ``tflops`` is the dense peak of the precision that training takes: of the bf16 matrix units, or of fp32 where
    there is no bf16 (V100, T4, and a CPU, there for one core). ``memory_gib`` and ``bandwidth_gb_s`` are 0 for a
    CPU, since machines differ; ``watts`` is for a whole GPU, or for one core of a CPU.
    """

    name: str
    tflops: float
    memory_gib: float
    bandwidth_gb_s: float
    watts: float
    driver_name: str  # regular expression over the name that the driver gives
    source: str
    dollars_per_hour: float | None = None  # the user's own, of a whole GPU or of one core of a CPU; never built in

    @property
    def is_cpu(self) -> bool:
        """Whether this is a processor without a GPU."""
        return self.name == "cpu"


DEVICES: dict[str, Device] = {
    device.name: device
    for device in (
        Device("a100-40", 312, 40, 1555, 400, r"A100.*40GB", _SHEET),
        Device("a100-80", 312, 80, 2039, 400, r"A100.*80GB", _SHEET),
        Device("h100", 989, 80, 3350, 700, r"H100(?!.*PCIe)", _SHEET),
        Device("h100-pcie", 756, 80, 2000, 350, r"H100.*PCIe", _SHEET),
        Device("h200", 989, 141, 4800, 700, r"H200", _SHEET),
        Device("l40s", 362, 48, 864, 350, r"L40S", _SHEET),
        Device("rtx4090", 165, 24, 1008, 450, r"RTX 4090", _SHEET),
        Device("v100", 15.7, 32, 900, 300, r"V100", f"{_SHEET}; fp32, since it has no bf16 (fp16: 125)"),
        Device("l4", 121, 24, 300, 72, r"L4(?!0)", _SHEET),
        Device("t4", 8.1, 16, 300, 70, r"T4", f"{_SHEET}; fp32, since it has no bf16 (fp16: 65)"),
        Device("mi300x", 1307, 192, 5300, 750, r"MI300X", _SHEET),
        Device("cpu", 0.096, 0, 0, 10, r"$^", _CPU),
    )
}


def find(name: str) -> Device:
    """The device of a name, upper or lower case; raises UnknownNameError with the nearest names."""
    plain = name.lower().replace("_", "-").replace(" ", "").removeprefix("nvidia").removeprefix("-")
    kinds = [known for known in DEVICES if known.startswith(f"{plain}-")]
    if plain not in DEVICES and len(kinds) > 1:
        raise UnknownNameError(f"device {name!r} comes in several kinds; take {' or '.join(kinds)}")
    if plain not in DEVICES:
        raise unknown_name("device", name, list(DEVICES))
    return DEVICES[plain]


def recognise(driver_name: str, kind: str) -> str | None:
    """The name here of a device as its driver names it; none for a GPU that is not in the table."""
    if kind == "cpu":
        return "cpu"
    matching = (device.name for device in DEVICES.values() if re.search(device.driver_name, driver_name))
    return next(matching, None)


def cores() -> int:
    """CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def gpus_present() -> int:
    """GPUs that this process may use, without loading torch; 0 where no driver answers."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return len([part for part in visible.split(",") if part.strip() and part.strip() != "-1"])
    try:
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    return sum(line.startswith("GPU ") for line in listed.stdout.splitlines())
