"""The study's answer in sentences, each with the numbers it rests on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from study.report import words
from study.report.study import Study
from study.summary.settings import tied


def headline(study: Study) -> str:
    """The answer in a sentence, or why there is none yet."""
    if not study.runs.height:
        return "This study has no runs yet."
    if not study.completed.height:
        return f"No run has completed yet: {counts(study.runs)}."
    if not study.settings.height:
        done = words.plural(study.completed.height, "run")
        name, dataset = words.metric(study.target.metric), study.target.dataset
        return f"{done} completed, but none has a score: {name} on {dataset or 'any set'}."
    best = study.settings.row(0, named=True)
    return f"The best so far is {described(best)}: {_score(study, best)}."


def counts(runs: pl.DataFrame) -> str:
    """How many runs have each status, in words."""
    found = runs["status"].value_counts().sort(["count", "status"], descending=[True, False])
    return ", ".join(f"{number} {str(status).replace('_', ' ')}" for status, number in found.iter_rows())


def described(row: dict[str, Any]) -> str:
    """A setting in words."""
    quality = f" ({row['quality']})" if row["quality"] else ""
    pairs = f" on {words.count(row['unique_pairs'])} pairs{quality}" if row["unique_pairs"] else quality
    seen = f" for {words.count(row['samples_seen'])} samples" if row["samples_seen"] else ""
    other = f" with {row['other_settings']}" if row["other_settings"] else ""
    return f"{row['arch']}, trained with {row['strategy_label']}{pairs}{seen}{other}"


def _score(study: Study, row: dict[str, Any]) -> str:
    spread = f" ± {100 * row['sd']:.1f}" if row["sd"] is not None else ""
    seeds = "one seed" if row["n"] == 1 else f"{row['n']} seeds"
    chance = f", {row['score'] / row['chance']:.0f} times chance" if row["chance"] else ""
    cost = f", at {words.duration(row['gpu_hours'])} a run" if row["gpu_hours"] else ""
    name = words.metric(study.target.metric)
    return f"{words.percent(row['score'])}{spread} {name} on {study.target.dataset} ({seeds}{chance}){cost}"


def ties(study: Study) -> Iterator[str]:
    """Which other settings cannot be told from the best, or by how much it leads."""
    others = study.settings.slice(1)
    if not study.settings.height:
        return
    if not others.height:
        yield "No other setting has a score to compare with."
    elif not study.settings["high"].count():
        yield "Every setting has one seed, so it is not known whether the next best is really worse."
    else:
        yield _near(study, others)


def _near(study: Study, others: pl.DataFrame) -> str:
    near = others.filter(study.settings.select(tied(study.settings).alias("tied")).slice(1)["tied"])
    if not near.height:
        second = others.row(0, named=True)
        return f"Next is {described(second)}: {words.percent(second['score'])}, less by more than seeds differ."
    cheapest = near.filter(pl.col("gpu_hours") == pl.col("gpu_hours").min()).head(1)
    cost = "".join(
        f"; the cheapest, at {words.duration(row['gpu_hours'])} a run, is {described(row)}"
        for row in cheapest.iter_rows(named=True)
    )
    return f"{words.plural(near.height, 'other setting')} cannot be told from it: their 90 % intervals meet{cost}."
