"""Whether a plan on disk is still that of its grid, found out without opening any plug-in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import study
from study.plan import lock


class Stamp(NamedTuple):
    """What a plan was made from: the grid and its lock, this program, the data's files, devices and prices."""

    grid: str
    lock: str
    program: str
    files: dict[str, str]
    gpu: str | None
    hardware: str


def stamp_of(grid: Path, files: Iterable[Path], gpu: str | None, hardware: Path | None) -> Stamp:
    """The stamp of everything as it is now; ``hardware`` is the user's file of devices and prices."""
    states = {str(path): _state(path) for path in files}
    return Stamp(
        _digest(grid), _digest(lock.path_of(grid)), _program(), states, gpu, _digest(hardware) if hardware else ""
    )


def with_files(stamp: Stamp, files: Iterable[Path]) -> Stamp:
    """The stamp with the state of the data's files, known only once the sources are opened."""
    return stamp._replace(files={str(path): _state(path) for path in files})


def with_lock(stamp: Stamp, grid: Path) -> Stamp:
    """The stamp with the lock as it is now that it was written."""
    return stamp._replace(lock=_digest(lock.path_of(grid)))


def is_current(facts: dict[str, Any], grid: Path, gpu: str | None, hardware: Path | None) -> bool:
    """Whether nothing has changed since the plan with these facts was made."""
    made = facts.get("stamp")
    if not isinstance(made, dict) or set(made) != set(Stamp._fields):
        return False
    return made == stamp_of(grid, map(Path, made["files"]), gpu, hardware)._asdict()


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16] if path.is_file() else ""


def _state(path: Path) -> str:
    """Size and time of change of a file, or of a folder's entries."""
    if not path.exists():
        return "missing"
    stat = path.stat()
    return f"{stat.st_size} {stat.st_mtime_ns}"


@cache
def _program() -> str:
    """The program's version and the state of its files, so that an edited plug-in is seen."""
    root = Path(study.__file__).parent
    files = sorted(path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    states = "\n".join(f"{path.relative_to(root)} {_state(path)}" for path in files)
    return f"{version('clip-scaling-study')} {hashlib.sha256(states.encode()).hexdigest()[:16]}"
