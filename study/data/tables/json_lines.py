"""Tables of JSON objects, one a line, of which some lines may be spoilt."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import polars as pl

from study.data.tables.text import without_lost

UNUSED = "\x1f"  # separates nothing: JSON has no such character
NAN = (r"(:\s*)NaN(\s*[,}])", "${1}null${2}")  # which Python's json writes, for a score that is none


def objects(path: Path) -> pl.LazyFrame:
    """A row a line; where some line is no object in UTF-8, all columns as text, null on such lines.

    Raises polars' error where no line is an object.
    """
    known = path.stat()
    sound = _sound(path, known.st_size, known.st_mtime_ns)
    return _lines(path, _names(path, known.st_size, known.st_mtime_ns)) if sound is None else sound


@lru_cache(maxsize=4)
def _sound(path: Path, size: int, changed: int) -> pl.LazyFrame | None:
    """Of a state of the file: as polars reads it, which is strict; none where it finds fault with a line."""
    table = pl.scan_ndjson(path, infer_schema_length=None)
    try:
        table.collect_schema()  # goes over all lines
    except pl.exceptions.ComputeError:
        return None
    return table


@lru_cache(maxsize=4)
def _names(path: Path, size: int, changed: int) -> tuple[str, ...]:
    """Of a state of the file: the columns that any of its lines has, as they come."""
    with path.open("rb") as file:
        return tuple(dict.fromkeys(name for line in file for name in _keys(line)))


def _keys(line: bytes) -> Iterator[str]:
    try:
        found = json.loads(line.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return
    if isinstance(found, dict):
        yield from (name for name in found if "\\" not in name)  # which JSONPath does not find


def _lines(path: Path, names: tuple[str, ...]) -> pl.LazyFrame:
    if not names:
        raise pl.exceptions.ComputeError("none of its lines is a JSON object")
    lines = pl.scan_csv(
        path,
        has_header=False,
        schema={"line": pl.String},
        separator=UNUSED,
        quote_char=None,
        encoding="utf8-lossy",
        truncate_ragged_lines=True,
    )
    line = pl.col("line")
    there = lines.filter(line.fill_null("").str.strip_chars() != "")
    read = pl.when(line.str.json_path_match("$").is_null()).then(line.str.replace_all(*NAN)).otherwise(line)
    return without_lost(there.select(read.str.json_path_match(_place(name)).alias(name) for name in names))


def _place(name: str) -> str:
    """A key as JSONPath names it."""
    quoted = name.replace("'", "\\'")
    return f"$['{quoted}']"
