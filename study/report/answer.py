"""The study's answer in sentences, each with the numbers it rests on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from study.report import words
from study.report.ranking import winners
from study.report.study import Study
from study.summary.settings import tied

UNENDED = {"planned", "running", "interrupted"}


def headline(study: Study) -> str:
    """The answer in a sentence, or why there is none yet; of strategies compared alike in one more, who leads when."""
    if not study.runs.height:
        return "This study has no runs yet."
    if not study.completed.height:
        return f"No run has completed yet: {counts(study.runs)}."
    if not study.settings.height:
        done = words.plural(study.completed.height, "run")
        name, dataset = words.metric(study.target.metric), study.target.dataset
        return f"{done} completed, but none has a score: {name} on {dataset or 'any set'}."
    best = study.settings.row(0, named=True)
    best_of_all = f"{_place(study)} is {described(study, best)}: {_score(study, best)}"
    by_equals = winners(study)
    return f"{best_of_all}. {by_equals}" if by_equals else f"{best_of_all}{_level(study)}."


def _level(study: Study) -> str:
    """How many others are not told apart from the best, where seeds show it."""
    level = _near_best(study).height
    return f"; {words.plural(level, 'other setting')} cannot be told from it" if level else ""


def _near_best(study: Study) -> pl.DataFrame:
    return study.settings.filter(tied(study.settings)).filter(pl.col("setting") != study.settings["setting"][0])


def _place(study: Study) -> str:
    """What the first setting is, of how many; so far, while there are runs to come."""
    so_far = " so far" if set(study.runs["status"]) & UNENDED else ""
    several = study.settings.height
    return f"The best of {several:,} settings{so_far}" if several > 1 else f"The only setting with a score{so_far}"


def counts(runs: pl.DataFrame) -> str:
    """How many runs have each status, in words."""
    found = runs["status"].value_counts().sort(["count", "status"], descending=[True, False])
    return ", ".join(f"{number} {str(status).replace('_', ' ')}" for status, number in found.iter_rows())


def described(study: Study, row: dict[str, Any]) -> str:
    """A setting in words, without what all settings share beside their data and length."""
    quality = f" ({row['quality']})" if row["quality"] else ""
    pairs = f" on {words.count(row['unique_pairs'])} pairs{quality}" if row["unique_pairs"] else quality
    seen = f" for {words.count(row['samples_seen'])} samples" if row["samples_seen"] else ""
    apart = row["other_settings"] and study.settings["other_settings"].n_unique() > 1
    other = f" with {row['other_settings']}" if apart else ""
    return f"{row['arch']}, trained with {row['strategy_label']}{pairs}{seen}{other}"


def _score(study: Study, row: dict[str, Any]) -> str:
    told = [words.interval(row["low"], row["high"]), _seeds(row), _chance(row)]
    name = words.metric(study.target.metric)
    found = f"{words.percent(row['score'])} {name} on {study.target.dataset} ({', '.join(filter(None, told))})"
    return f"{found}, at {_hours(study, row)} a run" if row["gpu_hours"] else found


def _chance(row: dict[str, Any]) -> str | None:
    """How many times chance a score is by its interval, where all of that is above chance; else what chance gives."""
    low, high, chance = row["low"], row["high"], row["chance"]
    if not chance:
        return None
    if low is None or low <= chance:
        return f"chance is {words.percent(chance)}"
    least, most = f"{low / chance:.0f}", f"{high / chance:.0f}"
    return f"{least} times chance" if least == most else f"{least} to {most} times chance"


def _seeds(row: dict[str, Any]) -> str:
    if row["n"] > 1:
        return f"{row['n']} seeds"
    return "one seed" if row["low"] is not None else "one seed, so without an interval"


def _hours(study: Study, row: dict[str, Any]) -> str:
    return f"{words.duration(row['gpu_hours'])} of {words.time_unit(study.runs)}"


def ties(study: Study) -> Iterator[str]:
    """Which other settings cannot be told from the best, or by how much it leads."""
    others = study.settings.slice(1)
    if not study.settings.height:
        return
    if not others.height:
        yield "No other setting has a score to compare with."
    elif not study.settings["high"].count():
        second = others.row(0, named=True)
        yield (
            f"Next is {described(study, second)}: {words.percent(second['score'])}. Every setting has one seed, so it "
            "is not known whether that is really less."
        )
    else:
        yield _near(study, others)


def _near(study: Study, others: pl.DataFrame) -> str:
    near = _near_best(study)
    if not near.height:
        second = others.row(0, named=True)
        told = ", ".join(filter(None, [words.interval(second["low"], second["high"]), _seeds(second)]))
        score = f"{words.percent(second['score'])} ({told})"
        return f"Next is {described(study, second)}: {score}, less by more than seeds differ."
    cheapest = near.filter(pl.col("gpu_hours") == pl.col("gpu_hours").min()).head(1)
    cost = "".join(
        f"; the cheapest of them, at {_hours(study, row)} a run, is {described(study, row)}"
        for row in cheapest.iter_rows(named=True)
    )
    return f"{words.plural(near.height, 'other setting')} cannot be told from it: their 90 % intervals meet{cost}."
