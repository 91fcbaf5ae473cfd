"""Files of others, read as they are: CSV with the line of every row, JSON; each fault told with its place."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from study.errors import DataError

SUFFIXES = (".csv", ".json")


class Place(NamedTuple):
    """A row of a file, its line counted from 1; a file that is one row has no line."""

    path: Path
    line: int | None = None

    def __str__(self) -> str:
        return str(self.path) if self.line is None else f"{self.path}:{self.line}"


class Row(NamedTuple):
    """A row of a table: where it stands, and its cells by column, without the blanks around them."""

    place: Place
    cells: dict[str, str]


@dataclass(frozen=True)
class Table:
    """A CSV file: its columns in order, and its rows."""

    path: Path
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Json:
    """A JSON file."""

    path: Path
    data: Any


File: TypeAlias = Table | Json


def every_file(given: Iterable[Path]) -> Iterator[tuple[Path, bool]]:
    """Each file given, and each CSV and JSON file below a folder given; whether it was named itself."""
    for path in given:
        if path.is_dir():
            inside = sorted(found for found in path.rglob("*") if found.suffix in SUFFIXES and found.is_file())
            yield from ((found, False) for found in inside)
        else:
            yield path, True


def read_file(path: Path) -> File:
    """Read a CSV or a JSON file; raises DataError for one that is missing, empty, binary or neither of the two."""
    text = _text(path)
    if not text.strip():
        raise DataError(f"{path}: the file is empty")
    if path.suffix == ".json" or text.lstrip()[0] in "{[":
        return Json(path, _json(path, text))
    return _table(path, text)


def _text(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not a text file in UTF-8 (byte {error.start}); give CSV or JSON") from error
    if "\0" in text:
        raise DataError(f"{path}: not a text file; give CSV or JSON")
    return text


def _json(path: Path, text: str) -> Any:
    try:
        data = json.loads(text)
        if "\\ud" in text.lower():  # half a character, which no table can hold
            json.dumps(data, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise DataError(f"{path}:{error.lineno}:{error.colno}: not JSON: {error.msg}") from error
    except (ValueError, RecursionError) as error:  # thousands of digits; thousands of brackets; half a character
        raise DataError(f"{path}: not JSON that can be read: {error}") from error
    return data


def _table(path: Path, text: str) -> Table:
    """The first line that is no comment names the columns; below it "#1" is a name, and blank lines are no rows."""
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    try:
        lines = [(reader.line_num, [cell.strip() for cell in cells]) for cells in reader if any(map(str.strip, cells))]
    except csv.Error as error:
        raise DataError(f"{path}:{reader.line_num}: not CSV: {error}") from error
    while lines and lines[0][1][0].startswith("#"):
        del lines[0]
    if not lines:
        raise DataError(f"{path}: the file has no header")
    columns = _header(path, *lines[0])
    if len(lines) == 1:
        raise DataError(f"{path}: the file has a header and no rows")
    rows = tuple(_row(path, line, columns, cells) for line, cells in lines[1:])
    return Table(path, columns, rows)


def _header(path: Path, line: int, columns: list[str]) -> tuple[str, ...]:
    twice = [name for index, name in enumerate(columns) if name and name in columns[:index]]
    if twice:
        raise DataError(f"{path}:{line}: column {twice[0]!r} stands twice; rename one")
    if len(columns) == 1:
        found = next((name for sign, name in ((";", "semicolons"), ("\t", "tabs")) if sign in columns[0]), None)
        told = f"; its columns seem to be parted by {found}: write it with commas" if found else ""
        raise DataError(f"{path}:{line}: not CSV: one column, {columns[0][:60]!r}{told}")
    return tuple(columns)


def _row(path: Path, line: int, columns: tuple[str, ...], cells: list[str]) -> Row:
    if len(cells) != len(columns):
        raise DataError(f"{path}:{line}: {len(cells)} cells where the header has {len(columns)}")
    return Row(Place(path, line), dict(zip(columns, cells, strict=True)))
