"""The shards that paths, folders, globs, brace ranges and addresses stand for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import takewhile

from study.data.shards.address import is_remote, system_of
from study.data.shards.braces import expand
from study.data.shards.files import files_at
from study.data.shards.secrets import plain, shown
from study.errors import AbsentError, DataError


@dataclass(frozen=True)
class Located:
    """A file of a pool; ``name`` is its path from the pool's folder without its ending, ``state`` tells of changes."""

    name: str
    address: str
    state: str

    @property
    def shown(self) -> str:
        """The address, for messages."""
        return shown(self.address)

    @property
    def size(self) -> int:
        """Bytes; 0 where the store does not say."""
        size = self.state.split(" ")[0]
        return int(size) if size.isdigit() else 0


def located(patterns: Sequence[str], ending: str = ".tar") -> list[Located]:
    """All files of an ending, each once, by name.

    Raises AbsentError when there is none, and DataError for a place, or a file of a range, where there is none while
    others are there, or where that cannot be found out.
    """
    places = [address for pattern in patterns for address in expand(pattern)]
    list_folders(places)
    found = {place: dict(files_at(place, ending)) for place in places}
    states = {address: known for files in found.values() for address, known in files.items()}
    missing = [place for place in places if not found[place]]
    if not states:
        raise AbsentError(f"no {ending} file at {', '.join(map(shown, patterns))}{_packed(places[:1], ending)}")
    if missing:
        what = f"{len(missing)} of the {len(places)} places of {', '.join(map(shown, patterns))}"
        raise DataError(f"{what} have no {ending} file, the first is {shown(missing[0])}")
    return sorted(_named(states, ending), key=lambda file: file.name)


def _named(states: dict[str, str], ending: str) -> Iterator[Located]:
    """By their path below the folder that all of them share; raises DataError for names that will not do."""
    paths = {address: [part for part in plain(address).split("/") if part] for address in states}
    shared = zip(*(path[:-1] for path in paths.values()), strict=False)
    depth = sum(1 for _ in takewhile(lambda parts: len({*parts}) == 1, shared))
    named: dict[str, str] = {}
    for address, path in paths.items():
        if ".." in path[depth:]:
            raise DataError(f"{shown(address)}: names of shards may not lead out of their folder")
        name = "/".join(path[depth:]).removesuffix(ending)
        if named.setdefault(name, address) != address:
            raise DataError(f"{shown(address)} and {shown(named[name])} have one name; leave one of them out")
        yield Located(name, address, states[address])


def _packed(places: Sequence[str], ending: str) -> str:
    """What to do where there are compressed files alone."""
    there = any(any(files_at(place, f"{ending}.gz")) for place in places)
    return f"; unpack the {ending}.gz files there, as with gunzip" if there else ""


def list_folders(addresses: Sequence[str]) -> None:
    """Ask stores once for the files of each folder, which they then remember, instead of once for each file."""
    folders = {address.rpartition("/")[0] for address in addresses if is_remote(address)}
    for folder in folders if len(folders) < len(addresses) else ():
        with suppress(Exception):  # what is wrong with it is said when its files are asked for
            system, path = system_of(folder)
            system.ls(path, detail=True)
