"""A study's answers on one sheet, an SQLite file: settings by score, and laws, so that a look-up reads no whole table.

Making one loads polars; reading one (study.lookup.store) does not.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

import polars as pl

from study.hardware import DEVICES, Device
from study.lookup.rows import OWN, SETTING, law_rows, setting_rows
from study.summary.headline import Headline, headline
from study.summary.opened import Opened
from study.summary.runs import studied
from study.summary.settings import settings

SCORE = ("target", "place", "setting", "score", "sd", "n", "low", "high")
# One setting of each configuration whose hours can be predicted, so that none need be searched for
CONFIGS = "INSERT INTO configs SELECT min(id) FROM settings WHERE train_flops > 0 AND samples_seen > 0 GROUP BY config"
# What a question may name, and where it is found.
NAMES = {
    "arch": ("arch",),
    "family": ("family",),
    "strategy": ("strategy", "strategy_label"),
    "quality": ("quality",),
    "source": ("source",),
    "share": ("quality_share",),
}


def made(opened: Opened, stamp: Any, devices: Mapping[str, Device] = DEVICES) -> bytes:
    """The sheet of a study; ``stamp`` says what it was made from.

    Raises StorageError when the study was not collected.
    """
    runs, scores, laws = studied(opened.runs()), opened.scores(), opened.laws()
    targets = _targets(scores)
    head = headline(opened.tables, scores)
    rows = setting_rows(runs, devices)
    ids = {name: number for number, name in enumerate(rows["setting"])}
    of_run = {run: ids[setting] for run, setting in runs.select("run_id", OWN.alias("own")).iter_rows()}
    with closing(sqlite3.connect(":memory:")) as sheet:
        _create(sheet)
        _insert(sheet, "settings", rows.with_row_index("id"))
        sheet.execute(CONFIGS)
        chances = [_scores(sheet, place, settings(runs, scores, one), ids) for place, one in enumerate(targets)]
        if laws is not None:
            _laws(sheet, laws, targets, of_run)
        _facts(
            sheet,
            stamp=stamp,
            study=opened.name,
            headline=[head.dataset, head.metric],
            targets=[[one.dataset, one.metric, chance] for one, chance in zip(targets, chances, strict=True)],
            runs=runs.height,
            incomplete=runs.filter(pl.col("status") != "completed").height,
            laws=laws is not None,
            outdated=laws is None and _has_laws(opened),
            names={name: _names(rows, columns) for name, columns in NAMES.items()},
        )
        sheet.commit()
        return sheet.serialize()


def _has_laws(opened: Opened) -> bool:
    """Whether there is a table of laws, of whatever form."""
    return any((folder / "laws.parquet").exists() for folder in (opened.written, opened.tables))


def _targets(scores: pl.DataFrame) -> list[Headline]:
    """Those of the most scores first."""
    counted = scores.group_by("dataset", "metric").len()
    ordered = counted.sort(["len", "dataset", "metric"], descending=[True, False, False])
    return [Headline(*pair) for pair in ordered.select("dataset", "metric").iter_rows()]


def _names(rows: pl.DataFrame, columns: Sequence[str]) -> list[Any]:
    return sorted({value for column in columns for value in rows[column].drop_nulls().unique()})


def _create(sheet: sqlite3.Connection) -> None:
    sheet.execute("CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT)")
    sheet.execute(f"CREATE TABLE settings (id INTEGER PRIMARY KEY, {', '.join(SETTING)})")
    sheet.execute(f"CREATE TABLE scores ({', '.join(SCORE)}, PRIMARY KEY (target, place)) WITHOUT ROWID")
    sheet.execute("CREATE TABLE configs (setting INTEGER PRIMARY KEY)")
    sheet.execute("CREATE TABLE laws (target, place, row BLOB, points TEXT, PRIMARY KEY (target, place))")


def _insert(sheet: sqlite3.Connection, table: str, rows: pl.DataFrame) -> None:
    sheet.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * rows.width)})", rows.iter_rows())


def _scores(sheet: sqlite3.Connection, target: int, table: pl.DataFrame, ids: Mapping[str, int]) -> float | None:
    """Write the settings that have a score, best first; gives back what chance would score."""
    numbers = pl.Series("setting", [ids[name] for name in table["setting"]], dtype=pl.Int64)
    rows = table.with_columns(numbers).with_row_index("place").with_columns(pl.lit(target).alias("target"))
    _insert(sheet, "scores", rows.select(SCORE))
    return table["chance"][0] if table.height else None


def _laws(sheet: sqlite3.Connection, laws: pl.DataFrame, targets: list[Headline], of_run: Mapping[str, int]) -> None:
    for target, one in enumerate(targets):
        of_target = laws.filter(pl.col("dataset") == one.dataset, pl.col("metric") == one.metric)
        for place, (row, points) in enumerate(law_rows(of_target)):
            used = list(dict.fromkeys(of_run[run] for run in points if run in of_run))
            packed = zlib.compress(json.dumps(row).encode(), 9)
            sheet.execute("INSERT INTO laws VALUES (?, ?, ?, ?)", (target, place, packed, json.dumps(used)))


def _facts(sheet: sqlite3.Connection, **facts: Any) -> None:
    said = [(name, json.dumps(value)) for name, value in facts.items()]
    sheet.executemany("INSERT INTO facts VALUES (?, ?)", said)
