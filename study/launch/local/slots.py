"""What a machine has for jobs, and what of it is free."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from study.hardware import cpu_threads, gpus
from study.launch.options import Options
from study.launch.request import Resources

# Of a container: version 2 of control groups, and version 1.
LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


@dataclass(frozen=True)
class Slots:
    """CPUs, GPUs as CUDA names them, and MB of memory."""

    cpus: int
    gpus: tuple[str, ...]
    mem_mb: int

    def share(self, asked: Resources) -> Slots:
        """What a job takes of a whole machine: one that asks for more CPUs or memory than there are has it alone."""
        cpus = (asked.cpus or 1) * (asked.tasks or 1)
        return Slots(min(cpus, self.cpus), self.gpus[: asked.all_gpus], min(asked.mem_mb or 0, self.mem_mb))

    def lacks(self, need: Slots) -> set[str]:
        """What there is not enough of."""
        short = {
            "cpus": need.cpus > self.cpus,
            "gpus": len(need.gpus) > len(self.gpus),
            "mem": need.mem_mb > self.mem_mb,
        }
        return {name for name, is_short in short.items() if is_short}

    def without(self, need: Slots) -> tuple[Slots, Slots]:
        """What is left, and what is given: as many GPUs as needed, whichever are free."""
        given = replace(need, gpus=self.gpus[: len(need.gpus)])
        return Slots(self.cpus - need.cpus, self.gpus[len(need.gpus) :], self.mem_mb - need.mem_mb), given

    def minus(self, others: Sequence[Slots]) -> Slots:
        """What others leave."""
        held = {gpu for other in others for gpu in other.gpus}
        return Slots(
            self.cpus - sum(other.cpus for other in others),
            tuple(gpu for gpu in self.gpus if gpu not in held),
            self.mem_mb - sum(other.mem_mb for other in others),
        )


def here(options: Options) -> Slots:
    """This machine, or what the options leave of it."""
    own = tuple(gpu.index or gpu.uuid for gpu in gpus()) if options.gpus is None else options.gpus
    return Slots(options.cpus or cpu_threads(), own, options.mem_mb or memory_mb())


def memory_mb() -> int:
    """Main memory, or what a container's control group leaves of it."""
    most = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for limit in LIMITS:
        with suppress(OSError, ValueError):  # "max" where there is none
            most = min(most, int(limit.read_text()))
    return most // 2**20


def chosen(waiting: Sequence[Resources], whole: Slots, free: Slots) -> list[int]:
    """Which of the waiting start now, the first first: none overtakes another for what both need and is short."""
    starting, short = [], set[str]()
    for place, asked in enumerate(waiting):
        need = whole.share(asked)
        uses = {"cpus"} | ({"gpus"} if need.gpus else set()) | ({"mem"} if need.mem_mb else set())
        if uses & short:
            continue
        if lacking := free.lacks(need):
            short |= lacking
            continue
        free, _ = free.without(need)
        starting.append(place)
    return starting
