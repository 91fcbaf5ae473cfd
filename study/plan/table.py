"""A plan as it lies on disk, for whoever runs it: run ids, resources, evaluation. No torch."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from study.config import Limit
from study.errors import PlanError
from study.io import read_json
from study.plan.resources import MINUTES_MARGIN
from study.summary.planned import kept, read_plan

if TYPE_CHECKING:
    import polars as pl


class StudyTable:
    """The plan of one study; files are read when they are first asked for."""

    def __init__(self, results: Path, name: str) -> None:
        self.folder, self.name = results / name, name

    @cached_property
    def grid_rows(self) -> pl.DataFrame:
        """A row a run of the grid, those that the limit leaves out included; raises StorageError without a plan."""
        return read_plan(self.folder)

    @cached_property
    def rows(self) -> pl.DataFrame:
        """A row a run: the columns ``PLAN_COLUMNS`` of study.records; raises StorageError without a plan."""
        return kept(self.grid_rows)

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What the plan says about the study as a whole: ``plan.json``."""
        facts: dict[str, Any] = read_json(self.folder / "plan.json")
        return facts

    @cached_property
    def limit(self) -> Limit | None:
        """The study's caps."""
        given = self.facts.get("limit")
        return Limit.model_validate(given) if given else None

    @property
    def run_ids(self) -> list[str]:
        """The study's runs in the order of the grid; empty for an estimate, whose runs have no id."""
        return [run_id for run_id in self.rows["run_id"].to_list() if run_id is not None]

    @property
    def evaluation_id(self) -> str:
        """Of what the runs are scored on."""
        return str(read_json(self.folder / "evaluation.json")["evaluation_id"])

    @cached_property
    def _by_id(self) -> dict[str, dict[str, Any]]:
        return {row["run_id"]: {**row, **_derived(row)} for row in self.rows.iter_rows(named=True)}

    def resource(self, run_id: str, name: str) -> Any:
        """What a run asks for: a column of its row, or device, processes, nodes, shard or evaluation_minutes.

        Raises PlanError for a run of another study.
        """
        return self.row(run_id)[name]

    def row(self, run_id: str) -> dict[str, Any]:
        """The row of a run; raises PlanError for a run of another study."""
        if run_id not in self._by_id:
            raise PlanError(f"run {run_id} is not in study {self.name}; plan it again")
        return self._by_id[run_id]

    def asks(self, name: str) -> Callable[[Any], Any]:
        """``resource`` as a function of Snakemake's wildcards."""

        def asked(wildcards: Any) -> Any:
            return self.resource(wildcards.run_id, name)

        return asked

    def needs(self, run_id: str) -> list[str]:
        """The runs that must have been scored before a run: the trials that choose its learning rate."""
        needed: list[str] = json.loads(self.resource(run_id, "needs") or "[]")
        return needed

    def scored_first(self, runs: Path) -> Callable[[Any], list[Path]]:
        """The files that say so, as a function of Snakemake's wildcards; ``runs`` is the folder of all runs."""

        def files(wildcards: Any) -> list[Path]:
            name = f"evaluations/{self.evaluation_id}.json"
            return [runs / needed / name for needed in self.needs(wildcards.run_id)]

        return files


def _derived(row: dict[str, Any]) -> dict[str, Any]:
    """Where a run trains, in how many processes, one a GPU, and the switch of ``study train`` that shards towers."""
    shard = "--shard" if row.get("sharded") else ""  # a plan from before it has no such column
    return {
        "device": "cuda" if row["gpus"] else "cpu",
        "processes": max(1, row["gpus"]),
        "nodes": row.get("nodes") or 1,
        "shard": shard,
        "evaluation_minutes": _evaluation_minutes(row),
    }


def _evaluation_minutes(row: dict[str, Any]) -> int | None:
    """Wall minutes to ask for where a run only has to be scored; none where none are predicted for the whole run."""
    whole: int | None = row["runtime_minutes"]
    hours, scoring = row["predicted_gpu_hours"], row["predicted_evaluation_hours"]
    if whole is None or not hours or scoring is None:
        return whole
    share: float = min(1.0, scoring / hours)
    return math.ceil(max(0, whole - MINUTES_MARGIN) * share) + MINUTES_MARGIN


def run_ids(results: Path, name: str) -> list[str]:
    """The runs of a study, in the order of its grid."""
    return StudyTable(results, name).run_ids
