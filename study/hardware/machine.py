"""What this machine has, without loading torch."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping

from study.hardware.devices import Device, recognise


def cores() -> int:
    """CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def here(gpus: Iterable[str], devices: Mapping[str, Device]) -> Counter[str]:
    """How many of each device this machine has, the cores of its CPU among them; ``gpus`` as the driver names them."""
    names = (recognise(gpu, "cuda", devices) for gpu in gpus)
    return Counter({"cpu": cores()}) + Counter(name for name in names if name is not None)
