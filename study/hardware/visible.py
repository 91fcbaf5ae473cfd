"""GPUs that this process may use, as their driver names them, without loading torch."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

_LINE = re.compile(r"^(?:GPU (?P<index>\d+): (?P<name>.*?)| +MIG (?P<part>\S+) .*?)(?: \(UUID: (?P<uuid>.*)\))?$")


@dataclass(frozen=True)
class Gpu:
    """A GPU, or a slice of one, which has no index of its own."""

    name: str
    uuid: str
    index: str | None


def gpus() -> list[Gpu]:
    """Those of this machine that ``CUDA_VISIBLE_DEVICES`` leaves, in its order; none where no driver answers."""
    try:
        told = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return visible(listed(told.stdout), os.environ.get("CUDA_VISIBLE_DEVICES"))


def gpu_names() -> list[str]:
    """Their names."""
    return [gpu.name for gpu in gpus()]


def gpus_present() -> int:
    """How many they are."""
    return len(gpus())


def listed(text: str) -> list[Gpu]:
    """What ``nvidia-smi -L`` lists; a slice is named as torch does, after its GPU."""
    found: list[Gpu] = []
    whole = ""
    for line in filter(None, map(_LINE.match, text.splitlines())):
        whole = line["name"] or whole
        name = f"{whole} MIG {line['part']}" if line["part"] else whole
        found.append(Gpu(name, line["uuid"] or "", line["index"]))
    return found


def visible(every: Sequence[Gpu], said: str | None) -> list[Gpu]:
    """What ``CUDA_VISIBLE_DEVICES`` leaves of all GPUs: indices or starts of UUIDs, up to the first that is wrong."""
    if said is None:
        return [gpu for gpu in every if gpu.index is not None]
    found = []
    for part in map(str.strip, said.split(",")):
        one = next((gpu for gpu in every if part and (part == gpu.index or gpu.uuid.startswith(part))), None)
        if one is None:
            break
        found.append(one)
    return found
