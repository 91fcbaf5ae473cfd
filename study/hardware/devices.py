"""Devices that a study may run on: dense peak, memory, bandwidth and power, each row with its source."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from study.errors import UnknownNameError
from study.registry import unknown_name

_SHEET = "{} data sheet, {}; as given by {}"
_A100 = _SHEET.format("NVIDIA A100", "SXM, dense bf16 and fp32", "glennklockwood.com/garden/processors/A100")
_H100 = "archive-lib.hpctech.co.jp/gpuproduct/nvidia-h100.html"
_H200 = "itkb.uw.cz/2026/06/nvidia-h200-vs-b300-precisions-cores.html; fp32 as H100 SXM's, the same chip"
_L40S = "mullet.se/product.html?product_id=355414; fp32: hmc-tech.com/gpu/nvidia-b200-vs-nvidia-l40s"
_L4 = "secondary sources; fp32: fpsbench.com/compare/gpu/nvidia-l4-vs-nvidia-tesla-m40"
_FP32 = "hmc-tech.com/gpu/nvidia-t4-vs-nvidia-v100-sxm"
_CPU = (
    "assumption: 96 GFLOP/s a thread = 16 fp32 multiply-adds a cycle at 3 GHz (AVX2: 2 units x 8 lanes), 10 W each; "
    "CPUs differ, so predictions for a CPU rest on runs measured on it as soon as there are some"
)


@dataclass(frozen=True)
class Device:
    """One kind of device.

    ``tflops`` is the dense peak of what ``precision: auto`` takes: of the bf16 matrix units, or of fp32 where
    there is no bf16 (V100, T4, and a CPU, there for one thread). ``tflops_fp32`` is that of fp32 beside bf16, without
    TF32, which ``study train`` leaves to convolutions as PyTorch does. ``memory_gib`` and ``bandwidth_gb_s`` are 0 for
    a CPU, since machines differ; ``watts`` is for a whole GPU, or for one thread of a CPU.
    """

    name: str
    tflops: float
    memory_gib: float
    bandwidth_gb_s: float
    watts: float
    driver_name: str  # regular expression over the name that the driver gives
    source: str
    dollars_per_hour: float | None = None  # the user's own, of a whole GPU or of one thread of a CPU; never built in
    peak_is_assumed: bool = False  # no data sheet says it: no share of it is reported
    has_bf16: bool = True  # what ``precision: auto`` takes where it is there
    tflops_fp32: float | None = None

    @property
    def is_cpu(self) -> bool:
        """Whether this is a processor without a GPU."""
        return self.name == "cpu"

    def peak(self, precision: str) -> float | None:
        """Dense TFLOP/s in ``fp32``, or in bf16; none where the row does not say it."""
        if precision != "fp32":
            return self.tflops
        return self.tflops_fp32 or (None if self.has_bf16 else self.tflops)


DEVICES: dict[str, Device] = {
    device.name: device
    for device in (
        Device("a100-40", 312, 40, 1555, 400, r"A100.*\b40(GB)?\b", _A100, tflops_fp32=19.5),
        Device("a100-80", 312, 80, 2039, 400, r"A100.*\b80(GB)?\b", _A100, tflops_fp32=19.5),
        Device("h100", 989, 80, 3350, 700, r"\bH100(?!.*(PCIe|NVL))",
               _SHEET.format("NVIDIA H100", "SXM, half of its sparse bf16, fp32", _H100), tflops_fp32=67),
        Device("h100-pcie", 756, 80, 2000, 350, r"\bH100.*PCIe",
               _SHEET.format("NVIDIA H100", "PCIe, half of its sparse bf16, fp32", _H100), tflops_fp32=51),
        Device("h200", 989, 141, 4800, 700, r"\bH200(?!.*NVL)",
               _SHEET.format("NVIDIA H200", "SXM, dense bf16", _H200), tflops_fp32=67),
        Device("l40s", 362, 48, 864, 350, r"\bL40S",
               _SHEET.format("NVIDIA L40S", "dense bf16", _L40S), tflops_fp32=91.6),
        Device("rtx4090", 165, 24, 1008, 450, r"RTX 4090(?! Laptop| D)",
               "NVIDIA Ada whitepaper, dense bf16 summed in fp32, and fp32; as given by waredb.com", tflops_fp32=82.6),
        Device("v100", 15.7, 32, 900, 300, r"V100",
               _SHEET.format("NVIDIA V100", "SXM2, fp32, since it has no bf16 (fp16: 125)", _FP32), has_bf16=False),
        Device("l4", 121, 24, 300, 72, r"\bL4\b",
               _SHEET.format("NVIDIA L4", "half of its sparse bf16", _L4), tflops_fp32=30.3),
        Device("t4", 8.1, 16, 300, 70, r"\bT4\b",
               _SHEET.format("NVIDIA T4", "fp32, since it has no bf16 (fp16: 65)", _FP32), has_bf16=False),
        Device("mi300x", 1307, 192, 5300, 750, r"MI300X",
               _SHEET.format("AMD MI300X", "OAM, dense bf16, fp32 of its vector units", "secondary sources"),
               tflops_fp32=163.4),
        Device("cpu", 0.096, 0, 0, 10, r"$^", _CPU, peak_is_assumed=True, has_bf16=False),
    )
}  # fmt: skip


def plain(name: str) -> str:
    """A device's name as the table writes it: ``NVIDIA H100`` is ``h100``."""
    return name.lower().replace("_", "-").replace(" ", "").removeprefix("nvidia").removeprefix("-")


def find(name: str, devices: Mapping[str, Device] = DEVICES) -> Device:
    """The device of a name, upper or lower case; raises UnknownNameError with the nearest names."""
    wanted = plain(name)
    kinds = [known for known in devices if known.startswith(f"{wanted}-")]
    if wanted not in devices and len(kinds) > 1:
        raise UnknownNameError(f"device {name!r} comes in several kinds; take {' or '.join(kinds)}")
    if wanted not in devices:
        raise unknown_name("device", name, list(devices))
    return devices[wanted]


def recognise(driver_name: str, kind: str, devices: Mapping[str, Device] = DEVICES) -> str | None:
    """The name here of a device as its driver names it; none for a GPU that is not in the table.

    A slice of a GPU ("A100-SXM4-40GB MIG 1g.5gb") is only a row that names MIG.
    """
    if kind == "cpu":
        return "cpu"
    sliced = " MIG " in driver_name
    matching = (d.name for d in devices.values() if re.search(d.driver_name, driver_name))
    return next((name for name in matching if not sliced or "MIG" in devices[name].driver_name), None)
