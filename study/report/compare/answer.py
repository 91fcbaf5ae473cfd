"""What changed, in sentences: the short answer of the command line and of the page."""

from __future__ import annotations

import math
from collections.abc import Iterator

import polars as pl

from study.report import words
from study.report.compare.words import COSTS, NAMES, labelled, measure, points, size
from study.summary.changes import FLOPS, HIGHER, IDENTICAL, LOWER, ONE_SEED, SAME, VERDICTS, Changes
from study.summary.headline import Headline

OTHERWISE = {SAME: "not told apart", IDENTICAL: "identical run by run", ONE_SEED: "not known, of one seed"}
TOLD = 4  # facts that a sentence names


def answer(changes: Changes) -> list[str]:
    """Sentences in the order in which a reader asks; the first is the answer."""
    counted = flops(changes)
    return [*_scores(changes), *([counted] if counted else []), *_overall(changes), *_costs(changes),
            *_ignored(changes), *_runs(changes), *_winner(changes), *_laws(changes), *_provenance(changes)]  # fmt: skip


def _scores(changes: Changes) -> Iterator[str]:
    verdicts = changes.settings["verdict"].to_list()
    if not verdicts:
        told = "all their runs are the same" if changes.shared_runs else "none has a score of this measure in both"
        yield f"{words.plural(changes.matched, 'setting')} in both, and nothing to test: {told}."
        return
    counts = {verdict: verdicts.count(verdict) for verdict in VERDICTS}
    parts = [f"{counts[verdict]} {text}" for verdict, text in OTHERWISE.items() if counts[verdict]]
    told = f"beyond the spread {counts[HIGHER]} higher and {counts[LOWER]} lower in B"
    many = len(changes.measures) > 1
    what = f"{len(changes.measures)} data sets and metrics" if many else measure(changes.measures[0])
    noun = "comparison" if many else "setting"
    yield f"{what[0].upper()}{what[1:]}, {words.plural(len(verdicts), noun)} in both: {', '.join([told, *parts])}."


def _overall(changes: Changes) -> Iterator[str]:
    row = next(changes.overall.iter_rows(named=True), None)
    if row is None or row["verdict"] in (None, IDENTICAL):
        return
    verdict = "no more than chance" if row["verdict"] == SAME else row["verdict"]
    seen = f"; a move of {size(row['seen_from'])} points would have been told" if row["seen_from"] else ""
    where = measure(Headline(row["dataset"], row["metric"]))
    yield f"Over all {row['settings']} settings, {where} moved by {points(row)}: {verdict}{seen}."
    yield from _bounds(changes.of(changes.measures[0]).filter(pl.col("verdict") == SAME).drop_nulls("seen_from"))


def _bounds(alike: pl.DataFrame) -> Iterator[str]:
    """How far settings that are not told apart may be apart at most, and what would have been told."""
    if alike.height:
        bound = float(str(alike.select(pl.max_horizontal(pl.col("low", "high").abs()).max()).item()))
        seen = float(str(alike["seen_from"].median()))
        yield (
            f"Of the {words.plural(alike.height, 'setting')} not told apart there, none differs by more than "
            f"{size(bound)} points (90 %); a difference of {size(seen)} points would have been told in half of them."
        )


def flops(changes: Changes) -> str | None:
    """Which settings' FLOPs were counted otherwise, and what that means; none where all are alike."""
    apart = changes.recounted
    if not apart.height:
        return None
    ratios = sorted(apart[f"{FLOPS}_ratio"].to_list())
    ends = " to ".join(dict.fromkeys(_times(ratio) for ratio in (ratios[0], ratios[-1])))
    return (
        f"Training FLOPs were counted otherwise for {words.plural(apart.height, 'matched setting')}, in B {ends} times "
        f"those in A: {_why(changes)}."
    )


def _why(changes: Changes) -> str:
    """The same scores run by run are of the same model; what not both state may count, too."""
    scored = changes.of(changes.measures[0]).join(changes.recounted, on="setting_a", how="semi")
    if scored.height and set(scored["verdict"]) == {IDENTICAL}:
        return "their scores are identical, so it was the counter that changed, or the table of one is out of date"
    names = [words.column(name) for name in NAMES if name not in (*changes.matched_by, *changes.ignored)]
    unstated = f", or what not both state ({', '.join(names)})" if names else ""
    return f"the model or the counter changed{unstated}"


def _times(ratio: float) -> str:
    """A ratio with two digits of how far it is from 1."""
    return f"{ratio:.{max(2, 1 - math.floor(math.log10(abs(ratio - 1))))}f}".rstrip("0")


def _costs(changes: Changes) -> Iterator[str]:
    parts = []
    for row in changes.costs.filter(pl.col("cost") != FLOPS).iter_rows(named=True):
        ends = "" if row["low"] is None else f" ({words.ratio(row['low'])} to {words.ratio(row['high'])})"
        parts.append(f"{COSTS[row['cost']]} × {words.ratio(row['ratio'])}{ends}")
    if parts:
        yield f"Cost of a run in B over A: {', '.join(parts)}."


def _runs(changes: Changes) -> Iterator[str]:
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


def _ignored(changes: Changes) -> Iterator[str]:
    apart = changes.setting_costs["apart"].count()
    if apart:
        names = ", ".join(map(words.column, changes.ignored))
        told = "differ" if apart > 1 else "differs"
        yield f"{words.plural(apart, 'matched setting')} {told} in what was ignored ({names}), and may score so."


def _winner(changes: Changes) -> Iterator[str]:
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


def _laws(changes: Changes) -> Iterator[str]:
    groups = changes.laws.select("law", "selection", "dataset", "metric", "group").n_unique()
    if changes.laws.height:
        apart = changes.laws.filter(pl.col("apart")).select("law", "dataset", "metric", "group").n_unique()
        told = "none of them differs beyond both intervals" if not apart else f"{apart} differ beyond both intervals"
        yield f"{words.plural(groups, 'law')} fitted in both: {told}."


def _provenance(changes: Changes) -> Iterator[str]:
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
