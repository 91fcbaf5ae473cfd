"""Where a source's data lies: no part of a run's identity, so that data can be moved and runs stay what they are."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from study import io
from study.data import SOURCES
from study.data.parallel import silent
from study.data.source import Source
from study.records import DataRef, PluginRef

Options = dict[str, Any]


def without_places(ref: PluginRef) -> PluginRef:
    """The part of a choice that is identity."""
    places = SOURCES.load(ref.name).places
    return ref.model_copy(update={"options": {k: v for k, v in ref.options.items() if k not in places}})


def with_whole_paths(ref: PluginRef) -> PluginRef:
    """The same from any working folder."""
    places = SOURCES.load(ref.name).places
    options = {name: _whole(value) if name in places else value for name, value in ref.options.items()}
    return ref.model_copy(update={"options": options})


def _whole(value: Any) -> Any:
    """Paths from the root on, patterns too; addresses and numbers as they are."""
    if isinstance(value, list | tuple):
        return [_whole(one) for one in value]
    return os.path.join(os.getcwd(), value) if isinstance(value, str) and "://" not in value else value


def remember(results: Path, study: str, pools: Mapping[str, PluginRef]) -> None:
    """Note where the pools of a study lie, by fingerprint, and its other options that are no identity.

    The study's runs read them as it says; others of the same pools as the last plan says.
    """
    known = {_key(ref.name, fingerprint): _places(ref) for fingerprint, ref in pools.items()}
    _write(results / study / "sources.json", known)
    for key, options in known.items():
        _write(results / "sources" / f"{key}.json", options)


def _key(source: str, fingerprint: str) -> str:
    """Sources of several kinds may have the same pairs."""
    return f"{fingerprint}-{source}"


def _places(ref: PluginRef) -> Options:
    places = SOURCES.load(ref.name).places
    return {name: value for name, value in with_whole_paths(ref).options.items() if name in places}


def _write(path: Path, content: Any) -> None:
    if content and not (path.exists() and io.read_json(path) == content):
        io.write_json(path, content)


def located(data: DataRef, results: Path, study: str | None = None) -> PluginRef:
    """The source of a run's data, with where it lies; as it is for a source that has no place.

    ``study`` is whose plan says so first.
    """
    source = data.source
    if not SOURCES.load(source.name).places:
        return source
    known = _of_study(results / study / "sources.json", data) if study else None
    known = _last(results / "sources", data) if known is None else known
    return source.model_copy(update={"options": {**source.options, **known}})


def _of_study(path: Path, data: DataRef) -> Options | None:
    known: dict[str, Options] = io.read_json(path) if path.exists() else {}
    return known.get(_key(data.source.name, data.fingerprint))


def _last(folder: Path, data: DataRef) -> Options:
    """Of the last plan; earlier versions noted no kind of source."""
    paths = [folder / f"{_key(data.source.name, data.fingerprint)}.json", folder / f"{data.fingerprint}.json"]
    return next((io.read_json(path) for path in paths if path.exists()), {})


def open_source(ref: PluginRef, results: Path = Path("results"), say: Callable[[str], None] = silent) -> Source:
    """The source that a choice stands for; ``results`` is where its index is kept, if it makes one."""
    kind = SOURCES.load(ref.name)
    return kind(kind.Config(name=ref.name, **with_whole_paths(ref).options), results, say)


def open_planned(data: DataRef, results: Path, study: str | None = None) -> Source:
    """The source of a run's data, and of it the pool that was planned, where several were made of it."""
    source = open_source(located(data, results, study), results)
    source.planned = data.fingerprint
    return source
