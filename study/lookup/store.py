"""Sheets as files: the one that the package brings, one kept beside a study's tables, or one made on the spot."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

from study.errors import StorageError
from study.io import write_bytes
from study.summary.opened import Opened, open_study

NAME = "lookup.sqlite"
READ = ("runs.parquet", "scores.parquet", "laws.parquet", "evaluation.json")  # what a sheet is made from
FORM = 5  # of a sheet; one of another form is made anew

Law: TypeAlias = "tuple[dict[str, Any], list[dict[str, Any]]]"  # a row of the laws, and its settings


class Sheet:
    """An open sheet: facts, settings and laws of one study, as study.lookup.sheet wrote them."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA temp_store = MEMORY")
        self._sql = connection

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What is said of the study as a whole."""
        return {name: json.loads(value) for name, value in self._sql.execute("SELECT name, value FROM facts")}

    def target(self, dataset: str, metric: str) -> int | None:
        """The number of a data set and metric; none where it has no scores."""
        found = (place for place, one in enumerate(self.facts["targets"]) if one[:2] == [dataset, metric])
        return next(found, None)

    def select(self, sql: str, values: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Rows of a query with named values."""
        return (dict(row) for row in self._sql.execute(sql, values))

    def limits(self, rows: Iterable[tuple[int, float]]) -> None:
        """Make the temporary table ``limits``: the most FLOPs of each configuration."""
        self._sql.execute("DROP TABLE IF EXISTS temp.limits")
        self._sql.execute("CREATE TEMP TABLE limits (config INTEGER PRIMARY KEY, flops REAL)")
        self._sql.executemany("INSERT INTO limits VALUES (?, ?)", rows)

    def laws(self, target: int, where: str, values: Mapping[str, Any]) -> Iterator[Law]:
        """Each law of a target with the settings that it was fitted to; ``asked`` says whether one meets ``where``."""
        stored = self._sql.execute("SELECT row, points FROM laws WHERE target = ? ORDER BY place", (target,))
        for packed, points in stored.fetchall():
            ids = ", ".join(map(str, json.loads(points)))
            used = self._sql.execute(f"SELECT *, {where} AS asked FROM settings AS s WHERE id IN ({ids})", values)
            yield json.loads(zlib.decompress(packed)), [dict(row) for row in used]


@contextmanager
def open_sheet(results: Path, name: str) -> Iterator[Sheet]:
    """The sheet of a study, made anew where its tables or laws changed, and then kept beside them.

    Raises StorageError when the study was not collected.
    """
    opened = open_study(results, name)
    connection = _kept(opened) or _made(opened)
    try:
        yield Sheet(connection)
    finally:
        connection.close()


def prepare(results: Path, name: str) -> None:
    """Make the sheet of a study, unless it is there, so that the first look-up need not."""
    with open_sheet(results, name):
        pass


def brought(opened: Opened) -> bool:
    """Whether all that a sheet would be made from came with the package, and so did the sheet."""
    return opened.tables != opened.written and not (opened.written / "laws.parquet").exists()


def _kept(opened: Opened) -> sqlite3.Connection | None:
    path = (opened.tables if brought(opened) else opened.written) / NAME
    if not path.exists():
        return None
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
    try:
        stamp = json.loads(connection.execute("SELECT value FROM facts WHERE name = 'stamp'").fetchone()[0])
    except (sqlite3.Error, TypeError, ValueError):
        stamp = None
    if stamp == [FORM, _stamp(opened)]:
        return connection
    connection.close()
    return None


def _made(opened: Opened) -> sqlite3.Connection:
    from study.lookup.sheet import made  # loads polars

    content = made(opened, [FORM, _stamp(opened)])
    if not brought(opened):
        with suppress(StorageError):  # a folder that may only be read answers all the same, slower
            write_bytes(opened.written / NAME, content)
    connection = sqlite3.connect(":memory:")
    connection.deserialize(content)
    return connection


def _stamp(opened: Opened) -> list[Any]:
    """Size and time of the files that a sheet is made from; nothing for those of the package."""
    if brought(opened):
        return []
    folders = dict.fromkeys((opened.tables, opened.written))
    files = [folder / name for folder in folders for name in READ if (folder / name).exists()]
    return [[str(path), path.stat().st_size, path.stat().st_mtime_ns] for path in files]
