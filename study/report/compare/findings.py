"""Sentences about runs, the best setting, laws and provenance of two studies compared."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from study.report import words
from study.report.compare.words import labelled
from study.summary.changes import Changes

TOLD = 4  # facts that a sentence names


def ignored(changes: Changes) -> Iterator[str]:
    """How many matched settings differ in a column that the user left out."""
    apart = changes.setting_costs["apart"].count()
    if apart:
        names = ", ".join(map(words.column, changes.ignored))
        told = "differ" if apart > 1 else "differs"
        yield f"{words.plural(apart, 'matched setting')} {told} in what was ignored ({names}), and may score so."


def runs(changes: Changes) -> Iterator[str]:
    """Runs that ended otherwise, are in both, were scored otherwise, or are in one alone."""
    for part, told, status in (
        (changes.broken, "completed in A and not in B", "status_b"),
        (changes.mended, "completed in B and not in A", "status_a"),
    ):
        if part.height:
            kinds = ", ".join(str(kind).replace("_", " ") for kind in part[status].unique().sort())
            yield f"{words.plural(part.height, 'run')} {told}: {kinds}."
    if changes.shared_runs:
        yield f"{words.plural(changes.shared_runs, 'run')} made once and in both studies: not tested."
    if changes.rescored.height:
        yield f"{words.plural(changes.rescored.height, 'score')} of those differ: they were evaluated again, otherwise."
    for side in "AB":
        only = changes.unmatched.filter(pl.col("study") == side)
        if only.height:
            yield f"{words.plural(only.height, 'setting')} of {side} without a match in the other study."


def winner(changes: Changes) -> Iterator[str]:
    """Whether the best of the settings that both have is the same."""
    rows = {row["study"]: row for row in changes.winners.iter_rows(named=True)}
    if len(rows) < 2:
        return
    first, second = rows["A"], rows["B"]
    names = dict(labelled(changes.winners, changes).select("study", "label").iter_rows())
    if first["setting"] == second["setting"]:
        yield f"The best of the settings that both have is the same: {names['A']}."
        return
    there = {True: "which its interval does not tell from the best", False: "behind the best by more than seeds differ"}
    told = "" if first["tied_there"] is None else f", {there[first['tied_there']]}"
    yield (
        f"The best of the settings that both have was {names['A']} in A and is {names['B']} in B, where the former is "
        f"at rank {first['rank_there']}{told}."
    )


def laws(changes: Changes) -> Iterator[str]:
    """How many laws both have, and whether they differ."""
    groups = changes.laws.select("law", "selection", "dataset", "metric", "group").n_unique()
    if changes.laws.height:
        apart = changes.laws.filter(pl.col("apart")).select("law", "dataset", "metric", "group").n_unique()
        told = "none of them differs beyond both intervals" if not apart else f"{apart} differ beyond both intervals"
        yield f"{words.plural(groups, 'law')} fitted in both: {told}."


def provenance(changes: Changes) -> Iterator[str]:
    """What differs in how they were made."""
    differs = changes.provenance.filter(pl.col("differs"), pl.col("kind") != "runs")
    if not differs.height:
        yield "Program, packages, machine and evaluation are the same, as far as both say."
        return
    told = [_moved(*row) for row in differs.select("kind", "fact", "a", "b").iter_rows()]
    more = f", and {len(told) - TOLD} more" if len(told) > TOLD else ""
    yield f"What differs in how they were made: {'; '.join(told[:TOLD])}{more}."


def _moved(kind: str, fact: str, one: str | None, other: str | None) -> str:
    return f"{fact if kind == 'package' else words.column(fact)} {_short(one)} → {_short(other)}"


def _short(value: str | None, most: int = 40) -> str:
    return words.MISSING if value is None else value if len(value) <= most else f"{value[: most - 1]}…"
