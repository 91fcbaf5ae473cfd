"""The files at one place, here or in a store; all of them, or an error."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fsspec.utils import glob_translate

from study.data.shards.address import fault, hidden, is_remote, remote_state, state, system_of
from study.data.shards.secrets import plain
from study.errors import DataError

GONE = "gone"  # the state of a file that is listed, and is not there: a broken link, for one


def files_at(place: str, ending: str) -> Iterator[tuple[str, str]]:
    """Address and state of each file of an ending at a path, in a folder or of a glob; none where nothing is.

    Raises DataError where that cannot be found out.
    """
    return _remote(place, ending) if is_remote(place) else _local(place, ending)


def _local(address: str, ending: str) -> Iterator[tuple[str, str]]:
    path = Path(address)
    if path.is_dir():
        paths = sorted(_below(path, ending))
    elif path.exists() or not glob.has_magic(address):
        paths = [path]
    else:
        paths = [Path(found) for found in sorted(glob.glob(address, recursive=True))]
    for found in paths:
        known = _state(found)
        if known is not None:
            yield os.path.abspath(found), known


def _below(folder: Path, ending: str) -> Iterator[Path]:
    """Files of an ending, linked folders too, each folder once; raises DataError for a folder that cannot be read."""
    seen: set[tuple[int, int]] = set()
    for place, folders, names in os.walk(folder, onerror=_raise, followlinks=True):
        here = os.stat(place)
        if (here.st_dev, here.st_ino) in seen:
            folders.clear()  # a link leads here again, perhaps round in a ring
            continue
        seen.add((here.st_dev, here.st_ino))
        folders.sort()
        yield from (Path(place, name) for name in names if name.endswith(ending))


def _raise(error: OSError) -> None:
    raise fault(str(error.filename), error) from error


def _state(path: Path) -> str | None:
    """Of a file, or a link that leads nowhere; reading anything else, as a pipe, would wait for a writer."""
    if path.is_symlink() and not path.exists():
        return GONE
    return state(str(path)) if path.is_file() else None


def _remote(address: str, ending: str) -> Iterator[tuple[str, str]]:
    system, path = system_of(address)
    try:
        found = list(_stored(system, path, ending))
    except FileNotFoundError as error:
        if hidden(error):
            raise fault(address, error) from error
        return
    except Exception as error:  # broad: each kind of store has errors of its own
        raise fault(address, error) from error
    for name, info in found:
        there = system.unstrip_protocol(name)
        known = remote_state(info) if info.get("size") is not None else state(there)  # web servers list names alone
        yield there, known or GONE


def _stored(system: Any, path: str, ending: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and description of each file of a path, folder or glob."""
    if glob.has_magic(plain(path)):
        before, sign, after = re.split(r"([*?[])", path, maxsplit=1)
        root, matches = before.rpartition("/")[0], _translated(path)
        deep = None if "**" in path else (before.rpartition("/")[2] + sign + after).count("/")
        files = _stored_below(system, root, deep)
        yield from ((name, info) for name, info in files if matches.match(name))
        return
    info = system.info(path)
    if info["type"] != "directory":
        yield path, info
        return
    yield from ((name, info) for name, info in _stored_below(system, path, None) if name.endswith(ending))


def _translated(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(glob_translate(pattern))
    except ValueError as error:
        raise DataError(f"{pattern} is no pattern of names: {error}") from error


def _stored_below(system: Any, folder: str, deep: int | None) -> Iterator[tuple[str, dict[str, Any]]]:
    """Files in a folder and so many levels below; fsspec's own walk leaves out folders that fail to be listed."""
    for info in system.ls(folder, detail=True):
        name = info["name"].rstrip("/")
        if info["type"] != "directory":
            yield name, info
        elif deep != 0 and name != folder.rstrip("/"):
            yield from _stored_below(system, name, None if deep is None else deep - 1)
