"""What this machine has, without loading torch."""

from __future__ import annotations

import os
import re
import subprocess
from collections import Counter
from collections.abc import Iterable, Mapping

from study.hardware.devices import Device, recognise


def cores() -> int:
    """CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def gpu_names() -> list[str]:
    """The GPUs of this machine as the driver names them; none where no driver answers."""
    try:
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return re.findall(r"^GPU \d+: (.*?)(?: \(UUID: .*\))?$", listed.stdout, re.MULTILINE)


def here(gpus: Iterable[str], devices: Mapping[str, Device]) -> Counter[str]:
    """How many of each device this machine has, the cores of its CPU among them; ``gpus`` as the driver names them."""
    names = (recognise(gpu, "cuda", devices) for gpu in gpus)
    return Counter({"cpu": cores()}) + Counter(name for name in names if name is not None)


def gpus_present() -> int:
    """GPUs that this process may use; 0 where no driver answers."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return len([part for part in visible.split(",") if part.strip() and part.strip() != "-1"])
    return len(gpu_names())
