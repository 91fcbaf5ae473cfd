"""CPU time that control groups leave: containers and schedulers set quotas that a process's affinity does not show."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path


def quota(told: Path = Path("/proc/self/cgroup"), root: Path = Path("/sys/fs/cgroup")) -> float | None:
    """CPUs' worth of time by the tightest quota on this process's group and those around it; none without one."""
    shares = map(_share, _groups(told, root))
    return min((share for share in shares if share is not None), default=None)


def _groups(told: Path, root: Path) -> Iterator[Path]:
    """Folders of the groups, version 2's and those of version 1's ``cpu`` controller."""
    try:
        lines = told.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        top = root / "cpu" if controllers else root
        group = top / path.lstrip("/")
        yield from (folder for folder in (group, *group.parents) if folder.is_relative_to(top))


def _share(group: Path) -> float | None:
    """A group's own quota in CPUs: ``cpu.max`` is "QUOTA PERIOD" or "max ..."; version 1 has two files, -1 for none."""
    try:
        if (group / "cpu.max").exists():
            given, period = (group / "cpu.max").read_text().split()
        else:
            given, period = ((group / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
        return int(given) / int(period) if int(given) > 0 else None
    except (OSError, ValueError):
        return None
