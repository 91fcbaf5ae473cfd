"""The shards that paths, folders, globs, brace ranges and addresses stand for."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from study.data.shards.address import fault, hidden, is_remote, remote_state, state, system_of
from study.data.shards.braces import expand
from study.errors import DataError


@dataclass(frozen=True)
class Located:
    """A file of a pool; ``name`` is its path from the pool's folder without its ending, ``state`` tells of changes."""

    name: str
    address: str
    state: str

    @property
    def size(self) -> int:
        """Bytes; 0 where the store does not say."""
        size = self.state.split(" ")[0]
        return int(size) if size.isdigit() else 0


def located(patterns: Sequence[str], ending: str = ".tar") -> list[Located]:
    """All files of an ending, each once, by name; raises DataError when there is none, or one of a range is missing."""
    _list_folders([address for pattern in patterns for address in expand(pattern)])
    states = dict(found for pattern in patterns for found in _found(pattern, ending))
    if not states:
        raise DataError(f"no {ending} file at {', '.join(patterns)}")
    folders = [address.rpartition("/")[0] for address in states]
    start = len(os.path.commonpath(folders)) if len({*folders}) > 1 else len(folders[0])
    named = {address: address[start:].lstrip("/").removesuffix(ending) for address in states}
    outside = next((address for address, name in named.items() if ".." in name.split("/")), None)
    if outside is not None:
        raise DataError(f"{outside}: names of shards may not lead out of their folder")
    return sorted((Located(named[a], a, state) for a, state in states.items()), key=lambda shard: shard.name)


def _found(pattern: str, ending: str) -> Iterator[tuple[str, str]]:
    """Address and state of each file of one pattern."""
    given = expand(pattern)
    missing: list[str] = []
    for address in given:
        files = dict(_remote(address, ending) if is_remote(address) else _local(address, ending))
        if not files and len(given) > 1:
            missing.append(address)
        yield from files.items()
    if missing:
        raise DataError(f"{len(missing)} of the {len(given)} files of {pattern} are missing, the first is {missing[0]}")


def _list_folders(addresses: Sequence[str]) -> None:
    """Ask stores once for the files of each folder, which they then remember, instead of once for each file."""
    folders = {address.rpartition("/")[0] for address in addresses if is_remote(address)}
    for folder in folders if len(folders) < len(addresses) else ():
        with suppress(Exception):  # what is wrong with it is said when its files are asked for
            system, path = system_of(folder)
            system.ls(path, detail=True)


def _local(address: str, ending: str) -> Iterator[tuple[str, str]]:
    path = Path(address)
    if path.is_dir():
        paths = sorted(path.rglob(f"*{ending}"))
    elif path.exists() or not glob.has_magic(address):
        paths = [path]
    else:
        paths = [Path(found) for found in sorted(glob.glob(address, recursive=True))]
    for found in paths:
        known = state(str(found)) if found.is_file() else None  # reading a pipe would wait for a writer
        if known is not None:
            yield os.path.abspath(found), known


def _remote(address: str, ending: str) -> Iterator[tuple[str, str]]:
    system, path = system_of(address)
    try:
        if glob.has_magic(path):
            files = system.glob(path, detail=True)
        else:
            info = system.info(path)
            folder = info["type"] == "directory"
            files = system.find(path, detail=True) if folder else {path: info}
            files = {name: info for name, info in files.items() if name.endswith(ending) or not folder}
        for name, info in files.items():
            yield system.unstrip_protocol(name), remote_state(info)
    except FileNotFoundError as error:
        if hidden(error):
            raise fault(address, error) from error
    except Exception as error:  # broad: each kind of store has errors of its own
        raise fault(address, error) from error


def watched(patterns: Sequence[str], found: Sequence[Located]) -> tuple[Path, ...]:
    """What on this machine changes when files of the patterns come, go or change: places as given, folders, files."""
    given = [Path(pattern) for pattern in patterns if not is_remote(pattern)]
    files = [Path(file.address) for file in found if not is_remote(file.address)]
    return tuple(dict.fromkeys([*given, *sorted({file.parent for file in files}), *files]))
