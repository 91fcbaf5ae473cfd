"""Which format files are in: the one asked for, else the one that knows most of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import NamedTuple

from study.errors import DataError
from study.imported import FORMATS
from study.imported.files import File, Table, every_file, read_file
from study.imported.format import Format
from study.imported.profile import is_profile


class Chosen(NamedTuple):
    """A format and its files, profiles of architectures apart; what was left out."""

    name: str
    format: Format
    files: tuple[File, ...]
    profiles: tuple[Table, ...]
    notes: tuple[str, ...]


def choose(paths: Sequence[Path], name: str | None = None, mapping: Path | None = None) -> Chosen:
    """Read all files and say whose they are.

    A file that was named must be one of the format's; one that was only found in a folder may be left out. Raises
    UnknownNameError for an unknown format, DataError for files that cannot be read or are in no known format.
    """
    formats = _formats(name, mapping)
    found = list(every_file(paths))
    unread: dict[Path, str] = {}
    read = [(file, named) for path, named in found if (file := _read(path, named, unread))]
    profiles = tuple(file for file, _ in read if isinstance(file, Table) and is_profile(file))
    own = {file.path for file in profiles}
    others = [(file, named) for file, named in read if file.path not in own]
    if not others:
        raise DataError(f"{', '.join(map(str, paths))}: no CSV or JSON file with results there")
    best = max(formats, key=lambda one: sum(formats[one].kind(file) is not None for file, _ in others))
    chosen = formats[best]
    problems = [_foreign(file, formats) for file, named in others if named and not chosen.kind(file)]
    kept = tuple(file for file, _ in others if chosen.kind(file))
    if not any(chosen.kind(file) in chosen.results for file in kept):
        problems = problems or [_foreign(others[0][0], formats)]
    if problems:
        raise DataError("\n".join(problems))
    own |= {file.path for file in kept}
    foreign = f"it is no file of format {best}"
    left = tuple(f"{path} is left out: {unread.get(path, foreign)}" for path, _ in found if path not in own)
    return Chosen(best, chosen, kept, profiles, left)


def _formats(name: str | None, mapping: Path | None) -> dict[str, Format]:
    """The formats that come into question; with a mapping those that take one."""
    names = FORMATS.names() if name is None else [name]
    formats = {one: FORMATS.load(one)(mapping) for one in names if FORMATS.load(one).takes_mapping or not mapping}
    if not formats:
        raise DataError(f"format {name} takes no mapping; leave out {name}, or --mapping")
    if name is not None and mapping is None and formats[name].takes_mapping:
        raise DataError(f"format {name} needs a mapping that says which column is what: --mapping FILE.yaml")
    return formats


def _read(path: Path, named: bool, unread: dict[Path, str]) -> File | None:
    """A file; none for one that cannot be read and was only found in a folder: why is added to ``unread``."""
    try:
        return read_file(path)
    except DataError as error:
        if named:
            raise
        unread[path] = str(error).removeprefix(f"{path}: ")
        return None


def _foreign(file: File, formats: dict[str, Format]) -> str:
    """What a file lacks to be one of the formats'."""
    if not isinstance(file, Table):
        return (
            f"{file.path}: these JSON keys are those of no known format; clip-benchmark's are dataset, model, metrics"
        )
    nearest = max(_lacks(file, formats), key=lambda lack: lack[0], default=None)
    if nearest is None or nearest[0] == 0:
        listed = ", ".join(file.columns)
        return f"{file.path}: no known format has these columns: {listed}; say which is what with --mapping FILE.yaml"
    return f"{file.path}: {nearest[1]}"


def _lacks(table: Table, formats: dict[str, Format]) -> Iterator[tuple[float, str]]:
    """For each kind of table the share of its columns that are there, and what is said of the others."""
    for name, one in formats.items():
        for kind, columns in one.needs.items():
            missing = sorted(columns - set(table.columns))
            near = [(column, get_close_matches(column, table.columns, n=1)) for column in missing]
            hints = ", ".join(f"{column!r}" + (f" (there is {found[0]!r})" if found else "") for column, found in near)
            share = 1 - len(missing) / len(columns) if columns else 0.0
            yield share, f"as {kind} of format {name} it lacks the columns {hints}; or say which is what with --mapping"
