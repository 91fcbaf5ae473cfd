"""What this machine has, without loading torch."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping

from study.hardware.devices import Device, recognise
from study.hardware.quota import quota


def cpu_threads(processes: int = 1) -> int:
    """Threads that this process may run at once: as many as CPUs, hyperthreads counted, or whole ones of its quota.

    An equal share of them for each of several such processes, one at least.
    """
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cpus, int(quota() or cpus)) // processes)


def processes_here(processes: int) -> int:
    """How many of a run's processes are on this machine, as torchrun says; where it does not, all of them."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", processes))


def here(gpus: Iterable[str], devices: Mapping[str, Device]) -> Counter[str]:
    """How many of each device this machine has, threads of its CPU among them; ``gpus`` as the driver names them."""
    names = (recognise(gpu, "cuda", devices) for gpu in gpus)
    return Counter({"cpu": cpu_threads()}) + Counter(name for name in names if name is not None)
