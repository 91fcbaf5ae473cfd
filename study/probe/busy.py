"""Whether others are using what is to be probed: their share would be taken for the device's own slowness."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from study.hardware import Gpu

SECONDS = 1.0  # looked at
MOST = 0.15  # of what the machine has, that may be in use


def busy(gpus: Sequence[Gpu]) -> str | None:
    """Who else is at work on these GPUs, or on the CPU where there are none, in words.

    None where nobody is, or where it cannot be told.
    """
    return _gpus({gpu.uuid for gpu in gpus}) if gpus else _cores()


def _cores() -> str | None:
    before = _ticks()
    time.sleep(SECONDS)
    after = _ticks()
    if not before or not after:
        return None
    total = sum(after[core][1] - before[core][1] for core in before)
    used = sum(after[core][0] - before[core][0] for core in before) / total if total else 0.0
    count = len(before)
    return f"others use {used * count:.1f} of the {count} cores" if used > MOST else None


def _ticks() -> dict[str, tuple[int, int]]:
    """Core -> clock ticks at work and in all, of the cores that this process may use; empty where there is no /proc."""
    try:
        lines = Path("/proc/stat").read_text().splitlines()
    except OSError:
        return {}
    mine = {f"cpu{core}" for core in os.sched_getaffinity(0)}
    rows = [line.split() for line in lines if line.startswith("cpu")]
    counts = {row[0]: [int(value) for value in row[1:9]] for row in rows if row[0] in mine}
    return {core: (sum(ticks) - ticks[3] - ticks[4], sum(ticks)) for core, ticks in counts.items()}  # idle, iowait


def _gpus(mine: Collection[str]) -> str | None:
    asked = ["nvidia-smi", "--query-gpu=uuid,utilization.gpu", "--format=csv,noheader,nounits"]
    try:
        told = subprocess.run(asked, capture_output=True, text=True, timeout=30, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    most = max((load for uuid, load in loads(told) if uuid in mine), default=0)
    return f"a GPU is at {most} %" if most > 100 * MOST else None


def loads(told: str) -> Iterator[tuple[str, int]]:
    """UUID and percent of each GPU that says how much it is used; slices do not."""
    for line in told.splitlines():
        uuid, _, load = line.partition(",")
        if load.strip().isdigit():
            yield uuid.strip(), int(load)
