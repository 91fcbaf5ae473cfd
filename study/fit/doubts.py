"""Why there is no law, or why one is provisional: said in words, kept in the table."""

from __future__ import annotations

import polars as pl

from study.laws.law import Law

FEW_SETTINGS = 5  # below this, two parameters and a spread rest on two or fewer degrees of freedom


def no_law(used: pl.DataFrame, law: Law, least: int) -> str | None:
    """Why these points allow no law; none where they do."""
    for column in law.inputs:
        values = used[column].n_unique() if used.height else 0
        if values < least:
            plural = "value" if values == 1 else "values"
            return f"no law: {values} distinct {plural} of {column}, {least} are needed"
    if used["setting"].n_unique() <= len(law.parameters):
        return f"no law: {used['setting'].n_unique()} settings for {len(law.parameters)} parameters"
    return None


def doubts(runs: pl.DataFrame, used: pl.DataFrame) -> str | None:
    """Why the law may still change, by all runs of its group and those it was fitted to; none where it is firm."""
    unfinished = runs.filter(pl.col("status") != "completed").height
    unscored = runs.filter(pl.col("status") == "completed", pl.col("why") == "no score").height
    repeats = used.group_by("setting").len()
    single, settings = repeats.filter(pl.col("len") == 1).height, repeats.height
    found = [
        f"{unfinished} of {runs.height} runs did not complete" if unfinished else "",
        f"{unscored} of {runs.height} runs have no score" if unscored else "",
        f"{single} of {settings} settings have one seed" if single else "",
        f"only {settings} settings" if settings < FEW_SETTINGS else "",
    ]
    return "; ".join(filter(None, found)) or None
