"""Whether files have changed, told without reading them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def file_state(path: Path) -> str:
    """Size and time of change of a file, or of a folder's entries."""
    return state_there(path) if path.exists() else "missing"


def state_there(path: Path) -> str:
    """``file_state`` of a file that must be there; raises OSError when it is not."""
    stat = path.stat()
    return f"{stat.st_size} {stat.st_mtime_ns}"


def states_of(paths: Iterable[Path]) -> str:
    """Of all files, with where they lie."""
    return "; ".join(f"{path} {file_state(path)}" for path in paths)
