"""The two studies: found by name or folder, read, and told apart."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from study.errors import CompareError, StorageError
from study.registry import unknown_name
from study.summary.opened import Opened, known_studies, open_study
from study.summary.runs import studied


@dataclass(frozen=True)
class Side:
    """One study: ``runs`` without those made to tune, ``setting`` never null; ``scores`` are numbers, of those runs."""

    opened: Opened
    label: str
    runs: pl.DataFrame
    scores: pl.DataFrame

    def without(self, run_ids: pl.Series) -> Side:
        """The same study without some runs."""
        kept = self.runs.filter(~pl.col("run_id").is_in(run_ids.implode()))
        return Side(self.opened, self.label, kept, self.scores.join(kept, on="run_id", how="semi"))


def sides(results: Path, first: str, second: str) -> tuple[Side, Side]:
    """Open both: a name is looked for in ``results`` and among the built-in ones, what holds a slash is a folder.

    Raises UnknownNameError or StorageError for one that is not there, CompareError for the same study twice and for a
    study without a score.
    """
    one, other = _opened(results, first), _opened(results, second)
    if one.tables.resolve() == other.tables.resolve():
        raise CompareError(f"{first} and {second} are the same study ({one.tables}); name two")
    return _side(one, other), _side(other, one)


def _opened(results: Path, given: str) -> Opened:
    if os.sep in given:
        folder = Path(given).resolve()
        if not (folder / "runs.parquet").exists():
            raise StorageError(f"{given} holds no runs.parquet; give the folder of a collected study: results/NAME")
        return Opened(folder.name, folder, folder)
    known = known_studies(results)
    if given not in known and not (results / given).is_dir():
        raise unknown_name("study", given, known)
    return open_study(results, given)


def _side(mine: Opened, other: Opened) -> Side:
    label = mine.name if mine.name != other.name else f"{mine.name} in {mine.tables.parent}"
    runs = studied(mine.runs()).with_columns(pl.col("setting").fill_null(pl.col("run_id")))
    value = pl.col("value")
    scores = mine.scores().filter(value.is_not_null(), value.is_finite()).join(runs, on="run_id", how="semi")
    if scores.is_empty():
        raise CompareError(f"{label} has no score: none of its {runs.height:,} runs was evaluated; see: study status")
    return Side(mine, label, runs, scores)
