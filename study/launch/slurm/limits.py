"""Time limits that are longer than a partition's: clipped, and the rest is done by starting the job again."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from study.launch.backend import Say
from study.launch.options import Options
from study.launch.request import Request
from study.launch.slurm.ask import ask
from study.launch.slurm.refused import not_now

# days-hours:minutes:seconds as sinfo writes it: minutes and seconds are always there
_LIMIT = re.compile(r"^(?:(?P<days>\d+)-)?(?:(?P<hours>\d+):)?(?P<minutes>\d+):(?P<seconds>\d+)$")


class Limits:
    """Knows the partitions' longest jobs, once the controller has said them."""

    def __init__(self, options: Options, say: Say) -> None:
        self._options, self._say = options, say
        self._partitions: Mapping[str, int] | None = None
        self._told: set[tuple[str | None, int]] = set()

    def clip(self, requests: Sequence[Request]) -> list[Request]:
        """The requests, each with a ``runtime`` that may be; says once a partition that jobs go on after its limit.

        Raises TryLaterError while the controller does not answer.
        """
        return [self._clipped(request) for request in requests]

    def _clipped(self, request: Request) -> Request:
        asked = request.resources
        most = None if asked.runtime is None else self._most(asked.slurm_partition)
        if asked.runtime is None or most is None or asked.runtime <= most:
            return request
        if (asked.slurm_partition, most) not in self._told:
            self._told.add((asked.slurm_partition, most))
            where = f"partition {asked.slurm_partition}" if asked.slurm_partition else "the default partition"
            self._say(
                f"jobs of more than {most} minutes, the most in {where}, save at that limit and go on in a new attempt:"
                f" {request.name} asks for {asked.runtime}"
            )
        return request.model_copy(update={"resources": asked.model_copy(update={"runtime": most})})

    def _most(self, partitions: str | None) -> int | None:
        """Minutes of the longest job that every one of some partitions takes; none without a limit."""
        if self._partitions is None:
            self._partitions = _partitions()
        names = [name.strip() for name in (partitions or "").split(",")]
        known = [self._partitions[name] for name in names if name in self._partitions]
        return min([*known, *filter(None, [self._options.longest_minutes])], default=None)


def _partitions() -> dict[str, int]:
    """Minutes of the longest job by partition, of those that have a limit; the default one is also named ''."""
    answer = ask(["sinfo", "--all", "--noheader", "--format=%P|%l"])
    if answer.code != 0:
        raise not_now(answer)
    found: dict[str, int] = {}
    for line in answer.output.splitlines():
        name, _, limit = line.strip().rpartition("|")
        minutes = _minutes(limit)
        if minutes is not None:
            found |= {name.rstrip("*"): minutes} | ({"": minutes} if name.endswith("*") else {})
    return found


def _minutes(limit: str) -> int | None:
    """None for ``infinite``, and for ``n/a``; a minute at least, as Slurm has it."""
    part = _LIMIT.match(limit)
    if part is None:
        return None
    days, hours, minutes = (int(part[name] or 0) for name in ("days", "hours", "minutes"))
    return max(1, (days * 24 + hours) * 60 + minutes)
