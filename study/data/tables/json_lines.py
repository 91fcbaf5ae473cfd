"""Tables of JSON objects, one a line, of which some lines may be spoilt."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl

from study.data.damage import DAMAGE
from study.data.tables.unfit import Unfit
from study.io import scratch_folder

EMPTY = b"{}"  # in the place of a line that is no object: a row of which nothing is known
MARK = b"\xef\xbb\xbf"  # that a file is UTF-8, at its start
LOST = re.compile(r"\\udc[89a-f][0-9a-f]")  # a byte that is no text, where Python has kept it and JSON shows it


@contextmanager
def objects(path: Path) -> Iterator[pl.LazyFrame]:
    """A row a line, as polars reads them; where one is no object, or holds bytes that are no text, from a copy.

    There a line that is no object is a row of nulls, and so is a text that is not UTF-8, and NaN, which Python's json
    writes for no score. Raises ``Unfit`` where no line is an object.
    """
    known = path.stat()
    if _is_sound(path, known.st_size, known.st_mtime_ns):
        yield pl.scan_ndjson(path, infer_schema_length=None)
        return
    with scratch_folder() as folder:
        copy = folder / "mended.jsonl"
        if not _mend(path, copy):
            raise Unfit("none of its lines is a JSON object")
        yield pl.scan_ndjson(copy, infer_schema_length=None)


@lru_cache(maxsize=16)
def _is_sound(path: Path, size: int, changed: int) -> bool:
    """Of a state of the file: whether polars, which is strict, reads all lines as objects."""
    with path.open("rb") as file:
        if not all(line.lstrip()[:1] in (b"{", b"") for line in file):  # polars may pass over what is none
            return False
    try:
        pl.scan_ndjson(path, infer_schema_length=None).collect_schema()  # goes over all lines
    except DAMAGE:
        return False
    return True


def _mend(path: Path, copy: Path) -> bool:
    """Write all lines that are not blank as objects; false where none is one."""
    some = False
    with path.open("rb") as file, copy.open("wb") as mended:
        for number, line in enumerate(file):
            content = line.removeprefix(MARK).strip() if number == 0 else line.strip()
            if content:
                made = _mended(content)
                some = some or made != EMPTY
                mended.write(made + b"\n")
    return some


def _mended(line: bytes) -> bytes:
    """The line as it is, but for what polars cannot read of it."""
    changed = []

    def constant(name: str) -> None:
        if name != "NaN":
            raise ValueError(name)
        changed.append(name)

    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        text = line.decode(errors="surrogateescape")
        changed.append(str(error))
    try:
        found = json.loads(text, parse_constant=constant, parse_float=_finite, object_pairs_hook=_first)
    except (ValueError, RecursionError):
        return EMPTY
    if not isinstance(found, dict):
        return EMPTY
    return json.dumps(_known(found)).encode() if changed else line


def _finite(number: str) -> float:
    """Raises ValueError for one that is too large, as polars does."""
    value = float(number)
    if math.isinf(value):
        raise ValueError(number)
    return value


def _first(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of a name that comes twice the first value, as polars."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        found.setdefault(name, value)
    return found


def _known(found: dict[str, Any]) -> dict[str, Any]:
    """Without what is not UTF-8."""
    named = {name: value for name, value in found.items() if not LOST.search(json.dumps(name))}
    return {name: None if LOST.search(json.dumps(value)) else value for name, value in named.items()}
