"""``lookup``: the options of a study within a budget, ranked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from study.errors import StorageError
from study.lookup.answer import Answer, Budget, Option
from study.lookup.predicted import predicted
from study.registry import unknown_name
from study.summary.headline import Headline, headline
from study.summary.opened import collected_studies, known_studies, open_study
from study.summary.runs import studied
from study.summary.settings import settings, tied


def lookup(
    study: str | None,
    budget: Budget,
    results: Path = Path("results"),
    dataset: str | None = None,
    metric: str | None = None,
    top: int = 10,
) -> Answer:
    """Rank what is known within ``budget``; ``study`` none = the only one there is.

    Raises UnknownNameError for an unknown study, data set or metric, StorageError where nothing was collected.
    """
    opened = open_study(results, _study(study, results))
    runs, scores = studied(opened.runs()), opened.scores()
    target = headline(opened.tables, scores, dataset, metric)
    table = settings(runs, scores, target)
    measured = tuple(_measured(table, budget, top))
    laws = opened.laws()
    return Answer(
        study=opened.name,
        dataset=target.dataset,
        metric=target.metric,
        budget=budget,
        chance=table["chance"][0] if table.height else None,
        measured=measured,
        predicted=tuple(predicted(laws, runs, target, budget)[:top]),
        notes=tuple(_notes(runs, table, laws, target, budget)),
    )


def _study(name: str | None, results: Path) -> str:
    """The one asked for; else the only one collected; where none was, the only one that the package brings."""
    known, own = known_studies(results), collected_studies(results)
    if name in known:
        return name
    if name is not None and own:
        raise unknown_name("study", name, known)
    if name is not None:
        brought = f"the package brings: {', '.join(known)}"
        raise StorageError(f"no study was collected in {results}; run snakemake, or: study collect {name}; {brought}")
    if len(own or known) > 1:
        raise StorageError(f"several studies in {results}; say --study with one of: {', '.join(own or known)}")
    return (own or known)[0]


def _measured(table: pl.DataFrame, budget: Budget, top: int) -> Iterator[Option]:
    within = table.filter(pl.col(budget.kind) <= budget.value)
    for rank, row in enumerate(within.with_columns(tied(within).alias("tied")).head(top).iter_rows(named=True), 1):
        yield _option(rank, row)


def _option(rank: int, row: dict[str, Any]) -> Option:
    return Option(
        rank=rank,
        evidence="measured",
        label=_label(row),
        score=row["score"],
        low=row["low"],
        high=row["high"],
        sd=row["sd"],
        n=row["n"],
        tied=rank > 1 and bool(row["tied"]),
        arch=row["arch"],
        family=row["family"],
        strategy=row["strategy_label"],
        quality=row["quality"],
        unique_pairs=row["unique_pairs"],
        samples_seen=row["samples_seen"],
        train_flops=row["train_flops"],
        gpu_hours=row["gpu_hours"],
        outside=1.0,
        note=row["other_settings"],
        runs=tuple(row["run_ids"]),
    )


def _label(row: dict[str, Any]) -> str:
    return " · ".join(str(row[part]) for part in ("arch", "strategy_label", "quality") if row[part] is not None)


def _notes(
    runs: pl.DataFrame, table: pl.DataFrame, laws: pl.DataFrame | None, target: Headline, budget: Budget
) -> Iterator[str]:
    missing = runs.filter(pl.col("status") != "completed").height
    if not table.height:
        yield f"no run has a score of {target.metric} on {target.dataset}"
    if missing:
        yield f"{missing} of {runs.height} runs did not complete: the answer may change"
    if unknown := table[budget.kind].null_count():
        yield f"{unknown} settings are left out, whose {budget.kind} is not known"
    if table.height and not table["high"].count():
        yield "every setting has one seed: how far seeds differ is not known, so ties cannot be told"
    least = table[budget.kind].min()
    if isinstance(least, int | float) and least > budget.value:
        yield f"the least that was measured is {least:.3g} {budget.kind}, {least / budget.value:.3g} times the budget"
    if laws is None:
        yield f"no laws yet; fit them with: study fit {runs['study'][0] if runs.height else 'NAME'}"
