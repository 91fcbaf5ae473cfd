"""Where a source's data lies: no part of a run's identity, so that data can be moved and runs stay what they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from study import io
from study.data import SOURCES
from study.data.parallel import silent
from study.data.source import Source
from study.records import DataRef, PluginRef


def without_places(ref: PluginRef) -> PluginRef:
    """The part of a choice that is identity."""
    places = SOURCES.load(ref.name).places
    return ref.model_copy(update={"options": {k: v for k, v in ref.options.items() if k not in places}})


def _path(results: Path, fingerprint: str) -> Path:
    return results / "sources" / f"{fingerprint}.json"


def remember(results: Path, fingerprint: str, ref: PluginRef) -> None:
    """Note where the pool with this fingerprint lies now, for the runs that will read it."""
    options = {k: v for k, v in ref.options.items() if k in SOURCES.load(ref.name).places}
    path = _path(results, fingerprint)
    if options and not (path.exists() and io.read_json(path) == options):
        io.write_json(path, options)


def located(data: DataRef, results: Path) -> PluginRef:
    """The source of a run's data, with where it lies; as it is for a source that has no place."""
    path = _path(results, data.fingerprint)
    if not SOURCES.load(data.source.name).places or not path.exists():
        return data.source
    return data.source.model_copy(update={"options": {**data.source.options, **io.read_json(path)}})


def open_source(ref: PluginRef, results: Path = Path("results"), say: Callable[[str], None] = silent) -> Source:
    """The source that a choice stands for; ``results`` is where its index is kept, if it makes one."""
    kind = SOURCES.load(ref.name)
    return kind(kind.Config(name=ref.name, **ref.options), results, say)
