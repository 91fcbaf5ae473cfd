"""What a study is to check, as its plan keeps it, and the runs of each arm, as its tables have them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from study.errors import StorageError
from study.io import read_json, read_parquet
from study.records import Status
from study.statistics import STATISTICS
from study.statistics.base import ArmRun, Statistic
from study.summary.arms import Selector, selected
from study.summary.relative import MACHINE
from study.summary.runs import read_runs

SCORE = "score"


@dataclass(frozen=True)
class Needed:
    """A run that a claim waits for, and how it stands."""

    run_id: str
    arm: str
    seed: int
    why: str


@dataclass(frozen=True)
class Asked:
    """A claim with the runs of its arms; ``absent`` says why there is nothing to look at, if so."""

    study: str
    title: str = ""
    statement: str = ""
    citation: str = ""
    caveat: str = ""
    dataset: str = ""
    metric: str = ""
    parts: tuple[Statistic[Any], ...] = ()
    tables: Mapping[str, pl.DataFrame] = field(default_factory=dict)  # by arm
    absent: str | None = None

    def arms(self) -> dict[str, dict[int, ArmRun]]:
        """By arm and seed: what is known of each run that completed."""
        return {
            name: {row["seed"]: _arm_run(row) for row in table.iter_rows(named=True) if _completed(row)}
            for name, table in self.tables.items()
        }

    def needed(self) -> list[Needed]:
        """The planned runs that lack what a part reads of them, each once."""
        found = {
            row["run_id"]: Needed(row["run_id"], arm, row["seed"], why)
            for part in self.parts
            for pair in part.pairs()
            for arm in (pair.arm, pair.baseline)
            for row in self.tables[arm].iter_rows(named=True)
            if (why := _lacking(row, part.needs))
        }
        return list(found.values())


def asked(results: Path, study: str) -> Asked:
    """The claim of a study; raises StorageError for a plan without a claim, or files that are damaged."""
    folder = results / study
    if not (folder / "plan.json").exists():
        return Asked(study, absent="not planned yet")
    facts = read_json(folder / "plan.json")
    claim = facts.get("claim")
    if not claim:
        raise StorageError(f"{folder / 'plan.json'} has no claim; add one to {facts.get('grid', study)}, and plan it")
    told = {name: claim[name] for name in ("statement", "citation", "caveat")} | claim["measure"]
    parts = tuple(_statistic(part) for part in claim["parts"])
    if not (folder / "runs.parquet").exists():
        return Asked(study, facts["title"], **told, parts=parts, absent="planned, not run yet")
    tables = _tables(folder, claim["measure"], claim["arms"])
    return Asked(study, facts["title"], **told, parts=parts, tables=tables)


def _statistic(given: Mapping[str, Any]) -> Statistic[Any]:
    kind = STATISTICS.load(given["name"])
    return kind(kind.Config(**given))


def _tables(folder: Path, measure: Mapping[str, str], arms: Mapping[str, Selector]) -> dict[str, pl.DataFrame]:
    of_measure = read_parquet(folder / "scores.parquet").filter(
        pl.col("dataset") == measure["dataset"], pl.col("metric") == measure["metric"], pl.col("value").is_not_nan()
    )
    scored = read_runs(folder).join(
        of_measure.select("run_id", pl.col("value").alias(SCORE)), on="run_id", how="left", validate="1:1"
    )
    return {name: selected(scored, selector) for name, selector in arms.items()}


def _completed(row: Mapping[str, Any]) -> bool:
    return bool(row["status"] == Status.COMPLETED)


def _arm_run(row: Mapping[str, Any]) -> ArmRun:
    costs = {name: row[name] if (row[name] or 0) > 0 else None for name in ("train_flops", "train_hours")}
    return ArmRun(row[SCORE], **costs, machine=tuple(row[name] for name in MACHINE))


def _lacking(row: Mapping[str, Any], needs: Iterable[str]) -> str | None:
    """Why a run cannot be read, if so."""
    if not _completed(row):
        return f"{row['status']}: {row['reason']}" if row["reason"] else str(row["status"])
    run = _arm_run(row)
    missing = [need for need in needs if getattr(run, need) is None]
    return f"completed without {' and '.join(missing)}" if missing else None
