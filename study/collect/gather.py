"""The runs of a plan and their folders, gathered into ``runs.parquet`` and ``scores.parquet``."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from study.collect.folder import NO_SCORES, RunFolder, read_run
from study.collect.rows import run_row
from study.hardware import BUILT_IN, Site
from study.io import read_json, write_parquet
from study.ledger import Account, Ledger
from study.records import RUNS_COLUMNS, SCORES_COLUMNS, Status, schema
from study.summary.headline import evaluated_sets
from study.summary.planned import kept, read_plan
from study.summary.state import NOT_STARTED


@dataclass(frozen=True)
class Collected:
    """The two tables of a study: ``RUNS_COLUMNS`` and ``SCORES_COLUMNS`` of study.records."""

    runs: pl.DataFrame
    scores: pl.DataFrame

    @property
    def counts(self) -> dict[str, int]:
        """How many runs have each status, statuses in the order of ``Status``."""
        found = self.runs["status"].to_list()
        return {status.value: found.count(status.value) for status in Status if status.value in found}


def collect(results: Path, name: str) -> Collected:
    """Gather the study's runs and scores and write both tables beside its plan.

    Every planned run is a row, whatever became of it. Raises StorageError when there is no plan.
    """
    folder = results / name
    plan, site = kept(read_plan(folder)), _site(folder / "plan.json")
    ledger, sets = Account(results, name).read(), evaluated_sets(folder)
    read = [(row, _read(results, row["run_id"], sets, ledger)) for row in plan.iter_rows(named=True)]
    open_ones = {row["run_id"] for row, run in read if run.outcome is None or run.evaluation_note == NO_SCORES}
    refused = {key: why for key, why in ledger.refused.items() if key in open_ones}
    pairs = [(row, _kept_waiting(row, run, refused)) for row, run in read]
    collected = Collected(
        runs=_table([run_row(row, run, site) for row, run in pairs], RUNS_COLUMNS),
        scores=_table([row for planned, run in pairs for row in _scores(planned["run_id"], run)], SCORES_COLUMNS),
    )
    write_parquet(folder / "runs.parquet", collected.runs)
    write_parquet(folder / "scores.parquet", collected.scores)
    return collected


def _site(facts: Path) -> Site:
    """The devices and prices that the study was planned with."""
    return Site.of(read_json(facts)) if facts.exists() else BUILT_IN


def _read(results: Path, run_id: str | None, sets: list[str], ledger: Ledger) -> RunFolder:
    """A plan without its data is an estimate, whose runs have no id and no folder."""
    if run_id is None:
        return RunFolder(Status.PLANNED, NOT_STARTED)
    return read_run(results / "runs" / run_id, sets, run_id in ledger.under_way)


def _kept_waiting(planned: dict[str, Any], run: RunFolder, refused: dict[str, str]) -> RunFolder:
    """A run with the reason why the study's limit keeps it, or a trial of its, from starting or from being scored."""
    if planned["run_id"] in refused and run.outcome is not None:
        return replace(run, evaluation_note=f"kept from being scored by the limit: {refused[planned['run_id']]}")
    if run.status not in (Status.PLANNED, Status.INTERRUPTED):
        return run
    trials = [trial for trial in json.loads(planned["needs"] or "[]") if trial in refused]
    if planned["run_id"] in refused:
        return replace(run, reason=f"kept from starting by the study's limit: {refused[planned['run_id']]}")
    if trials:
        return replace(run, reason=f"waits for its trial {trials[0]}, which the study's limit keeps from starting")
    return run


def _scores(run_id: str, run: RunFolder) -> list[dict[str, Any]]:
    return [{"run_id": run_id, **score.model_dump()} for score in run.scores]


def _table(rows: list[dict[str, Any]], columns: dict[str, str]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=schema(columns))
