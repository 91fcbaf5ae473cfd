"""A study as the report sees it: its tables, its headline, its colours."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from study.ledger import Account, Ledger
from study.records import CROSSOVERS_COLUMNS, LAWS_COLUMNS, schema
from study.report.palette import Scales
from study.summary.compare import compare
from study.summary.equal import EQUAL
from study.summary.headline import PREFERRED, Headline, headline
from study.summary.opened import open_study
from study.summary.planned import left_out, no_plan, read_plan
from study.summary.relative import strategy_cost
from study.summary.settings import settings


@dataclass(frozen=True)
class Study:
    """The three tables and what the plan says of the study as a whole; ``facts`` may be empty.

    ``left_out`` are the runs of the grid that its limit leaves out.
    """

    name: str
    facts: dict[str, Any]
    runs: pl.DataFrame
    scores: pl.DataFrame
    laws: pl.DataFrame
    crossovers: pl.DataFrame
    target: Headline
    left_out: pl.DataFrame
    ledger: Ledger

    @cached_property
    def settings(self) -> pl.DataFrame:
        """A row a setting with a score on the headline metric, best first (see study.summary.settings)."""
        return settings(self.runs, self.scores, self.target)

    @property
    def baseline(self) -> str | None:
        """The strategy that others are compared with: the grid's, else the first run's; none without runs."""
        first = self.runs["strategy_label"].drop_nulls().head(1)
        return self.facts.get("baseline") or next(iter(first), None)

    @cached_property
    def compared(self) -> pl.DataFrame:
        """A row a strategy and group of settings that are otherwise equal (see study.summary.compare)."""
        return compare(self.settings, self.baseline)

    @cached_property
    def compared_by(self) -> list[str]:
        """What tells the groups of ``compared`` apart, beside what they hold equal."""
        return [name for name in EQUAL if self.compared[name].n_unique() > 1]

    @cached_property
    def strategy_cost(self) -> pl.DataFrame:
        """What each strategy compared costs, against the baseline (see study.summary.relative)."""
        return strategy_cost(self.compared, self.runs, self.baseline)

    @cached_property
    def scales(self) -> Scales:
        """Colours and markers."""
        return Scales.of(self.runs)

    @cached_property
    def completed(self) -> pl.DataFrame:
        """Runs that completed."""
        return self.runs.filter(pl.col("status") == "completed")

    @property
    def directions(self) -> list[str]:
        """The headline metric, and retrieval's other direction where that was measured on the same set."""
        pair = PREFERRED[:2]
        measured = self.scores.filter(pl.col("dataset") == self.target.dataset)["metric"].unique().to_list()
        both = self.target.metric in pair and set(pair) <= set(measured)
        return list(pair) if both else [self.target.metric]


def read_study(results: Path, name: str) -> Study:
    """Read a study's tables; laws that were not fitted, and crossovers not looked for, are empty tables.

    Raises StorageError when the study was not collected.
    """
    opened = open_study(results, name)
    folder, runs, scores = opened.tables, opened.runs(), opened.scores()
    laws, crossovers = opened.laws(), opened.crossovers()
    return Study(
        name=name,
        facts=opened.facts(),
        runs=runs,
        scores=scores,
        laws=pl.DataFrame(schema=schema(LAWS_COLUMNS)) if laws is None else laws,
        crossovers=pl.DataFrame(schema=schema(CROSSOVERS_COLUMNS)) if crossovers is None else crossovers,
        target=headline(folder, scores),
        left_out=left_out(read_plan(folder)) if (folder / "plan.parquet").exists() else no_plan(),
        ledger=Account(results, name).read(),
    )
