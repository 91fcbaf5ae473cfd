"""Whether a plan on disk is still that of its grid, found out without reading data or loading what trains."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import study
from study.data.place import open_source
from study.data.state import file_state
from study.errors import StudyError
from study.plan import lock
from study.records import PluginRef


class Stamp(NamedTuple):
    """What a plan was made from: the grid and its lock, this program, the data, devices and prices.

    ``sources`` has the state of each source that was opened, which is written as JSON; none is never that of now.
    """

    grid: str
    lock: str
    program: str
    sources: dict[str, str | None]
    gpu: str | None
    hardware: str


def stamp_of(grid: Path, gpu: str | None, hardware: Path | None) -> Stamp:
    """The stamp of everything but sources as it is now; ``hardware`` is the user's file of devices and prices."""
    return Stamp(_digest(grid), _digest(lock.path_of(grid)), _program(), {}, gpu, _digest(hardware) if hardware else "")


def with_sources(stamp: Stamp, states: Iterable[tuple[PluginRef, str | None]]) -> Stamp:
    """The stamp with the states of the sources, known only once they are opened."""
    return stamp._replace(sources={source.model_dump_json(): state for source, state in states})


def with_lock(stamp: Stamp, grid: Path) -> Stamp:
    """The stamp with the lock as it is now that it was written."""
    return stamp._replace(lock=_digest(lock.path_of(grid)))


def is_current(facts: dict[str, Any], grid: Path, results: Path, gpu: str | None, hardware: Path | None) -> bool:
    """Whether nothing has changed since the plan with these facts was made."""
    made = facts.get("stamp")
    if not isinstance(made, dict) or set(made) != set(Stamp._fields):
        return False
    sources = made["sources"]
    if made != stamp_of(grid, gpu, hardware)._replace(sources=sources)._asdict():
        return False
    return all(_is_as_it_was(source, state, results) for source, state in sources.items())


def _is_as_it_was(source: str, state: str | None, results: Path) -> bool:
    """Not where it cannot be asked: what is wrong is said when it is planned anew."""
    try:
        return state is not None and open_source(PluginRef.model_validate_json(source), results).state() == state
    except StudyError:
        return False


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16] if path.is_file() else ""


@cache
def _program() -> str:
    """The program's version and the state of its files, so that an edited plug-in is seen."""
    root = Path(study.__file__).parent
    files = sorted(path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    states = "\n".join(f"{path.relative_to(root)} {file_state(path)}" for path in files)
    return f"{version('clip-scaling-study')} {hashlib.sha256(states.encode()).hexdigest()[:16]}"
