"""The folder that a subset is written to: new, or its own from an earlier start, and no part of its source."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from study import io
from study.data.index import Shard
from study.data.shards.address import is_remote
from study.data.source import Source
from study.errors import DataError

NOTES = "reshard.json"  # what the shards of a folder are, written before the first of them
WAY = "name a new or empty folder: --out DIR"


def check_own(out: Path) -> None:
    """Raise DataError for a folder with files in it that ``study data reshard`` did not write; reads no data."""
    if not out.is_dir() or (out / NOTES).exists():
        return
    other = sorted(path.name for path in out.iterdir() if not path.name.startswith("."))
    if other:
        raise DataError(f"{out} has files of something else, such as {other[0]}, and no {NOTES}; {WAY}")


def check_apart(out: Path, source: Source) -> None:
    """Raise DataError for a folder where the source would take what is written for data of its own, also by links."""
    here = out.resolve()
    for folder in _folders(source):
        if here.is_relative_to(folder):
            raise DataError(f"{out} is in {folder}, where the source's own data lies; name a folder outside: --out DIR")


def noted_pool(out: Path) -> str | None:
    """Fingerprint of the pool that the folder's shards are made from; none where nothing is written yet."""
    notes = _notes(out)
    return notes.get("pool") if notes else None


def noted(out: Path, identity: dict[str, Any], shards: set[Path]) -> dict[str, Any] | None:
    """What the folder is said to hold, none when nothing is written yet.

    Raises DataError when that is another subset or order, and for shards that are none of its own.
    """
    notes = _notes(out)
    if notes is None:
        return None
    if {name: notes.get(name) for name in identity} != identity:
        raise DataError(f"{out} holds shards of another subset, order or size; {WAY}")
    for path in sorted(out.rglob("*.tar")):
        if path not in shards:
            raise DataError(f"{path} is none of the {len(shards)} shards of this subset; take it away, or {WAY}")
    return notes


def _notes(out: Path) -> dict[str, Any] | None:
    if not (out / NOTES).exists():
        return None
    notes = io.read_json(out / NOTES)
    return notes if isinstance(notes, dict) else {}


def _folders(source: Source) -> Iterator[Path]:
    """Those in which the source's shards lie, and those that it looks through for them, with all links followed."""
    places = [piece.address for piece in source.index().pieces if isinstance(piece, Shard)]
    paths = [Path(place) for place in places if not is_remote(place)]
    yield from {parent.resolve() for parent in {path.parent for path in paths}}
    yield from {path.resolve().parent for path in paths if path.is_symlink()}
    for place in _given(source) if places else ():
        fixed = re.split(r"[*?[{]", place, maxsplit=1)[0]
        folder = Path(fixed if fixed == place else fixed.rpartition("/")[0])
        if folder.is_dir():
            yield folder.resolve()


def _given(source: Source) -> Iterator[str]:
    """Local places among the options."""
    options = dict(source.config)
    for name in source.places:
        value = options.get(name)
        given = value if isinstance(value, tuple) else (value,)
        yield from (str(place) for place in given if isinstance(place, str | Path) and not is_remote(str(place)))
