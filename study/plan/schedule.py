"""When runs that share devices would end: each starts, in the order given, on the devices that are free first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from heapq import heapify, heappop, heappush
from typing import NamedTuple


class Job(NamedTuple):
    """A run: hours of its process, the devices that it holds, and the runs that must have ended before it."""

    key: str
    hours: float
    devices: int
    needs: tuple[str, ...] = ()


def finish(jobs: Iterable[Job], devices: int, busy: Sequence[float] = ()) -> float:
    """Hours until the last job ends on so many devices; ``busy`` are the hours after which some of them are free.

    A job that needs more devices than there are holds all of them.
    """
    free = [*busy, *[0.0] * (devices - len(busy))]
    heapify(free)
    ends: dict[str, float] = {}
    for job in jobs:
        taken = [heappop(free) for _ in range(min(job.devices, devices))]
        start = max([*taken, *(ends[needed] for needed in job.needs if needed in ends)])
        ends[job.key] = start + job.hours
        for _ in taken:
            heappush(free, ends[job.key])
    return max([*ends.values(), *busy], default=0.0)
